import numpy as np
import pytest
from ase import Atoms
from ase.neighborlist import neighbor_list

from brine.errors import InputError
from brine.structures.neighbours import neighbour_pairs

TRICLINIC = [[4.0, 0, 0], [1.5, 3.5, 0], [-1.0, 0.7, 3.0]]


@pytest.mark.parametrize(
    ("cell", "periodic"),
    [
        (np.diag([12.0, 12.0, 12.0]), True),
        (TRICLINIC, True),
        (TRICLINIC, [True, False, True]),
        (np.zeros((3, 3)), False),
        ([[0, 0, 0], [1, 5, 0], [0, 0, 0]], [False, True, False]),
    ],
)
def test_pairs_equal_those_of_ase(cell, periodic):
    """ASE's neighbor_list("ijD", …), same cutoff, atoms far outside the cell too."""
    rng = np.random.default_rng(0)
    atoms = Atoms("O20", rng.normal(size=(20, 3)) * 10, cell=cell, pbc=periodic)
    first, second, vectors = neighbor_list("ijD", atoms, 6.0)
    assert len(first) > 0
    found = neighbour_pairs(atoms, 6.0)

    def ordered(i, j, d):
        table = np.column_stack([i, j, np.round(d, 6) + 0.0])
        return table[np.lexsort(table.T[::-1])]

    np.testing.assert_allclose(
        ordered(found.centre, found.neighbour, found.vectors),
        ordered(first, second, vectors),
        rtol=0,
        atol=1e-5,
    )


def test_empty_and_single_atoms_have_no_neighbours():
    assert len(neighbour_pairs(Atoms(), 5.0).centre) == 0
    assert len(neighbour_pairs(Atoms("O"), 5.0).centre) == 0


def test_an_atom_is_a_neighbour_of_its_images():
    pairs = neighbour_pairs(Atoms("O", cell=[3.0] * 3, pbc=True), 3.1)
    assert len(pairs.centre) == 6
    np.testing.assert_allclose(pairs.distances, 3.0, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("atoms", "words"),
    [
        (Atoms("O", [[np.nan, 0, 0]]), "atom 0"),
        (Atoms("O", cell=[[1, 0, 0], [2, 0, 0], [0, 0, 1]], pbc=True), "volume"),
    ],
)
def test_impossible_geometry_is_refused(atoms, words):
    with pytest.raises(InputError, match=words):
        neighbour_pairs(atoms, 3.0)
