r"""A cation and an anion that prefer another distance than their own.

.. math:: U_b = \sum 4ε \left[(sσ/r)^{12} - (sσ/r)^6 - (σ/r)^{12} + (σ/r)^6\right]

takes the pairs' Lennard-Jones energy away and puts one of s times its diameter there.
Shorter than one, and chlorides crowd into the cation's first shell; longer, and water
takes their place. Structures from both sides teach a potential what lies between.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from ase.data import atomic_numbers
from numpy.typing import NDArray

from brine.errors import InputError
from brine.oracles.aqueous_system import SWITCH, WATER, import_openmm
from brine.oracles.force_field import KILOCALORIE, SITES


@dataclass(frozen=True)
class Bias:
    """A scaled distance of two kinds of ions.

    Attributes
    ----------
    cation, anion : str
        Symbols.
    scale : float
        Of the Lennard-Jones diameter of the pair.
    """

    cation: str
    anion: str
    scale: float

    def __post_init__(self) -> None:
        """Refuse what is no distance."""
        if not 0.5 <= self.scale <= 1.5:
            raise InputError(f"`scale` must lie between 0.5 and 1.5, got {self.scale}.")

    def force(self, numbers: NDArray[np.int64], cutoff: float) -> Any:
        """OpenMM's force between the ions among atoms of these numbers.

        Raises
        ------
        InputError
            There is no such ion.
        """
        groups = [np.flatnonzero(numbers == atomic_numbers[s]) for s in self._symbols]
        for symbol, group in zip(self._symbols, groups, strict=True):
            if not group.size:
                raise InputError(f"a biased box must hold {symbol}, got none.")
        one, other = (SITES[atomic_numbers[symbol]] for symbol in self._symbols)
        force = import_openmm().CustomNonbondedForce(
            "4*eps*((b/r)^12-(b/r)^6-(a/r)^12+(a/r)^6)"
        )
        sigma = 0.05 * (one.sigma + other.sigma)
        epsilon = np.sqrt(one.epsilon * other.epsilon) * KILOCALORIE
        force.addGlobalParameter("eps", epsilon)
        force.addGlobalParameter("a", sigma)
        force.addGlobalParameter("b", self.scale * sigma)
        for _ in numbers:
            force.addParticle([])
        for oxygen in map(int, np.flatnonzero(numbers == WATER[0])):
            for i, j in ((0, 1), (0, 2), (1, 2)):  # OpenMM wants those of the waters
                force.addExclusion(oxygen + i, oxygen + j)
        force.addInteractionGroup(*(group.tolist() for group in groups))
        force.setNonbondedMethod(force.CutoffPeriodic)
        force.setCutoffDistance(cutoff / 10)
        force.setUseSwitchingFunction(True)
        force.setSwitchingDistance(SWITCH * cutoff / 10)
        return force

    @property
    def _symbols(self) -> tuple[str, str]:
        return self.cation, self.anion
