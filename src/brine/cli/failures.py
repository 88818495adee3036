"""What the command line says when something goes wrong."""

import errno
import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import ParamSpec, TypeVar

import typer

from brine.errors import BrineError

STOPPED = 130
REFUSED = 2
UNEXPECTED = 70
UNREAD = 141
"""Exit codes: Ctrl-C, an error with a remedy, an error nobody foresaw, and output that
nobody reads any more."""

P = ParamSpec("P")
R = TypeVar("R")


def answered(command: Callable[P, R]) -> Callable[P, R]:
    """`command`, answering every failure with one sentence and an exit code."""

    @functools.wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        signal.signal(signal.SIGTERM, _stop)
        try:
            return command(*args, **kwargs)
        except typer.Exit:
            raise
        except KeyboardInterrupt:
            _say("stopped; run again to continue.")
            code = STOPPED
        except BrokenPipeError:
            # Whoever reads has enough, such as `head`.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = UNREAD
        except BrineError as error:
            _say(str(error))
            code = REFUSED
        except Exception as error:
            code = _unforeseen(error, kwargs.get("out"))
        raise typer.Exit(code)

    return wrapper


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _unforeseen(error: Exception, out: object) -> int:
    if _is_full_disk(error):
        place = getattr(error, "filename", None) or out or Path.cwd()
        _say(f"no space is left on the disk of {place}; free some and run again.")
        return REFUSED
    if isinstance(error, OSError) and error.filename is not None:
        _say(f"{error.filename}: {error.strerror}.")
        return REFUSED
    # A step's failure carries its own sentence and the traceback of its process.
    sentence, details = f"{type(error).__name__}: {error}", traceback.format_exc()
    if len(error.args) == 2 and "Traceback" in str(error.args[1]):
        sentence, details = str(error.args[0]), str(error.args[1])
    folder = Path(out) if isinstance(out, str | Path) else Path.cwd()
    folder = folder if folder.is_dir() else Path.cwd()
    names = ("error.log", *(f"error-{number}.log" for number in range(2, 1000)))
    log = next((folder / n for n in names if not (folder / n).exists()), folder)
    try:
        log.write_text(details, encoding="utf-8")
        _say(f"{sentence}; this is a bug, its traceback is in {log}.")
    except OSError:
        _say(f"{sentence}; this is a bug.\n{details}")
    return UNEXPECTED


def _is_full_disk(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False


def _say(sentence: str) -> None:
    sys.stdout.flush()
    print(f"brine: {sentence}", file=sys.stderr, flush=True)
