"""Where a run writes its frames and its log: into a folder, or into memory."""

import csv
import errno
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import write as write_frames
from numpy.typing import NDArray

from brine.dynamics.amber_netcdf import (
    AmberNetCDFWriter,
    read_amber_netcdf,
    truncate_trajectory,
)
from brine.dynamics.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from brine.dynamics.engine import StartState
from brine.errors import DataFileError, OutputError, in_one_line
from brine.structures.trajectory import Trajectory

LOG_COLUMNS = (
    "step",
    "time_fs",
    "temperature_K",
    "pressure_bar",
    "potential_energy_eV",
    "kinetic_energy_eV",
    "conserved_energy_eV",
    "volume_A3",
    "density_g_per_mL",
)

Line = tuple[float, ...]
Log = Mapping[str, NDArray[np.float64]]


class Record(ABC):
    """What a run leaves behind.

    Attributes
    ----------
    checkpoint : Checkpoint or None
        The last one kept, from which a run goes on.
    """

    checkpoint: Checkpoint | None = None

    @abstractmethod
    def write(
        self, line: Line, positions: NDArray[np.float64], cell: NDArray[np.float64]
    ) -> None:
        """Add a line of the log (`LOG_COLUMNS`) and its frame."""

    @abstractmethod
    def sizes(self) -> tuple[int, int, int]:
        """Frames, bytes of the trajectory and bytes of the log, all handed over."""

    @abstractmethod
    def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint, where there is a place for it."""

    @abstractmethod
    def save_stop(self, frames: tuple[Atoms, ...], *, reason: str) -> None:
        """Keep the frames before a stop, where there is a place for them."""

    @abstractmethod
    def result(self) -> tuple[Trajectory, Log]:
        """Everything written so far."""

    @abstractmethod
    def close(self) -> None:
        """Let the files go."""


class MemoryRecord(Record):
    """Keeps frames in memory, in single precision as on disk."""

    def __init__(self, state: StartState) -> None:
        self._state = state
        self._lines: list[Line] = []
        self._positions: list[NDArray[np.float32]] = []
        self._cells: list[NDArray[np.float64]] = []

    def write(
        self, line: Line, positions: NDArray[np.float64], cell: NDArray[np.float64]
    ) -> None:
        """Add a line of the log and its frame."""
        self._lines.append(line)
        self._positions.append(positions.astype(np.float32))
        self._cells.append(cell)

    def sizes(self) -> tuple[int, int, int]:
        """Frames; there are no bytes."""
        return len(self._lines), 0, 0

    def save(self, checkpoint: Checkpoint) -> None:
        """Nothing: memory does not outlive the run."""

    def save_stop(self, frames: tuple[Atoms, ...], *, reason: str) -> None:
        """Nothing: the result carries the frames."""

    def close(self) -> None:
        """Nothing to let go."""

    def result(self) -> tuple[Trajectory, Log]:
        """Everything written so far."""
        log = _columns(self._lines)
        n_atoms = len(self._state.numbers)
        trajectory = Trajectory(
            numbers=self._state.numbers,
            masses=self._state.masses,
            positions=np.array(self._positions, float).reshape(-1, n_atoms, 3),
            cells=np.array(self._cells, float).reshape(-1, 3, 3),
            times=log["time_fs"],
            unwrapped=True,
        )
        return trajectory, log


class FolderRecord(Record):
    """Writes ``trajectory.nc``, ``log.csv`` and ``checkpoint.npz`` into a folder."""

    def __init__(self, folder: Path, state: StartState, *, run_hash: str) -> None:
        self.folder = folder
        with _full_disk_explained(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self.checkpoint = self._matching_checkpoint(run_hash)
        self._cut_back()
        with _full_disk_explained(folder):
            self._trajectory = AmberNetCDFWriter(
                self._path("trajectory.nc"),
                numbers=state.numbers,
                masses=state.masses,
                cell=state.cell,
            )
            new = self.checkpoint is None
            self._log = self._path("log.csv").open("w" if new else "a", newline="")
            if new:
                csv.writer(self._log).writerow(LOG_COLUMNS)

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _matching_checkpoint(self, run_hash: str) -> Checkpoint | None:
        path = self._path("checkpoint.npz")
        if not path.exists():
            return None
        found = read_checkpoint(path)
        if found.run_hash != run_hash:
            raise DataFileError(
                f"{self.folder} holds another run (other settings or another start); "
                "choose another folder, or delete this one."
            )
        for name, size in (
            ("trajectory.nc", found.trajectory_bytes),
            ("log.csv", found.log_bytes),
        ):
            if not self._path(name).exists() or self._path(name).stat().st_size < size:
                raise DataFileError(
                    f"{self._path(name)} is missing or shorter than at its checkpoint; "
                    f"delete {self.folder} to start the run again."
                )
        return found

    def _cut_back(self) -> None:
        """Drop what was written after the checkpoint, or everything without one."""
        trajectory, log = self._path("trajectory.nc"), self._path("log.csv")
        self._path("stopped-frames.extxyz").unlink(missing_ok=True)
        if self.checkpoint is None:
            trajectory.unlink(missing_ok=True)
            return
        truncate_trajectory(
            trajectory,
            n_frames=self.checkpoint.n_frames,
            n_bytes=self.checkpoint.trajectory_bytes,
        )
        with log.open("r+b") as file:
            file.truncate(self.checkpoint.log_bytes)

    def write(
        self, line: Line, positions: NDArray[np.float64], cell: NDArray[np.float64]
    ) -> None:
        """Add a line of the log and its frame."""
        with _full_disk_explained(self.folder):
            self._trajectory.append(line[1], positions, cell)
            csv.writer(self._log).writerow([int(line[0]), *map(repr, line[1:])])
            self._log.flush()

    def sizes(self) -> tuple[int, int, int]:
        """Frames, bytes of the trajectory and of the log, all handed over."""
        with _full_disk_explained(self.folder):
            self._trajectory.flush()
            self._log.flush()
        return (
            len(self._trajectory),
            self._path("trajectory.nc").stat().st_size,
            self._path("log.csv").stat().st_size,
        )

    def save(self, checkpoint: Checkpoint) -> None:
        """Replace the checkpoint."""
        with _full_disk_explained(self.folder):
            write_checkpoint(self._path("checkpoint.npz"), checkpoint)
        self.checkpoint = checkpoint

    def save_stop(self, frames: tuple[Atoms, ...], *, reason: str) -> None:
        """Write ``stopped-frames.extxyz``."""
        for frame in frames:
            frame.info["stopped"] = reason
        with _full_disk_explained(self.folder):
            write_frames(self._path("stopped-frames.extxyz"), list(frames))

    def result(self) -> tuple[Trajectory, Log]:
        """Everything written so far, read back."""
        self.sizes()
        trajectory = read_amber_netcdf(self._path("trajectory.nc"))
        return trajectory, read_log(self._path("log.csv"))

    def close(self) -> None:
        """Let the files go."""
        with _full_disk_explained(self.folder):
            try:
                self._trajectory.close()
            finally:
                self._log.close()


def read_log(path: Path) -> dict[str, NDArray[np.float64]]:
    """The columns of a run's ``log.csv``, unit in the name."""
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    return _columns([tuple(map(float, row)) for row in rows[1:]])


def _columns(lines: list[Line]) -> dict[str, NDArray[np.float64]]:
    table = np.array(lines, dtype=np.float64).reshape(-1, len(LOG_COLUMNS))
    return dict(zip(LOG_COLUMNS, table.T.copy(), strict=True))


@contextmanager
def _full_disk_explained(folder: Path) -> Iterator[None]:
    """Turn the errors of a disk into one sentence (netCDF4 raises RuntimeError)."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT)
        if full or "No space left" in str(error) or "quota" in str(error).lower():
            raise OutputError(
                f"the disk that holds {folder} is full; free some space and run "
                "again: the run goes on from its last checkpoint."
            ) from error
        if isinstance(error, OSError):
            problem = error.strerror or in_one_line(error)
            raise OutputError(f"{folder} cannot be written: {problem}.") from error
        raise
