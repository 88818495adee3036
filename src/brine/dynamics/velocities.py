"""Velocities to start from."""

import numpy as np
from numpy.typing import NDArray

from brine.errors import InputError
from brine.units import BOLTZMANN, KINETIC


def maxwell_boltzmann(
    masses: NDArray[np.float64], temperature: float, *, rng: np.random.Generator
) -> NDArray[np.float64]:
    r"""Random velocities whose total momentum is zero and temperature exact.

    Each component is normal with variance :math:`k_B T / m`; then the centre of mass
    is brought to rest and the rest is scaled to `temperature` over 3N − 3 degrees of
    freedom.

    Parameters
    ----------
    masses : (n_atoms,) array, amu
    temperature : float, K
    rng : numpy.random.Generator

    Returns
    -------
    velocities : (n_atoms, 3) array, Å/fs

    Raises
    ------
    InputError
        A mass is not positive.
    """
    if not (np.isfinite(masses).all() and (masses > 0).all()):
        raise InputError(f"masses must be positive, got {masses.min()} amu.")
    spread = np.sqrt(BOLTZMANN * temperature / (KINETIC * masses))
    velocities = spread[:, None] * rng.normal(size=(len(masses), 3))
    if len(masses) < 2:
        return velocities
    velocities -= masses @ velocities / masses.sum()
    energy = 0.5 * KINETIC * float(masses @ np.square(velocities).sum(axis=1))
    wanted = 0.5 * (3 * len(masses) - 3) * BOLTZMANN * temperature
    return velocities * np.sqrt(wanted / energy) if energy > 0 else velocities
