"""Ctrl-C, noted between steps rather than in the middle of one."""

import signal
import threading
from types import FrameType, TracebackType


class Interruption:
    """While open, the first Ctrl-C sets `asked`; a second one interrupts at once.

    In a thread other than the main one Python delivers no signals, and nothing is
    changed.
    """

    def __init__(self) -> None:
        self.asked = False
        self._in_main = threading.current_thread() is threading.main_thread()

    def __enter__(self) -> "Interruption":
        if self._in_main:
            self._previous = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._in_main:
            signal.signal(signal.SIGINT, self._previous)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
