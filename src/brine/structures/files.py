"""Frames from any file that ASE reads."""

import warnings
from pathlib import Path

from ase import Atoms
from ase.io import read
from ase.io.formats import UnknownFileTypeError

from brine.errors import DataFileError, in_one_line


def read_frames(path: Path, *, index: int | str = ":", what: str) -> list[Atoms]:
    """The frames of a file.

    Parameters
    ----------
    path : Path
    index : int or str
        Which frames, as ASE understands it.
    what : str
        What the file should be, for the error: ``"structure"``.

    Raises
    ------
    DataFileError
        The file does not exist, is of no format that ASE knows, or is damaged.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = read(path, index=index)
    except FileNotFoundError:
        raise DataFileError(f"{path} does not exist; give a {what}.") from None
    except UnknownFileTypeError:
        raise DataFileError(
            f"{path} must be a {what} in a format that ASE knows, and is in none; "
            "extended XYZ (`.extxyz`) always is."
        ) from None
    except Exception as error:
        # ASE's readers raise anything from AssertionError to XYZError.
        raise DataFileError(
            f"{path} cannot be read as a {what}: {in_one_line(error)}."
        ) from error
    return frames if isinstance(frames, list) else [frames]
