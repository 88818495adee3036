"""Frames from any file that ASE reads."""

import warnings
from pathlib import Path

from ase import Atoms
from ase.io import read
from ase.io.formats import UnknownFileTypeError

from brine.errors import DataFileError, InputError, in_one_line
from brine.structures.neighbours import check_geometry


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
        The file does not exist, is empty, is of no format that ASE knows, or is
        damaged; positions are not finite, or a periodic cell has no volume.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frames = read(path, index=index)
    except FileNotFoundError:
        raise DataFileError(f"{path} does not exist; give a {what}.") from None
    except UnknownFileTypeError:
        if path.is_file() and not path.stat().st_size:
            raise DataFileError(f"{path} is empty; give a {what}.") from None
        raise DataFileError(
            f"{path} must be a {what} in a format that ASE knows, and is in none; "
            "extended XYZ (`.extxyz`) always is."
        ) from None
    except Exception as error:
        # ASE's readers raise anything from AssertionError to XYZError.
        raise DataFileError(
            f"{path} cannot be read as a {what}: {in_one_line(error)}."
        ) from error
    if not isinstance(frames, list):
        frames = [frames]
    for k, atoms in enumerate(frames):
        try:
            check_geometry(atoms.positions, atoms.cell.array, atoms.pbc)
        except InputError as error:
            frame = f", frame {k}" if len(frames) > 1 else ""
            raise DataFileError(f"{path}{frame}: {error}") from None
    return frames
