"""Small steps for the tests, importable by other processes."""

import errno
import os
import signal
import time

from brine.errors import InputError
from brine.workflow.step import Task


def count(task: Task) -> None:
    """Sum of the inputs, written with a trace of how often it was done."""
    with (task.folder.parents[2] / "calls.txt").open("a") as file:
        file.write(task.inputs["label"] + "\n")
    total = task.inputs["number"] + sum(
        int((folder / "total.txt").read_text()) for folder in task.needs.values()
    )
    (task.folder / "total.txt").write_text(str(total))


def slow(task: Task) -> None:
    """Ten stages, each kept on disk, continued where an attempt stopped."""
    stages = task.folder / "stages.txt"
    while not stages.exists() or len(stages.read_text().split()) < 10:
        with stages.open("a") as file:
            file.write(f"{os.getpid()}\n")
        task.report("stage", {"done": len(stages.read_text().split()) / 10})
        time.sleep(0.1)


def fail(task: Task) -> None:
    """An error raised on purpose."""
    raise InputError("the box must have a volume, got 0 Å³; give a density.")


def stumble(task: Task) -> None:
    """An error nobody foresaw."""
    raise ZeroDivisionError("division by zero")


def fill_disk(task: Task) -> None:
    """A full disk."""
    raise OSError(errno.ENOSPC, "No space left on device", str(task.folder))


def die(task: Task) -> None:
    """Killed from outside, as for want of memory."""
    os.kill(os.getpid(), signal.SIGKILL)


def half(task: Task) -> None:
    """Half a result, then an error; the second attempt finds an empty folder."""
    assert not list(task.folder.iterdir())
    (task.folder / "total.txt").write_text("1")
    raise InputError("stopped halfway")
