"""The descriptor: what a centre's features are, and where each one stands."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from ase import Atoms
from numpy.typing import ArrayLike, NDArray

from brine.errors import UnknownElementError
from brine.native import _native
from brine.settings.potential import NativeSettings
from brine.structures.neighbours import check_geometry


@dataclass(frozen=True)
class Descriptor:
    """Two-body channels and power spectrum over a fixed set of elements.

    A centre's features are one constant, ``n_elements × n_two`` two-body channels and,
    for each l, the pairs α ≤ β of density channels α = (element, n). The features of a
    structure are those of its elements, one block of ``n_features`` after the other.
    """

    elements: tuple[int, ...]
    settings: NativeSettings

    @cached_property
    def shape(self) -> _native.DescriptorShape:
        """The sizes, as the C++ side wants them."""
        s = self.settings
        return _native.DescriptorShape(
            n_elements=len(self.elements),
            n_two=s.two_body_channels,
            n_three=self.n_three,
            l_max=s.angular_momentum,
            two_cutoff=s.two_body_cutoff_A,
            three_cutoff=s.three_body_cutoff_A,
            two_scale=s.two_body_scale_A,
            three_scale=s.three_body_scale_A,
        )

    @property
    def n_three(self) -> int:
        """Radial functions of the density of each element."""
        shared = min(max(20 // len(self.elements), 4), 16)
        return self.settings.three_body_channels or shared

    @property
    def n_features(self) -> int:
        """Features of one centre."""
        return self.shape.n_features

    @property
    def n_columns(self) -> int:
        """Features of a structure: those of every element."""
        return len(self.elements) * self.n_features

    def index(self, numbers: ArrayLike) -> NDArray[np.int32]:
        """Place of each atomic number among the elements.

        Raises
        ------
        UnknownElementError
            An element is not among them.
        """
        from ase.data import chemical_symbols

        numbers = np.asarray(numbers)
        known = np.array(self.elements)
        place = np.searchsorted(known, numbers).clip(max=len(known) - 1)
        strange = sorted({int(z) for z in numbers[known[place] != numbers]})
        if strange:
            names = ", ".join(chemical_symbols[z] for z in strange)
            trained = ", ".join(chemical_symbols[z] for z in self.elements)
            raise UnknownElementError(
                f"the potential knows {trained}, got {names}; "
                "train it on frames that hold every element."
            )
        return place.astype(np.int32)

    def arrays(
        self, atoms: Atoms
    ) -> tuple[
        NDArray[np.int32], NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]
    ]:
        """Element indices, positions, cell and periodicity of `atoms`, checked."""
        positions = np.ascontiguousarray(atoms.positions, dtype=np.float64)
        cell = np.ascontiguousarray(atoms.cell.array, dtype=np.float64)
        periodic = np.ascontiguousarray(atoms.pbc, dtype=np.bool_)
        check_geometry(positions, cell, periodic)
        return self.index(atoms.numbers), positions, cell, periodic

    def design_rows(self, atoms: Atoms) -> NDArray[np.float64]:
        """What a unit weight on each feature contributes to each label.

        Returns
        -------
        rows : (1 + 3 n_atoms + 6, n_columns) array
            Energy (eV); force components (eV/Å), atom by atom; volume times stress
            (eV) in the order xx yy zz yz xz xy.
        """
        return _native.design_rows(self.shape, *self.arrays(atoms))

    def atom_features(self, atoms: Atoms) -> NDArray[np.float64]:
        """(n_atoms, n_features) array: each atom's own features."""
        return _native.atom_features(self.shape, *self.arrays(atoms))

    def two_body_columns(self, centre: int, neighbour: int) -> slice:
        """Columns of the channels in which `neighbour` acts on `centre` (indices)."""
        start = centre * self.n_features + self.shape.two_start
        n_two = self.settings.two_body_channels
        return slice(start + neighbour * n_two, start + (neighbour + 1) * n_two)
