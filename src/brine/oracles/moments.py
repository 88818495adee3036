"""Initial magnetic moments of ions."""

from typing import Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

UNPAIRED: Final = {25: 5.0}
"""Unpaired electrons of an ion, by atomic number: Mn²⁺ is high-spin d⁵."""


def magnetic_moments(atoms: Atoms) -> NDArray[np.float64]:
    """(n_atoms,) unpaired electrons: as the structure says, or of common ions."""
    given = atoms.get_initial_magnetic_moments()
    if np.any(given):
        return np.asarray(given, dtype=np.float64)
    return np.array([UNPAIRED.get(int(number), 0.0) for number in atoms.numbers])
