"""What gives labels: the protocol of an oracle and the types it speaks in."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import InputError
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation


@dataclass(frozen=True)
class Labels:
    """What a level of theory says of one structure.

    Attributes
    ----------
    energy : float, eV
    forces : (n_atoms, 3) array, eV/Å
    stress : (3, 3) array, eV/Å³
        Cauchy stress, tension positive, no kinetic term.
    """

    energy: float
    forces: NDArray[np.float64]
    stress: NDArray[np.float64]


def check_periodic(atoms: Atoms, oracle: str) -> None:
    """Refuse a structure that is not periodic in three directions.

    Raises
    ------
    InputError
        It is not; there would be no stress.
    """
    if not (atoms.pbc.all() and atoms.cell.rank == 3):
        raise InputError(
            f"{oracle} must have a box periodic in three directions, got pbc "
            f"{atoms.pbc.tolist()} and cell {atoms.cell.array.tolist()}; put the "
            "molecules into a box."
        )


@dataclass(frozen=True)
class Conditions:
    """How an oracle's own molecular dynamics is run.

    Attributes
    ----------
    temperature : float, K
    duration : float, fs
        After equilibration; what the trajectory covers.
    pressure : float or None, bar
        None keeps the cell.
    equilibration : float, fs
        Run first and thrown away.
    timestep : float, fs
    interval : float, fs
        Between frames of the trajectory and lines of the log.
    friction : float, 1/ps
        Of Langevin dynamics; 0 leaves the temperature to velocity rescaling.
    bond_time_constant : float or None, fs
        Of a bath for the stretching of bonds beside velocity rescaling.
    seed : int
    """

    temperature: float
    duration: float
    pressure: float | None = None
    equilibration: float = 0.0
    timestep: float = 1.0
    interval: float = 50.0
    friction: float = 0.0
    bond_time_constant: float | None = 200.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        for name in ("temperature", "duration", "timestep", "interval"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"`{name}` must be positive, got {value}.")
        for name in ("equilibration", "friction"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0):
                raise InputError(f"`{name}` must not be negative, got {value}.")
        bath = self.bond_time_constant
        if bath is not None and not (np.isfinite(bath) and bath > 0):
            raise InputError(f"`bond_time_constant` must be positive, got {bath}.")
        if not self.timestep <= self.interval <= self.duration:
            raise InputError(
                f"`interval` must lie between the timestep ({self.timestep} fs) and "
                f"the duration ({self.duration} fs), got {self.interval}."
            )


@runtime_checkable
class Oracle(Protocol):
    """A level of theory that labels structures.

    `brine.testing.oracle.check_oracle` is the definition.
    """

    @property
    def fingerprint(self) -> str:
        """Everything that decides a label: model, cutoffs, tolerances, versions."""
        ...

    @property
    def cores(self) -> int:
        """Cores that one label keeps busy."""
        ...

    def label(self, atoms: Atoms) -> Labels:
        """Energy, forces and stress of `atoms`, wrapped or not, in any order.

        Raises
        ------
        UnconvergedError
            There is no label, for what is solved iteratively did not converge.
        """
        ...


@runtime_checkable
class DynamicOracle(Oracle, Protocol):
    """An oracle cheap enough to run its own molecular dynamics."""

    def simulate(
        self, atoms: Atoms, conditions: Conditions, *, report: Report = silent
    ) -> Simulation:
        """The oracle's own molecular dynamics, started from `atoms`."""
        ...
