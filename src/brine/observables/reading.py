"""Trajectories from files: brine's own, and whatever ASE or MDAnalysis can read.

- AMBER NetCDF with atomic numbers and masses (what brine writes) is read directly.
- With a topology, MDAnalysis reads the file (DCD, XTC, TRR, LAMMPS dumps, …).
- Everything else goes through ASE (extended XYZ, ``.traj``, XDATCAR, …).

Positions of other programs are taken as wrapped; for displacements they are unwrapped
image by image, which changes nothing where they were unwrapped already. Times come
from the file (``time`` or ``Time`` of an extended XYZ comment, in fs) or from
`interval_fs`; where neither knows they are NaN, and only dynamics is out of reach.
"""

import importlib
import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers
from numpy.typing import NDArray

from brine.dynamics.amber_netcdf import read_amber_netcdf, variable_names
from brine.errors import DataFileError, InputError, MissingPackageError, in_one_line
from brine.structures.files import read_frames
from brine.structures.trajectory import Trajectory

WITHOUT_ELEMENTS = (".dcd", ".xtc", ".trr", ".tng", ".mdcrd", ".binpos")
"""Formats that hold positions only"""
NETCDF = (".nc", ".ncdf", ".netcdf")


def read_trajectory(
    path: str | Path,
    topology: str | Path | None = None,
    *,
    interval_fs: float | None = None,
) -> Trajectory:
    """A trajectory from a file.

    Parameters
    ----------
    path : str or Path
    topology : str or Path or None
        What names the atoms, for formats that hold positions only; read by MDAnalysis.
    interval_fs : float or None
        Time between frames; overrides what the file says.

    Raises
    ------
    DataFileError
        The file is absent, damaged or empty, or its atoms change.
    InputError
        The format needs a topology, or `interval_fs` is not positive.
    MissingPackageError
        A topology is given and MDAnalysis is not installed.
    """
    path = Path(path)
    if interval_fs is not None and not 0 < interval_fs < np.inf:
        raise InputError(f"`interval_fs` must be positive, got {interval_fs}.")
    for file in (path, topology):
        if file is not None and not Path(file).is_file():
            raise DataFileError(f"{file} must be a file that exists.")
    if topology is not None:
        trajectory = _through_mdanalysis(path, Path(topology))
    elif path.suffix.lower() in WITHOUT_ELEMENTS:
        raise InputError(
            f"{path} holds positions only; give a `topology` that names the atoms."
        )
    elif path.suffix.lower() in NETCDF and _is_ours(path):
        trajectory = read_amber_netcdf(path)
    else:
        trajectory = _through_ase(path)
    if interval_fs is None:
        return trajectory
    times = np.arange(len(trajectory), dtype=np.float64) * interval_fs
    return replace(trajectory, times=times)


def trajectory_of(frames: Sequence[Atoms], *, source: str = "frames") -> Trajectory:
    """Frames in memory as a trajectory of wrapped positions.

    Parameters
    ----------
    frames : sequence of ase.Atoms
        The same atoms in the same order; boxes count where all three directions are
        periodic.
    source : str
        Named in errors.

    Raises
    ------
    DataFileError
        There are no frames, their atoms differ, or a position is not finite.
    """
    if not frames:
        raise DataFileError(f"{source} must hold at least one frame, got none.")
    numbers = frames[0].numbers
    for k, frame in enumerate(frames):
        if not np.array_equal(frame.numbers, numbers):
            raise DataFileError(
                f"{source} must hold the same atoms in every frame, but frame {k} "
                f"({frame.get_chemical_formula()}) differs from the first "
                f"({frames[0].get_chemical_formula()})."
            )
        if not np.isfinite(frame.positions).all():
            raise DataFileError(f"{source} has a position in frame {k} that is NaN.")
    return Trajectory(
        numbers=numbers.astype(np.int64),
        masses=frames[0].get_masses(),
        positions=np.array([frame.positions for frame in frames]),
        cells=np.array([f.cell.array * float(f.pbc.all()) for f in frames]),
        times=_times_of(frames),
        unwrapped=False,
    )


def _through_ase(path: Path) -> Trajectory:
    _check_lammps_elements(path)
    return trajectory_of(read_frames(path, what="trajectory"), source=str(path))


def _times_of(frames: Sequence[Atoms]) -> NDArray[np.float64]:
    for key in ("time_fs", "time", "Time"):
        if all(key in frame.info for frame in frames):
            try:
                return np.array([float(frame.info[key]) for frame in frames])
            except (TypeError, ValueError):
                continue
    return np.full(len(frames), np.nan)


def _check_lammps_elements(path: Path) -> None:
    """Refuse LAMMPS dumps without elements: ASE takes atom types for them."""
    if path.suffix.lower() not in (".lammpstrj", ".dump"):
        return
    with path.open(errors="replace") as file:
        for _, line in zip(range(12), file, strict=False):
            if line.startswith("ITEM: ATOMS") and "element" not in line.split():
                raise DataFileError(
                    f"{path} must have an `element` column, got {line[12:].strip()!r}; "
                    "write one, or give a `topology`."
                )


def _is_ours(path: Path) -> bool:
    """Whether a NetCDF file names atoms and masses."""
    names = variable_names(path)
    if "atom_types" not in names and "coordinates" in names:
        raise InputError(
            f"{path} holds positions only; give a `topology` that names the atoms."
        )
    return {"atom_types", "masses", "coordinates"} <= names


def _through_mdanalysis(path: Path, topology: Path) -> Trajectory:
    try:
        package: Any = importlib.import_module("MDAnalysis")
    except ImportError as error:
        raise MissingPackageError(
            "trajectories with a topology are read by MDAnalysis, which is not "
            'installed; `pip install "brine[analysis]"`.'
        ) from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            universe = package.Universe(str(topology), str(path))
            frames = [
                (frame.positions.astype(np.float64), _cell_of(frame), frame.time)
                for frame in universe.trajectory
            ]
            numbers = _numbers_of(universe, topology)
            masses = np.asarray(universe.atoms.masses, dtype=np.float64)
    except DataFileError:
        raise
    except Exception as error:
        raise DataFileError(
            f"{path} cannot be read with topology {topology}: {in_one_line(error)}."
        ) from error
    positions, cells, times = (np.array(column) for column in zip(*frames, strict=True))
    return Trajectory(
        numbers=numbers,
        masses=masses,
        positions=positions,
        cells=cells,
        times=times.astype(np.float64) * 1000,
        unwrapped=False,
    )


def _cell_of(frame: Any) -> NDArray[np.float64]:
    cell = frame.triclinic_dimensions
    return np.zeros((3, 3)) if cell is None else np.asarray(cell, dtype=np.float64)


def _numbers_of(universe: Any, topology: Path) -> NDArray[np.int64]:
    """Atomic numbers from the elements of a topology, or from its atom names."""
    if not hasattr(universe.atoms, "elements"):
        universe.guess_TopologyAttrs(to_guess=["elements"])
    symbols = [str(symbol).capitalize() for symbol in universe.atoms.elements]
    unknown = sorted({s for s in symbols if not atomic_numbers.get(s)})
    if unknown:
        raise DataFileError(
            f"{topology} must name the element of every atom, got {unknown}."
        )
    return np.array([atomic_numbers[symbol] for symbol in symbols], dtype=np.int64)
