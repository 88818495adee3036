"""The neural readout: a network per element on a low-rank power spectrum."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.native import _native
from brine.potentials.descriptor import Descriptor
from brine.potentials.posterior import Posterior
from brine.potentials.tables import repulsion_tables


@dataclass(frozen=True)
class NetworkLayout:
    """Where each matrix of one element's network stands in its row of weights.

    For each l, two mixes U = Pᵀ A and V = Qᵀ A of the density's channels are multiplied
    and summed over m; these products, with body order 4 the rotational invariants of
    U V U too, and the two-body channels are read by two hidden layers::

        x = (Σ_m U_lm V_lm, Σ ⟨Y Y' Y''⟩ U V' U'', φ²)
        E = b₃ + w₃·s(b₂ + W₂ s(b₁ + W₁ x)),  s(x) = x (1 + x/√(1 + x²))/2

    Low-rank products of a density's channels: 10.1063/5.0022296 and
    10.1103/PhysRevB.104.104309.
    """

    n_l: int
    n_channels: int
    products: int
    n_products: int
    n_inputs: int
    hidden: int

    @classmethod
    def of(cls, descriptor: Descriptor) -> "NetworkLayout":
        """The layout that a descriptor's settings ask for."""
        settings, shape = descriptor.settings, _shape(descriptor)
        return cls(
            n_l=settings.angular_momentum + 1,
            n_channels=len(descriptor.elements) * descriptor.n_three,
            products=settings.products,
            n_products=shape.n_products(descriptor.shape),
            n_inputs=shape.n_inputs(descriptor.shape),
            hidden=settings.hidden,
        )

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the matrices, in order."""
        h = self.hidden
        return {
            "mixes": (self.n_l, self.n_channels, 2 * self.products),
            "w1": (self.n_inputs, h),
            "b1": (h,),
            "w2": (h, h),
            "b2": (h,),
            "w3": (h,),
            "b3": (1,),
        }

    @property
    def size(self) -> int:
        """Weights of one element."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    def views(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """The matrices in `weights`, (n_elements, size): views, elements first."""
        views, start = {}, 0
        for name, shape in self.shapes.items():
            end = start + int(np.prod(shape))
            views[name] = weights[:, start:end].reshape(len(weights), *shape)
            start = end
        return views


@dataclass(frozen=True, eq=False)
class NeuralReadout:
    """Energy of an atom = a network's, and what is known of its last layer.

    Attributes
    ----------
    weights : (n_elements, size) array
        Laid out as `NetworkLayout` says; b₃ holds the reference energy (eV).
    posterior : Posterior
        Of the last layer, (w₃, b₃) of one element after the other.
    """

    weights: NDArray[np.float64]
    posterior: Posterior

    def check(self, descriptor: Descriptor) -> None:
        """Raise ValueError unless the weights belong to `descriptor`."""
        size = NetworkLayout.of(descriptor).size
        if self.weights.shape != (len(descriptor.elements), size):
            raise ValueError(f"weights of shape {self.weights.shape}")

    def model(
        self, descriptor: Descriptor, shortest: NDArray[np.float64]
    ) -> _native.NeuralModel:
        """What the kernel evaluates; reference energies are kept in double."""
        weights = self.weights.copy()
        last = NetworkLayout.of(descriptor).views(weights)["b3"]
        bias = last[:, 0].copy()
        last[:] = 0.0
        return _model(descriptor, weights, bias, repulsion_tables(descriptor, shortest))

    def design_rows(self, descriptor: Descriptor, atoms: Atoms) -> NDArray[np.float64]:
        """What a unit weight in the last layer contributes to each label.

        Returns
        -------
        rows : (1 + 3 n_atoms + 6, n_elements · (hidden + 1)) array
            Energy, forces and volume times stress, as in `Descriptor.design_rows`.
        """
        layout = NetworkLayout.of(descriptor)
        trainer = self._trainer(descriptor, atoms)
        weights = self.weights.copy()
        last = layout.views(weights)
        last["w3"][:], last["b3"][:] = 0.0, 0.0
        counts = np.bincount(
            descriptor.index(atoms.numbers), minlength=len(descriptor.elements)
        )
        columns = []
        for z in range(len(descriptor.elements)):
            for unit in last["w3"][z : z + 1].T:
                unit[:] = 1.0
                energy, forces, virial = trainer.evaluate(weights, [0])
                unit[:] = 0.0
                strain = -(virial[0] + virial[0].T) / 2
                columns.append(np.concatenate([energy, forces.ravel(), strain[_VOIGT]]))
            constant = np.zeros(len(columns[0]))
            constant[0] = counts[z]
            columns.append(constant)
        return np.stack(columns, axis=1)

    def features(self, descriptor: Descriptor, atoms: Atoms) -> NDArray[np.float64]:
        """(n_atoms, hidden + 1) array: what the last layer multiplies."""
        layers = self._trainer(descriptor, atoms).layers(self.weights, [0])
        hidden = layers[:, -NetworkLayout.of(descriptor).hidden :]
        return np.concatenate([hidden, np.ones((len(atoms), 1))], axis=1)

    def atomic_energies(
        self, descriptor: Descriptor, atoms: Atoms
    ) -> NDArray[np.float64]:
        """(n_atoms,) array, eV, without ZBL."""
        last = NetworkLayout.of(descriptor).views(self.weights)
        weights = np.concatenate([last["w3"], last["b3"]], axis=1)
        element = descriptor.index(atoms.numbers)
        features = self.features(descriptor, atoms)
        return np.asarray(np.einsum("if,if->i", features, weights[element]))

    def _trainer(self, descriptor: Descriptor, atoms: Atoms) -> _native.NeuralTrainer:
        trainer = _native.NeuralTrainer(bare_network(descriptor, self.weights), 1)
        trainer.add_frame(*descriptor.arrays(atoms))
        return trainer


_VOIGT = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])


def bare_network(
    descriptor: Descriptor, weights: NDArray[np.float64]
) -> _native.NeuralModel:
    """What the kernel evaluates, without ZBL.

    Parameters
    ----------
    descriptor : Descriptor
    weights : (n_elements, size) array
    """
    n_elements = len(descriptor.elements)
    nothing = np.zeros((n_elements, n_elements, 1, 6))
    tables = _native.PairTables(0.3, 0.1, nothing, np.zeros((n_elements, n_elements)))
    return _model(descriptor, weights, np.zeros(n_elements), tables)


def _shape(descriptor: Descriptor) -> _native.NeuralShape:
    settings = descriptor.settings
    return _native.NeuralShape(
        products=settings.products,
        hidden=settings.hidden,
        body_order=settings.body_order,
    )


def _model(
    descriptor: Descriptor,
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    tables: _native.PairTables,
) -> _native.NeuralModel:
    return _native.NeuralModel(
        descriptor.shape,
        np.ascontiguousarray(bias),
        tables,
        _shape(descriptor),
        np.ascontiguousarray(weights),
    )
