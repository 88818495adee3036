"""A trainer of another package as a child process that ends with its parent."""

import ctypes
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from brine.errors import BrineError

SECONDS_BETWEEN_LOOKS: Final = 0.5
_SAYS_WHY: Final = re.compile(r"^\s*(?:\w+\.)*\w*(?:Error|Exception)\b.*\S")
_PR_SET_PDEATHSIG: Final = 1


def run_child(
    command: Sequence[str],
    folder: Path,
    *,
    name: str,
    log: Path,
    environment: Mapping[str, str],
    watch: Callable[[], None],
) -> None:
    """Run `command` in `folder` until it ends, calling `watch` on the way.

    Its words go to the end of `log`. It is killed with this process, on Linux even
    where this one is killed: two trainers must not write into one folder.

    Raises
    ------
    BrineError
        It stopped with an error; the message says the last one in its log.
    """
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
            try:
                code = child.wait(SECONDS_BETWEEN_LOOKS)
                break
            except subprocess.TimeoutExpired:
                watch()
    except BaseException:
        child.kill()
        child.wait()
        raise
    watch()
    if code:
        raise BrineError(
            f"{name} must end without an error, got {_ending(code)}; it says: "
            f"{_reason(log)}; all of it stands in {log}."
        )


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
