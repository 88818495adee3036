"""ZBL alone, as the force field evaluates it."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.native import _native
from brine.potentials import Descriptor
from brine.potentials.tables import linear_model


class NuclearRepulsion:
    """ZBL of every pair, ending at `reach`, (n_elements, n_elements) in Å."""

    def __init__(self, descriptor: Descriptor, reach: NDArray[np.float64]) -> None:
        nothing = np.zeros((len(descriptor.elements), descriptor.n_features))
        self._descriptor = descriptor
        self._model = linear_model(descriptor, nothing, reach)

    def compute(
        self, atoms: Atoms
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Energy (eV), forces (n_atoms, 3) in eV/Å and virial (3, 3) in eV."""
        element, positions, cell, periodic = self._descriptor.arrays(atoms)
        field = _native.NativeForceField(self._model, element, len(element), 0.0, 1)
        return field.compute(positions, cell, periodic)

    def forces(self, atoms: Atoms) -> NDArray[np.float64]:
        """(n_atoms, 3) array, eV/Å."""
        return self.compute(atoms)[1]
