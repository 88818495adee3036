"""Other programs as child processes that end with their parent."""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Final

from brine.errors import BrineError

SECONDS_BETWEEN_LOOKS: Final = 0.5
_SAYS_WHY: Final = re.compile(r"^\s*(?:\w+\.)*\w*(?:Error|Exception)\b.*\S")
_PR_SET_PDEATHSIG: Final = 1


@contextmanager
def workplace(prefix: str) -> Iterator[Path]:
    """A folder that stays only where something fails: errors speak of its logs."""
    folder = Path(mkdtemp(prefix=prefix))
    yield folder
    rmtree(folder)


def run_child(
    command: Sequence[str],
    folder: Path,
    *,
    name: str,
    log: Path,
    environment: Mapping[str, str],
    watch: Callable[[], None] = lambda: None,
) -> None:
    """Run `command` in `folder` until it ends, calling `watch` on the way.

    Its words go to the end of `log`.

    Raises
    ------
    BrineError
        It stopped with an error; the message says the last one in its log.
    """
    code = exit_code(command, folder, log=log, environment=environment, watch=watch)
    watch()
    if code:
        raise BrineError(
            f"{name} must end without an error, got {_ending(code)}; it says: "
            f"{_reason(log)}; all of it stands in {log}."
        )


def exit_code(
    command: Sequence[str],
    folder: Path,
    *,
    log: Path,
    environment: Mapping[str, str],
    watch: Callable[[], None] = lambda: None,
    time_limit: float = float("inf"),
) -> int:
    """What `command`, run in `folder` with its words added to `log`, ends with.

    It is killed with this process, on Linux even where this one is killed: two of them
    must not write into one folder.

    Parameters
    ----------
    command : sequence of str
    folder, log : Path
    environment : mapping of str to str
        What is added to this process's own.
    watch : callable
        Called about twice a second.
    time_limit : float, s

    Raises
    ------
    TimeoutError
        It did not end in time, and was killed.
    OSError
        It cannot be run.
    """
    end = time.monotonic() + time_limit
    with log.open("ab") as file:
        child = subprocess.Popen(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
            preexec_fn=_end_with_parent() if sys.platform == "linux" else None,
        )
    try:
        while True:
            left = end - time.monotonic()
            try:
                return child.wait(max(0.0, min(left, SECONDS_BETWEEN_LOOKS)))
            except subprocess.TimeoutExpired:
                if left <= 0:
                    raise TimeoutError from None
                watch()
    except BaseException:
        child.kill()
        child.wait()
        raise


def _end_with_parent() -> Callable[[], None]:
    library = ctypes.CDLL(None)

    def ask_for_signal() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    return ask_for_signal


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _reason(log: Path) -> str:
    """The last line that names an error, or simply the last."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    full = [line.strip() for line in lines if line.strip()]
    named = [line for line in full if _SAYS_WHY.match(line)]
    return (named or full or ["nothing"])[-1][:300]
