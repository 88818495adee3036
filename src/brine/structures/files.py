"""Frames from any file that ASE reads."""

import warnings
from itertools import islice
from pathlib import Path

from ase import Atoms
from ase.io import read, write
from ase.io.formats import UnknownFileTypeError, filetype, ioformats

from brine.errors import DataFileError, InputError, OutputError, in_one_line
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
    except Exception as error:
        # ASE's readers raise anything from AssertionError to XYZError.
        if path.is_file() and not path.stat().st_size:
            raise DataFileError(f"{path} is empty; give a {what}.") from None
        raise DataFileError(
            f"{path}, given as a {what}, {why_unreadable(path, error)}"
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


def write_structure(path: Path, atoms: Atoms) -> None:
    """Write `atoms` in the format that the file's name says.

    Raises
    ------
    OutputError
        The file exists, cannot be written, or its name means no format of ASE's.
    """
    if path.exists():
        raise OutputError(f"{path} exists and is not overwritten; give another path.")
    try:
        known = ioformats.get(filetype(path.name, read=False))
    except UnknownFileTypeError:
        known = None
    if known is None or not known.can_read:
        raise OutputError(
            f"{path} must be named for a format that ASE writes and reads, such as "
            ".extxyz, .cif or .pdb."
        )
    try:
        write(path, atoms)
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}; give another path."
        ) from error


def why_unreadable(path: Path, error: Exception) -> str:
    """What ASE's `error` on reading a file means, as the end of a sentence."""
    if isinstance(error, UnknownFileTypeError):
        return "is in no format that ASE knows; extended XYZ (`.extxyz`) always is one."
    place = _first_broken_frame(path)
    if isinstance(error, KeyError):
        return f"cannot be read{place}: {error} is no chemical element or column."
    return f"cannot be read{place}: {in_one_line(error)}."


def _first_broken_frame(path: Path) -> str:
    """Where an XYZ file stops making sense, as words; empty for other formats."""
    if path.suffix not in (".xyz", ".extxyz"):
        return ""
    with path.open(errors="replace") as lines:
        for frame in range(10**9):
            head = lines.readline()
            if not head.strip():
                return ""
            if not head.strip().isdigit():
                return f" at frame {frame} (a count of atoms must stand here)"
            n_atoms = int(head)
            body = list(islice(lines, n_atoms + 1))
            columns = {len(line.split()) for line in body[1:]}
            if len(body) < n_atoms + 1 or len(columns) > 1:
                return (
                    f" at frame {frame}, which is truncated or damaged "
                    f"({max(len(body) - 1, 0)} of {n_atoms} atom lines found); "
                    "remove that frame or copy the file again"
                )
    return ""
