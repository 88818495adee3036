"""What every trained potential can do."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from numpy.typing import NDArray


@dataclass(frozen=True)
class Evaluation:
    """What a potential says of one structure.

    Attributes
    ----------
    energy : float, eV
    forces : (n_atoms, 3) array, eV/Å
    stress : (3, 3) array, eV/Å³
        Cauchy stress, tension positive; NaN without a periodic cell.
    """

    energy: float
    forces: NDArray[np.float64]
    stress: NDArray[np.float64]

    @classmethod
    def unknown(cls, n_atoms: int) -> "Evaluation":
        """NaN everywhere."""
        nan = np.nan
        return cls(nan, np.full((n_atoms, 3), nan), np.full((3, 3), nan))


@dataclass(frozen=True)
class Uncertainty:
    """Predictive standard deviations, calibrated where the potential was.

    Attributes
    ----------
    energy : float, eV
        Of the total energy.
    energies : (n_atoms,) array, eV
        Of each atom's energy.
    forces : (n_atoms, 3) array, eV/Å
    """

    energy: float
    energies: NDArray[np.float64]
    forces: NDArray[np.float64]


@runtime_checkable
class Potential(Protocol):
    """A trained potential: the face that dynamics and validation see."""

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers it was trained on, ascending."""
        ...

    def evaluate(self, atoms: Atoms) -> Evaluation:
        """Energy, forces and stress of `atoms`."""
        ...

    def uncertainty(self, atoms: Atoms) -> Uncertainty | None:
        """Predictive standard deviations, None where the family has none."""
        ...

    def calculator(self) -> Calculator:
        """An ASE calculator of it."""
        ...

    def save(self, path: Path) -> None:
        """Write one file that `brine.load` reads back."""
        ...
