"""Running another program in a folder, for as long as it may take."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from brine.errors import MissingPackageError, UnconvergedError
from brine.processes import exit_code


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
        What is added to the caller's own.

    Raises
    ------
    MissingPackageError
        There is no such program.
    UnconvergedError
        It did not end in time.
    """
    output = folder / "printed.out"
    output.unlink(missing_ok=True)
    try:
        exit_code(
            command,
            folder,
            log=output,
            environment=environment or {},
            time_limit=time_limit,
        )
    except TimeoutError:
        raise UnconvergedError(
            f"{name} must finish a label within `time_limit`, and did not in "
            f"{time_limit:g} s; raise it, or give it more cores."
        ) from None
    except OSError as error:
        raise MissingPackageError(
            f"{name} must be runnable as `{' '.join(command)}`, got: {error.strerror}; "
            "correct the command."
        ) from None
    return output.read_text(encoding="utf-8", errors="replace")
