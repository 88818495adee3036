"""How close atoms come in the data: below that, nothing is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brine.datasets import Dataset
from brine.potentials import Descriptor
from brine.structures import molecule_labels
from brine.structures.neighbours import neighbour_pairs


@dataclass(frozen=True, eq=False)
class ClosestApproach:
    """Shortest distance of each pair of elements.

    A pair that never comes within the cutoff stands at the cutoff.

    Attributes
    ----------
    of_atoms : (n_elements, n_elements) array, Å
    of_molecules : (n_elements, n_elements) array, Å
        Only atoms of different molecules count: two H of one water are closer than
        two of different waters ever come.
    """

    of_atoms: NDArray[np.float64]
    of_molecules: NDArray[np.float64]


def closest_approach(dataset: Dataset, descriptor: Descriptor) -> ClosestApproach:
    """The closest approach over all frames of `dataset`."""
    n_elements = len(descriptor.elements)
    cutoff = descriptor.settings.two_body_cutoff_A
    of_atoms = np.full((n_elements, n_elements), cutoff)
    of_molecules = of_atoms.copy()
    for atoms in dataset.frames():
        pairs = neighbour_pairs(atoms, cutoff)
        element, labels = descriptor.index(atoms.numbers), molecule_labels(atoms)
        places = element[pairs.centre], element[pairs.neighbour]
        apart = labels[pairs.centre] != labels[pairs.neighbour]
        np.minimum.at(of_atoms, places, pairs.distances)
        np.minimum.at(
            of_molecules, tuple(p[apart] for p in places), pairs.distances[apart]
        )
    return ClosestApproach(of_atoms, of_molecules)
