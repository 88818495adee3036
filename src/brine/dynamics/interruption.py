"""Ctrl-C, noted between steps rather than in the middle of one."""

import signal
import threading
from types import FrameType, TracebackType
from typing import ClassVar


class Interruption:
    """While open, the first Ctrl-C sets `asked`; a second one interrupts at once.

    Python delivers signals to the main thread alone; what is open in another thread is
    asked when what is open in the main one is.
    """

    _innermost: ClassVar["Interruption | None"] = None
    """Of those open in the main thread."""

    def __init__(self) -> None:
        self._asked = False
        self._in_main = threading.current_thread() is threading.main_thread()
        self._outer = Interruption._innermost

    @property
    def asked(self) -> bool:
        """Whether whatever runs here should come to an end."""
        return self._asked or (self._outer is not None and self._outer.asked)

    def ask(self) -> None:
        """As Ctrl-C does."""
        self._asked = True

    def __enter__(self) -> "Interruption":
        if self._in_main:
            self._previous = signal.signal(signal.SIGINT, self._note)
            Interruption._innermost = self
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._in_main:
            signal.signal(signal.SIGINT, self._previous)
            Interruption._innermost = self._outer

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._asked:
            raise KeyboardInterrupt
        self.ask()
