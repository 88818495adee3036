"""Running another program in a folder, for as long as it may take."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from brine.errors import BrineError, MissingPackageError


def run_program(
    command: Sequence[str],
    folder: Path,
    *,
    name: str,
    time_limit: float,
    environment: Mapping[str, str] | None = None,
) -> str:
    """What `command`, run in `folder`, says on both of its outputs.

    Parameters
    ----------
    command : sequence of str
    folder : Path
    name : str
        Of the program, for errors.
    time_limit : float, s
    environment : mapping of str to str, optional
        The caller's own where absent.

    Raises
    ------
    MissingPackageError
        There is no such program.
    BrineError
        It did not end in time.
    """
    output = folder / "printed.out"
    try:
        with output.open("w") as file:
            subprocess.run(
                list(command),
                cwd=folder,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                check=False,
                timeout=time_limit,
            )
    except subprocess.TimeoutExpired:
        raise BrineError(
            f"{name} must finish a label within `time_limit`, and did not in "
            f"{time_limit:g} s; raise it, or give it more cores."
        ) from None
    except OSError as error:
        raise MissingPackageError(
            f"{name} must be runnable as `{' '.join(command)}`, got: {error.strerror}; "
            "correct the command."
        ) from None
    return output.read_text(encoding="utf-8", errors="replace")
