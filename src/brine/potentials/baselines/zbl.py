"""Screened nuclear repulsion, subtracted before every fit."""

import numpy as np
from ase.data import covalent_radii
from numpy.typing import NDArray

from brine.units import COULOMB

_AMPLITUDE = np.array([0.18175, 0.50986, 0.28022, 0.02817])
_DECAY = np.array([3.19980, 0.94229, 0.40290, 0.20162])


def zbl(
    distance: NDArray[np.float64], numbers: tuple[int, int], *, cutoff: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Energy and slope of two nuclei with the universal screening function.

    .. math::
        V(r) = \frac{z_1 z_2 e^2}{4πε_0 r} \sum_k A_k e^{-B_k r/a}
               \left(1 - r^2/R^2\right)^3, \quad
        a = \frac{0.46850\,Å}{z_1^{0.23} + z_2^{0.23}}

    Ziegler, Biersack, Littmark, *The Stopping and Range of Ions in Solids* (1985);
    the last factor takes it smoothly to zero at the cutoff R.

    Parameters
    ----------
    distance : (n,) array, Å
        Positive.
    numbers : tuple of int
        Atomic numbers of the pair.
    cutoff : float, Å

    Returns
    -------
    energy : (n,) array, eV
    slope : (n,) array, eV/Å
        dV/dr.
    """
    r = np.asarray(distance, dtype=np.float64)
    first, second = numbers
    screening = 0.46850 / (first**0.23 + second**0.23)
    terms = _AMPLITUDE * np.exp(-r[:, None] / screening * _DECAY)
    screen, screen_slope = terms.sum(1), -(terms @ _DECAY) / screening
    charge = COULOMB * first * second
    bare, bare_slope = (
        charge * screen / r,
        charge * (screen_slope / r - screen / r**2),
    )
    room = np.clip(1 - (r / cutoff) ** 2, 0, None)
    smooth, smooth_slope = room**3, -6 * r / cutoff**2 * room**2
    return bare * smooth, bare_slope * smooth + bare * smooth_slope


def zbl_cutoff(numbers: tuple[int, int], shortest: float) -> float:
    """Where the repulsion of a pair ends, Å: at the closest approach in the data.

    Not below 1.1 times the sum of covalent radii, so that a bond's inner wall feels
    it. A longer range would add forces of tens of eV/Å to every covalent bond for
    the fit to cancel.
    """
    bond = covalent_radii[numbers[0]] + covalent_radii[numbers[1]]
    return max(shortest, 1.1 * float(bond))
