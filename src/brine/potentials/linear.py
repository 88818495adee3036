"""The linear readout: features enter the energy as they are."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.native import _native
from brine.potentials.descriptor import Descriptor
from brine.potentials.posterior import Posterior
from brine.potentials.tables import linear_model


@dataclass(frozen=True, eq=False)
class LinearReadout:
    """Energy of an atom = w_z·φ.

    Attributes
    ----------
    weights : (n_elements, n_features) array, eV
    posterior : Posterior
        Of all weights, element after element.
    """

    weights: NDArray[np.float64]
    posterior: Posterior

    def check(self, descriptor: Descriptor) -> None:
        """Raise ValueError unless the weights belong to `descriptor`."""
        if self.weights.shape != (len(descriptor.elements), descriptor.n_features):
            raise ValueError(f"weights of shape {self.weights.shape}")

    def model(
        self, descriptor: Descriptor, shortest: NDArray[np.float64]
    ) -> _native.LinearModel:
        """What the kernel evaluates."""
        return linear_model(descriptor, self.weights, shortest)

    def design_rows(self, descriptor: Descriptor, atoms: Atoms) -> NDArray[np.float64]:
        """(1 + 3 n_atoms + 6, n_columns) array: `Descriptor.design_rows`."""
        return descriptor.design_rows(atoms)

    def features(self, descriptor: Descriptor, atoms: Atoms) -> NDArray[np.float64]:
        """(n_atoms, n_features) array: what the weights multiply."""
        return descriptor.atom_features(atoms)

    def atomic_energies(
        self, descriptor: Descriptor, atoms: Atoms
    ) -> NDArray[np.float64]:
        """(n_atoms,) array, eV, without ZBL."""
        element = descriptor.index(atoms.numbers)
        features = self.features(descriptor, atoms)
        return np.asarray(np.einsum("if,if->i", features, self.weights[element]))
