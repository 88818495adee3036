"""Parameters of SPC/Fw water and of ions beside it.

Water is SPC/Fw (Wu, Tepper, Voth 2006, 10.1063/1.2136877). Ions are Lennard-Jones
spheres with their whole charge: monovalent ones of Joung and Cheatham for SPC/E
(10.1021/jp8001614), divalent cations of Li, Roberts, Chakravorty and Merz for SPC/E,
compromise set (10.1021/ct400146w). Unlike atoms mix by Lorentz and Berthelot. Whole
charges pair up more than those in real solutions; what matters here is that the truth
of the model is known.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

KILOJOULE_PER_MOLE: Final = 1.0 / 96.48533212331
"""eV"""
KILOCALORIE: Final = 4.184
"""kJ"""

BOND_CONSTANT: Final = 1059.162
"""kcal/mol/Å², in ½ k (r − r₀)²"""
BOND_LENGTH: Final = 1.012
"""Å"""
ANGLE_CONSTANT: Final = 75.90
"""kcal/mol/rad², in ½ k (θ − θ₀)²"""
ANGLE: Final = 113.24
"""degrees"""


@dataclass(frozen=True)
class Site:
    """An atom of the force field.

    Attributes
    ----------
    charge : float, e
    sigma : float, Å
    epsilon : float, kcal/mol
    mass : float, amu
    """

    charge: float
    sigma: float
    epsilon: float
    mass: float


def _ion(charge: float, half_minimum: float, epsilon: float, mass: float) -> Site:
    """An ion of the published Rmin/2 (Å) and ε (kcal/mol)."""
    return Site(charge, 2 ** (5 / 6) * half_minimum, epsilon, mass)


SITES: Final = {
    8: Site(-0.82, 3.165492, 0.1554253, 15.999),
    1: Site(0.41, 1.0, 0.0, 1.008),
    3: _ion(1.0, 0.791, 0.3367344, 6.94),
    11: _ion(1.0, 1.212, 0.3526418, 22.990),
    19: _ion(1.0, 1.593, 0.4297054, 39.098),
    37: _ion(1.0, 1.737, 0.4451036, 85.468),
    55: _ion(1.0, 2.021, 0.0898565, 132.905),
    9: _ion(-1.0, 2.257, 0.0074005, 18.998),
    17: _ion(-1.0, 2.711, 0.0127850, 35.45),
    35: _ion(-1.0, 2.751, 0.0269586, 79.904),
    53: _ion(-1.0, 2.919, 0.0427845, 126.904),
    12: _ion(2.0, 1.360, 0.01020237, 24.305),
    20: _ion(2.0, 1.635, 0.09788018, 40.078),
    38: _ion(2.0, 1.794, 0.20826406, 87.62),
    56: _ion(2.0, 1.980, 0.37126402, 137.327),
    25: _ion(2.0, 1.406, 0.01669760, 54.938),
    30: _ion(2.0, 1.276, 0.00354287, 65.38),
}
"""By atomic number; oxygen and hydrogen are water's."""


@dataclass(frozen=True)
class Sites:
    """Parameters of every atom of a box, (n_atoms,) arrays in the units of `Site`."""

    charges: NDArray[np.float64]
    sigmas: NDArray[np.float64]
    epsilons: NDArray[np.float64]
    masses: NDArray[np.float64]

    @classmethod
    def of(cls, numbers: NDArray[np.int64]) -> "Sites":
        """Of atoms with these atomic numbers, all of which must be in `SITES`."""
        sites = [SITES[int(number)] for number in numbers]
        return cls(
            np.array([site.charge for site in sites]),
            np.array([site.sigma for site in sites]),
            np.array([site.epsilon for site in sites]),
            np.array([site.mass for site in sites]),
        )
