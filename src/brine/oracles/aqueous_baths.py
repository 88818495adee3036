"""Heat baths of an aqueous box: of the whole kinetic energy, and of O–H stretching."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from brine.units import BOLTZMANN, KINETIC

Array = NDArray[np.float64]

TIME_CONSTANT: Final = 500.0
"""fs, of the stochastic velocity rescaling"""


@dataclass(frozen=True)
class Baths:
    """What keeps velocities, (n_atoms, 3) arrays in Å/fs, at a temperature.

    Attributes
    ----------
    temperature : float, K
    bond_time_constant : float or None, fs
        Of the stretching of bonds; None leaves it out.
    masses : (n_atoms,) array, amu
    oxygens : (n_waters,) array of int
        Their hydrogens are the next two atoms.
    rng : numpy.random.Generator
    """

    temperature: float
    bond_time_constant: float | None
    masses: Array
    oxygens: NDArray[np.int64]
    rng: np.random.Generator

    def thermal_velocities(self) -> Array:
        """A draw from Maxwell's distribution, without momentum."""
        scale = np.sqrt(BOLTZMANN * self.temperature / (KINETIC * self.masses))
        velocities = self.rng.normal(size=(len(self.masses), 3)) * scale[:, None]
        return self.without_drift(velocities)

    def without_drift(self, velocities: Array) -> Array:
        """`velocities` less that of the centre of mass."""
        momentum = self.masses @ velocities
        return np.asarray(velocities - momentum / self.masses.sum())

    def kinetic_energy(self, velocities: Array) -> float:
        """In eV."""
        return float(0.5 * KINETIC * (self.masses @ np.square(velocities)).sum())

    def applied(self, positions: Array, velocities: Array, elapsed: float) -> Array:
        """`velocities` after `elapsed` fs in the baths."""
        after = self._rescaled(self.without_drift(velocities), elapsed)
        if self.bond_time_constant is None or not len(self.oxygens):
            return after
        keep = float(np.exp(-elapsed / self.bond_time_constant))
        return self._with_warm_bonds(positions, after, keep)

    def _rescaled(self, velocities: Array, elapsed: float) -> Array:
        """Stochastic velocity rescaling."""
        freedom = 3 * len(velocities) - 3
        kinetic = self.kinetic_energy(velocities)
        share = 0.5 * BOLTZMANN * self.temperature / kinetic
        keep = np.exp(-elapsed / TIME_CONSTANT)
        one = self.rng.normal()
        rest = self.rng.chisquare(freedom - 1)
        factor2 = (
            keep
            + (1 - keep) * share * (one**2 + rest)
            + 2 * one * np.sqrt(keep * (1 - keep) * share)
        )
        return np.asarray(velocities * np.sqrt(factor2))

    def _with_warm_bonds(
        self, positions: Array, velocities: Array, keep: float
    ) -> Array:
        """An exact Ornstein–Uhlenbeck step of the stretching of every O–H bond.

        A share `keep` of the stretching velocity is left.

        Impulses along the bond leave the momentum of every molecule, and diffusion,
        alone; rescaling alone would leave harmonic bonds as they are for 100 ps.
        """
        velocities = velocities.copy()
        warmth = BOLTZMANN * self.temperature / KINETIC
        for step in (1, 2):
            oxygen, hydrogen = self.oxygens, self.oxygens + step
            inverse = 1 / self.masses[oxygen], 1 / self.masses[hydrogen]
            along = positions[hydrogen] - positions[oxygen]
            along /= np.linalg.norm(along, axis=1, keepdims=True)
            weight = inverse[0] + inverse[1]
            relative = velocities[hydrogen] - velocities[oxygen]
            before = np.einsum("nc,nc->n", along, relative)
            noise = self.rng.normal(size=len(before))
            after = keep * before + np.sqrt((1 - keep**2) * warmth * weight) * noise
            impulse = ((after - before) / weight)[:, None] * along
            velocities[oxygen] -= inverse[0][:, None] * impulse
            velocities[hydrogen] += inverse[1][:, None] * impulse
        return velocities
