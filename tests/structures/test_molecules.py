import numpy as np
import pytest
from ase import Atoms

from brine.structures import (
    broken_waters,
    build_box,
    molecular_centres,
    molecule_labels,
    neighbour_pairs,
    scale_cell,
    whole_molecules,
)


@pytest.fixture(scope="module")
def water():
    return build_box({"H2O": 64}, density=1.0, rng=np.random.default_rng(5))


def test_every_water_is_a_molecule_of_its_own(water):
    np.testing.assert_array_equal(molecule_labels(water), np.repeat(np.arange(64), 3))


def test_molecules_are_found_in_any_order_and_wrapped(water):
    order = np.random.default_rng(0).permutation(len(water))
    shuffled = water[order]
    shuffled.positions += 3.3
    shuffled.wrap()
    assert np.abs(shuffled.positions - water.positions[order]).max() > 5

    labels = molecule_labels(shuffled)

    molecule = np.repeat(np.arange(64), 3)[order]
    for k in range(64):
        assert len(np.unique(labels[molecule == k])) == 1
    assert len(np.unique(labels)) == 64


@pytest.mark.parametrize("factor", [0.92, 0.80])
def test_molecules_stay_apart_in_a_shrunken_box(water, factor):
    """At 0.80 hydrogen bonds are as short as bonds; the nearest oxygen decides."""
    small = scale_cell(water, factor)
    assert neighbour_pairs(small, 1.7).distances.size > 4 * 64

    np.testing.assert_array_equal(molecule_labels(small), np.repeat(np.arange(64), 3))


def test_a_hydrogen_belongs_to_its_nearest_oxygen():
    """A hydrogen 0.8 Å from one oxygen and 1.2 Å from another, as in shrunken boxes."""
    positions = [[0, 0, 0], [0.8, 0, 0], [-0.2, 0.8, 0]]
    positions += [[2.0, 0, 0], [2.2, 0.8, 0], [2.2, -0.8, 0]]
    dimer = Atoms("OHHOHH", positions, cell=[9] * 3, pbc=True)

    assert molecule_labels(dimer).tolist() == [0, 0, 0, 1, 1, 1]


def test_ions_are_molecules_of_one_atom():
    """Mn with a chloride and a water in contact; two chlorides 2.4 Å apart."""
    ions = [[0, 0, 0], [2.3, 0, 0], [2.3, 2.4, 0]]
    water = [[0, -2.1, 0], [0.7, -2.6, 0], [-0.7, -2.6, 0]]
    salt = Atoms("MnClClOHH", ions + water, cell=[9] * 3, pbc=True)

    assert molecule_labels(salt).tolist() == [0, 1, 2, 3, 3, 3]


def test_whole_molecules_undoes_wrapping(water):
    """Exact: the same structure up to one lattice vector a molecule."""
    wrapped = water.copy()
    wrapped.positions += 2.0
    wrapped.wrap()
    length = water.cell[0, 0]
    assert np.ptp(wrapped.positions.reshape(-1, 3, 3), axis=1).max() > length / 2

    whole = whole_molecules(wrapped)

    moved = (whole.positions - water.positions - 2.0).reshape(-1, 3, 3)
    np.testing.assert_allclose(
        moved[:, 1:], moved[:, :1] + np.zeros((64, 2, 3)), atol=1e-9
    )
    np.testing.assert_allclose(moved / length, np.round(moved / length), atol=1e-9)
    np.testing.assert_array_equal(whole.positions[::3], wrapped.positions[::3])


def test_a_chain_longer_than_half_the_box_is_made_whole():
    """C–C bonds of 1.5 Å: the far end lies 9 Å from the near one in a 10 Å box."""
    chain = Atoms(
        "C7", [[1.5 * k, 5, 5] for k in range(7)], cell=[14, 10, 10], pbc=True
    )
    chain.positions += [8, 0, 0]
    chain.wrap()

    whole = whole_molecules(chain)

    np.testing.assert_allclose(np.diff(whole.positions[:, 0]), 1.5, atol=1e-12)


def test_an_isolated_molecule_and_no_atoms_at_all_are_fine():
    water = Atoms("OHH", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])

    assert molecule_labels(water).tolist() == [0, 0, 0]
    assert molecule_labels(Atoms()).tolist() == []
    assert molecule_labels(Atoms("Na")).tolist() == [0]
    assert broken_waters(water) == []


def test_molecular_centres_are_centres_of_mass(water):
    centres = molecular_centres(
        water.positions, molecule_labels(water), water.get_masses()
    )

    expected = [water[3 * k : 3 * k + 3].get_center_of_mass() for k in range(64)]
    np.testing.assert_allclose(centres, expected, atol=1e-12)


def test_an_intact_box_has_no_broken_water(water):
    wrapped = water.copy()
    wrapped.wrap()
    assert broken_waters(wrapped) == []


def test_a_hydrogen_torn_off_is_named(water):
    torn = water.copy()
    torn.positions[1] += 0.5 * (torn.positions[1] - torn.positions[0])

    faults = broken_waters(torn)

    assert "O atom 0 has 1 H within 1.25 Å" in faults


def test_a_proton_between_two_oxygens_and_a_close_oxygen_pair_are_named(water):
    torn = water.copy()
    torn.positions[3] = 2 * torn.positions[1] - torn.positions[0]

    faults = broken_waters(torn)

    assert "H atom 1 has 2 O within 1.25 Å" in faults
    assert any(fault.startswith("O atoms 0 and 3 are 1.9") for fault in faults)
