"""What a fit is told where no label reaches."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Demands:
    """Forces asked for in a structure that has no label.

    Attributes
    ----------
    atoms : Atoms
    directions : (n, n_atoms, 3) array
        What is asked for are the sums Σ d·F over all atoms, one for each direction d,
        which leads back to where there are labels.
    targets : (n,) array, eV/Å
        After the baseline is subtracted. Gradient descent asks for as much at least; a
        regression has no inequalities and asks for just that.
    ceilings : (n,) array, eV/Å
        The most that gradient descent leaves alone; infinite where more does no harm.
    margins : (n,) array, eV/Å
        The error that each may have.
    """

    atoms: Atoms
    directions: NDArray[np.float64]
    targets: NDArray[np.float64]
    ceilings: NDArray[np.float64]
    margins: NDArray[np.float64]
