"""What a molecular-dynamics run leaves, whoever ran it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.structures.trajectory import Trajectory


@dataclass(frozen=True)
class Stop:
    """Why a run ended before its last step.

    Attributes
    ----------
    reason : str
        One sentence with the value that was found and the limit it broke.
    step : int
        The step at which it was found.
    frames : tuple of ase.Atoms
        The last states up to that step, oldest first, momenta included;
        ``frame.info["step"]`` says which.
    """

    reason: str
    step: int
    frames: tuple[Atoms, ...] = ()


@dataclass(frozen=True)
class Simulation:
    """Molecular dynamics that has been run.

    Attributes
    ----------
    trajectory : Trajectory
    log : mapping of str to (n_lines,) array
        Columns, unit in the name: ``step``, ``time_fs``, ``temperature_K``,
        ``pressure_bar``, ``potential_energy_eV``, ``kinetic_energy_eV``,
        ``conserved_energy_eV``, ``volume_A3`` and ``density_g_per_mL``. What an
        engine cannot give is NaN.
    stopped : Stop or None
        None when the run reached its last step.
    ns_per_day : float
        Speed of the steps done in this process; NaN where none was.
    final : ase.Atoms or None
        The last state in full precision, with its momenta: what another run goes on
        from. None where an engine cannot give it.
    """

    trajectory: Trajectory
    log: Mapping[str, NDArray[np.float64]]
    stopped: Stop | None
    ns_per_day: float
    final: Atoms | None = None
