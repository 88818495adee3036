"""Trajectories on disk: AMBER NetCDF, which MDAnalysis, ASE, VMD and OVITO open.

Coordinates are in Å and unwrapped: an atom that crosses a boundary goes on, and its
images follow the lattice of its own frame. When the cell changes, a displacement
must therefore be taken from wrapped positions. Isolated molecules have no cell, and
the file then no variables for one, as MDAnalysis expects (ASE's reader expects
them). Times are in ps, as the convention asks. Variables beyond the convention:
``atom_types`` (atomic numbers) and ``masses``.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

import netCDF4
import numpy as np
from ase.geometry import cell_to_cellpar, cellpar_to_cell
from numpy.typing import NDArray

from brine.errors import DataFileError
from brine.structures.trajectory import Trajectory

_FRAMES_FIELD = 4
"""Offset of the number of records in a NetCDF-3 file"""

_LIBRARY = threading.RLock()
"""Held in every call of the library, which serves one thread at a time"""


class AmberNetCDFWriter:
    """Appends frames to a trajectory; after `flush` they survive a kill.

    Parameters
    ----------
    path : Path
        Continued where it exists.
    numbers : (n_atoms,) array of int
    masses : (n_atoms,) array, amu
    cell : (3, 3) array, Å
        Of the first frame; without volume, the file holds no cells.
    """

    def __init__(
        self,
        path: Path,
        *,
        numbers: NDArray[np.int64],
        masses: NDArray[np.float64],
        cell: NDArray[np.float64],
    ) -> None:
        with _LIBRARY:
            if path.exists():
                self._file = netCDF4.Dataset(path, "a")
            else:
                self._file = netCDF4.Dataset(path, "w", format="NETCDF3_64BIT_OFFSET")
                _write_header(self._file, numbers, masses)
                if abs(np.linalg.det(cell)) > 0:
                    _write_cell_header(self._file)
            self._n_frames = len(self._file.dimensions["frame"])

    def __len__(self) -> int:
        return self._n_frames

    def append(
        self, time: float, positions: NDArray[np.float64], cell: NDArray[np.float64]
    ) -> None:
        """Write one frame.

        Parameters
        ----------
        time : float, fs
        positions : (n_atoms, 3) array, Å
        cell : (3, 3) array, Å
            In standard orientation.
        """
        k, variables = self._n_frames, self._file.variables
        with _LIBRARY:
            variables["time"][k] = time / 1000
            variables["coordinates"][k] = positions
            if "cell_lengths" in variables:
                parameters = cell_to_cellpar(cell)
                variables["cell_lengths"][k] = parameters[:3]
                variables["cell_angles"][k] = parameters[3:]
        self._n_frames += 1

    def flush(self) -> None:
        """Hand every frame to the operating system."""
        with _LIBRARY:
            self._file.sync()

    def close(self) -> None:
        """Finish the file."""
        with _LIBRARY:
            if self._file.isopen():
                self._file.close()

    def __enter__(self) -> "AmberNetCDFWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def truncate_trajectory(path: Path, *, n_frames: int, n_bytes: int) -> None:
    """Cut a trajectory back to what it was when it had that many frames and bytes."""
    with path.open("r+b") as file:
        file.seek(_FRAMES_FIELD)
        file.write(n_frames.to_bytes(4, "big"))
        file.truncate(n_bytes)
        file.flush()
        os.fsync(file.fileno())


def read_amber_netcdf(path: Path) -> Trajectory:
    """The trajectory that a run of brine wrote.

    Raises
    ------
    DataFileError
        The file cannot be read, or does not name its atoms and masses.
    """
    with _open_to_read(path) as file:
        variables = {name: v[:] for name, v in file.variables.items()}
        classic = file.data_model.startswith("NETCDF3")
    if classic:
        _check_size(path, variables)
    missing = {"atom_types", "masses", "coordinates"} - set(variables)
    if missing:
        raise DataFileError(
            f"{path} must hold the variables {sorted(missing)}, which brine writes; "
            "read other trajectories together with a topology."
        )
    n_frames = len(variables["time"])
    cells = np.zeros((n_frames, 3, 3))
    if "cell_lengths" in variables:
        parameters = np.hstack([variables["cell_lengths"], variables["cell_angles"]])
        for k in range(n_frames):
            cells[k] = cellpar_to_cell(parameters[k])
    return Trajectory(
        numbers=variables["atom_types"].astype(np.int64),
        masses=variables["masses"].astype(np.float64),
        positions=variables["coordinates"].astype(np.float64),
        cells=cells,
        times=variables["time"].astype(np.float64) * 1000,
        unwrapped=True,
    )


def variable_names(path: Path) -> frozenset[str]:
    """What a NetCDF file holds.

    Raises
    ------
    DataFileError
        The file cannot be read.
    """
    with _open_to_read(path) as file:
        return frozenset(file.variables)


@contextmanager
def _open_to_read(path: Path) -> Iterator[netCDF4.Dataset]:
    with _LIBRARY:
        try:
            with netCDF4.Dataset(path) as file:
                file.set_auto_mask(False)
                yield file
        except (OSError, RuntimeError) as error:
            raise DataFileError(f"{path} cannot be read as NetCDF: {error}.") from error


def _check_size(path: Path, variables: Mapping[str, NDArray[Any]]) -> None:
    """Refuse a classic file that ends before its last frame, which is read as zeros.

    Other files may be compressed, and their library notices.
    """
    if path.stat().st_size < sum(array.nbytes for array in variables.values()):
        raise DataFileError(
            f"{path} is truncated: it ends before the last of "
            f"{len(variables.get('time', ()))} frames; copy it again."
        )


def _write_header(
    file: netCDF4.Dataset, numbers: NDArray[np.int64], masses: NDArray[np.float64]
) -> None:
    file.Conventions = "AMBER"
    file.ConventionVersion = "1.0"
    file.program = "brine"
    file.programVersion = "1"
    for name, size in {"frame": None, "spatial": 3, "atom": len(numbers)}.items():
        file.createDimension(name, size)
    file.createVariable("spatial", "S1", ("spatial",))[:] = _letters("xyz")
    file.createVariable("atom_types", "i4", ("atom",))[:] = numbers
    weights = file.createVariable("masses", "f8", ("atom",))
    weights.units = "amu"
    weights[:] = masses
    file.createVariable("time", "f8", ("frame",)).units = "picosecond"
    positions = file.createVariable("coordinates", "f4", ("frame", "atom", "spatial"))
    positions.units = "angstrom"


def _write_cell_header(file: netCDF4.Dataset) -> None:
    for name, size in {"cell_spatial": 3, "cell_angular": 3, "label": 5}.items():
        file.createDimension(name, size)
    file.createVariable("cell_spatial", "S1", ("cell_spatial",))[:] = _letters("abc")
    angles = np.array([_letters(name) for name in ("alpha", "beta ", "gamma")])
    file.createVariable("cell_angular", "S1", ("cell_angular", "label"))[:] = angles
    lengths = file.createVariable("cell_lengths", "f8", ("frame", "cell_spatial"))
    lengths.units = "angstrom"
    file.createVariable("cell_angles", "f8", ("frame", "cell_angular")).units = "degree"


def _letters(word: str) -> NDArray[np.bytes_]:
    return np.array(list(word), "S1")
