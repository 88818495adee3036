"""One run at a time in a folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from brine.errors import InputError


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold `folder` for this process; the system lets go when the process ends.

    Raises
    ------
    InputError
        Another process holds it, or it is no folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise InputError(
            f"{folder} must be a folder, and a file is in its place; choose another "
            "--out."
        ) from None
    with (folder / ".lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise InputError(
                f"another brine (process {holder}) is working in {folder}; wait "
                "for it, or choose another --out."
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            fcntl.flock(file, fcntl.LOCK_UN)
