"""Force fields whose answers are known, to prove dynamics and observables on."""

import numpy as np
from numpy.typing import NDArray

from brine.native import _native


def lennard_jones(
    epsilon: float, sigma: float, *, cutoff: float
) -> _native.LennardJonesField:
    r"""Lennard-Jones pairs that vanish smoothly at the cutoff.

    .. math:: u(r) = 4ε[(σ/r)^{12} - (σ/r)^6](1 - r²/c²)³

    Parameters
    ----------
    epsilon : float, eV
    sigma, cutoff : float, Å
    """
    return _native.LennardJonesField(epsilon, sigma, cutoff)


def harmonic(anchors: NDArray[np.float64], stiffness: float) -> _native.HarmonicField:
    r"""Every atom on a spring of its own: :math:`E = Σ_i ½ k |r_i - a_i|²`.

    Parameters
    ----------
    anchors : (n_atoms, 3) array, Å
    stiffness : float, eV/Å²
    """
    return _native.HarmonicField(np.ascontiguousarray(anchors, float), stiffness)


def ideal_gas(n_atoms: int) -> _native.HarmonicField:
    """Atoms that do not feel each other."""
    return _native.HarmonicField(np.zeros((n_atoms, 3)), 0.0)
