"""Which atoms form a molecule, and whether the waters are still waters.

A hydrogen belongs to its nearest non-metal atom, within 1.29 times the sum of the
covalent radii (1.25 Å for O–H); other pairs of non-metals are bonded within 1.15
times that sum (2.3 Å for Cl–Cl, which free chlorides do not reach); metals are never
bonded. The nearest-atom rule keeps molecules apart in boxes that were shrunk until
hydrogen bonds are as short as bonds.
"""

from typing import Final

import numpy as np
from ase import Atoms
from ase.data import covalent_radii
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from brine.structures.neighbours import NeighbourPairs, neighbour_pairs

HYDROGEN_FACTOR: Final = 1.29
"""Longest bond of a hydrogen over the sum of covalent radii: 1.25 Å for O–H."""
HEAVY_FACTOR: Final = 1.15
"""The same for bonds between two other atoms."""
LONGEST_OH: Final = 1.25
"""Å"""
CLOSEST_OO: Final = 2.2
"""Å"""
NON_METALS: Final = np.array([1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 34, 35, 53])
"""Atomic numbers that form covalent bonds here."""


def molecule_labels(atoms: Atoms) -> NDArray[np.int64]:
    """Index of the molecule that each atom belongs to.

    Parameters
    ----------
    atoms : ase.Atoms
        Wrapped or not, in any order.

    Returns
    -------
    labels : (n_atoms,) array of int
        Numbered by the first atom of each molecule.
    """
    return _labels(len(atoms), bonded_pairs(atoms))


def whole_molecules(atoms: Atoms) -> Atoms:
    """A copy in which no molecule is cut by the periodic boundary.

    The first atom of each molecule stays; the others move by lattice vectors.
    A chain that is bonded to its own image is cut somewhere.
    """
    bonds = bonded_pairs(atoms)
    whole = atoms.copy()
    whole.positions = _joined(atoms.positions, _labels(len(atoms), bonds), bonds)
    return whole


def whole_and_labels(atoms: Atoms) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Positions of whole molecules, (n_atoms, 3) in Å, and `molecule_labels`."""
    bonds = bonded_pairs(atoms)
    labels = _labels(len(atoms), bonds)
    return _joined(atoms.positions, labels, bonds), labels


def broken_waters(atoms: Atoms) -> list[str]:
    """What is wrong with the water molecules, one sentence a fault; empty if intact.

    Every O must have exactly two H within 1.25 Å, no H two O that close, and no two
    O may be closer than 2.2 Å. Every O is taken for a water's.
    """
    numbers = atoms.numbers
    some = np.flatnonzero((numbers == 8) | (numbers == 1))
    part = Atoms(
        numbers[some], atoms.positions[some], cell=atoms.cell.array, pbc=atoms.pbc
    )
    pairs = neighbour_pairs(part, CLOSEST_OO)
    centre, neighbour = numbers[some[pairs.centre]], numbers[some[pairs.neighbour]]
    bonded = pairs.distances < LONGEST_OH
    hydrogens = _count(pairs.centre[(centre == 8) & (neighbour == 1) & bonded], part)
    oxygens = _count(pairs.centre[(centre == 1) & (neighbour == 8) & bonded], part)
    faults = [
        f"O atom {some[k]} has {hydrogens[k]} H within {LONGEST_OH} Å"
        for k in np.flatnonzero((part.numbers == 8) & (hydrogens != 2))
    ]
    faults += [
        f"H atom {some[k]} has {oxygens[k]} O within {LONGEST_OH} Å"
        for k in np.flatnonzero((part.numbers == 1) & (oxygens > 1))
    ]
    close = (centre == 8) & (neighbour == 8) & (pairs.centre <= pairs.neighbour)
    faults += [
        f"O atoms {some[pairs.centre[k]]} and {some[pairs.neighbour[k]]} are "
        f"{pairs.distances[k]:.2f} Å apart"
        for k in np.flatnonzero(close)
    ]
    return faults


def molecular_centres(
    positions: NDArray[np.float64],
    labels: NDArray[np.int64],
    masses: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Centres of mass of whole molecules.

    Parameters
    ----------
    positions : (n_atoms, 3) array, Å
        Of whole molecules.
    labels : (n_atoms,) array of int
    masses : (n_atoms,) array, amu

    Returns
    -------
    centres : (n_molecules, 3) array, Å
    """
    total = np.bincount(labels, weights=masses)
    weighted = [np.bincount(labels, weights=masses * x) for x in positions.T]
    return np.asarray(np.stack(weighted, axis=1) / total[:, None])


def _count(indices: NDArray[np.int32], atoms: Atoms) -> NDArray[np.int64]:
    return np.bincount(indices, minlength=len(atoms))


def bonded_pairs(atoms: Atoms) -> NeighbourPairs:
    """Bonded pairs, both ways."""
    numbers = atoms.numbers
    bonding = np.unique(numbers[np.isin(numbers, NON_METALS)])
    if not bonding.size:
        empty = np.empty(0, dtype=np.int32)
        return NeighbourPairs(empty, empty, np.empty((0, 3)), np.empty(0))
    longest = 2 * HYDROGEN_FACTOR * covalent_radii[bonding].max()
    pairs = neighbour_pairs(atoms, longest)
    near, far = numbers[pairs.centre], numbers[pairs.neighbour]
    factor = np.where((near == 1) | (far == 1), HYDROGEN_FACTOR, HEAVY_FACTOR)
    reach = factor * (covalent_radii[near] + covalent_radii[far])
    is_bonding = np.isin(np.arange(119), NON_METALS)
    keep = (pairs.distances < reach) & is_bonding[near] & is_bonding[far]
    pairs = _chosen(pairs, keep)
    return _with_one_bond_per_hydrogen(pairs, numbers)


def _with_one_bond_per_hydrogen(
    pairs: NeighbourPairs, numbers: NDArray[np.int64]
) -> NeighbourPairs:
    hydrogen = numbers[pairs.centre] == 1
    shortest = np.full(len(numbers), np.inf)
    np.minimum.at(shortest, pairs.centre[hydrogen], pairs.distances[hydrogen])
    # A tolerance, because the two directions of a pair are rounded apart.
    limit = shortest + 1e-9
    keep = (pairs.distances <= limit[pairs.centre]) & (
        pairs.distances <= limit[pairs.neighbour]
    )
    return _chosen(pairs, keep)


def _chosen(pairs: NeighbourPairs, keep: NDArray[np.bool_]) -> NeighbourPairs:
    return NeighbourPairs(
        pairs.centre[keep],
        pairs.neighbour[keep],
        pairs.vectors[keep],
        pairs.distances[keep],
    )


def _labels(n_atoms: int, bonds: NeighbourPairs) -> NDArray[np.int64]:
    graph = coo_matrix(
        (np.ones(len(bonds.centre), dtype=np.int8), (bonds.centre, bonds.neighbour)),
        shape=(n_atoms, n_atoms),
    )
    _, labels = connected_components(graph, directed=False)
    return np.asarray(labels, dtype=np.int64)


def _joined(
    positions: NDArray[np.float64], labels: NDArray[np.int64], bonds: NeighbourPairs
) -> NDArray[np.float64]:
    """Positions with every molecule grown outwards from its first atom."""
    joined = positions.copy()
    placed = np.zeros(len(labels), dtype=bool)
    placed[np.unique(labels, return_index=True)[1]] = True
    while True:
        new = placed[bonds.centre] & ~placed[bonds.neighbour]
        if not new.any():
            return joined
        target = bonds.neighbour[new]
        joined[target] = joined[bonds.centre[new]] + bonds.vectors[new]
        placed[target] = True
