"""Checkpoints: everything that a run needs to go on as if nothing had happened."""

import hashlib
import json
import os
import zipfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from brine.dynamics.engine import StartState
from brine.dynamics.ensembles import ensemble_ramp
from brine.dynamics.settings import MDSettings
from brine.errors import DataFileError


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after one of its steps.

    Attributes
    ----------
    run_hash : str
        Of the settings and the start: a checkpoint of another run is refused.
    step : int
    positions : (n_atoms, 3) array, Å
    velocities : (n_atoms, 3) array, Å/fs
    cell : (3, 3) array, Å
    bath : float, eV
        Energy received from thermostat and barostat.
    earlier_temperature : float, K
        Against which the guard on jumps compares.
    random_state : str
    broken_since : float, fs
        Since when water has looked broken; NaN where it is intact.
    n_frames, trajectory_bytes, log_bytes : int
        What the files held at this step.
    """

    run_hash: str
    step: int
    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    cell: NDArray[np.float64]
    bath: float
    earlier_temperature: float
    random_state: str
    broken_since: float
    n_frames: int
    trajectory_bytes: int
    log_bytes: int


def run_hash(state: StartState, settings: MDSettings) -> str:
    """SHA-256 over all that decides where a run goes, as hexadecimal digits.

    Guards are left out, and without a ramp so is the number of steps: a run may be
    extended, or go on with other guards.
    """
    chosen = asdict(settings)
    chosen["ensemble"]["kind"] = type(settings.ensemble).__name__
    del chosen["guards"], chosen["masses"]
    ramp = ensemble_ramp(settings.ensemble)
    if ramp is None or ramp.start == ramp.end:
        del chosen["n_steps"]
    digest = hashlib.sha256(json.dumps(chosen, sort_keys=True).encode())
    for field in fields(state):
        digest.update(np.ascontiguousarray(getattr(state, field.name)).tobytes())
    return digest.hexdigest()


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` so that a kill leaves the old one or the new one."""
    arrays = {
        f.name: np.asarray(getattr(checkpoint, f.name)) for f in fields(Checkpoint)
    }
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint that `write_checkpoint` left.

    Raises
    ------
    DataFileError
        The file is damaged.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            values = {name: arrays[name] for name in arrays.files}
        values |= {k: v.item() for k, v in values.items() if v.ndim == 0}
        return Checkpoint(**values)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise DataFileError(
            f"{path} must be a checkpoint of a run, got {error}; "
            "delete it to start the run again."
        ) from error
