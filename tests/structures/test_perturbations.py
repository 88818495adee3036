import numpy as np
import pytest

from brine.errors import InputError
from brine.structures import (
    build_box,
    molecular_centres,
    molecule_labels,
    neighbour_pairs,
    rattle,
    scale_cell,
    scale_molecules,
)


@pytest.fixture(scope="module")
def water():
    atoms = build_box({"H2O": 32}, density=1.0, rng=np.random.default_rng(6))
    atoms.positions += 2.0
    atoms.wrap()
    return atoms


def test_scaling_the_cell_scales_every_distance(water):
    small = scale_cell(water, 0.9)

    before, after = neighbour_pairs(water, 4.0), neighbour_pairs(small, 3.6)
    np.testing.assert_allclose(
        np.sort(after.distances), 0.9 * np.sort(before.distances), atol=1e-12
    )
    assert small.get_volume() == pytest.approx(0.9**3 * water.get_volume())


def test_scaling_molecules_keeps_them_rigid_and_moves_their_centres(water):
    """Bonds are unchanged; the cell and the centres scale, in a wrapped box too."""
    factor = 1.04
    large = scale_molecules(water, factor)

    assert large.get_volume() == pytest.approx(factor**3 * water.get_volume())
    bonds = [neighbour_pairs(atoms, 1.2).distances for atoms in (water, large)]
    assert bonds[0].size == 2 * 64
    np.testing.assert_allclose(np.sort(bonds[1]), np.sort(bonds[0]), atol=1e-9)
    one, other = (
        molecular_centres(a.positions, molecule_labels(a), a.get_masses())
        for a in (scale_molecules(water, 1.0), large)
    )
    np.testing.assert_allclose(other, factor * one, atol=1e-9)


def test_the_original_is_left_alone(water):
    before = water.positions.copy()
    for change in (scale_cell, scale_molecules):
        change(water, 0.5)
    rattle(water, deviation=0.1, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(water.positions, before)


def test_rattling_moves_atoms_by_the_deviation_asked_for(water):
    rng = np.random.default_rng(0)
    moves = [rattle(water, deviation=0.05, rng=rng).positions for _ in range(50)]
    moves = np.array(moves) - water.positions

    # 14,400 normal deviates: relative error of the deviation 0.6 %.
    assert moves.std() == pytest.approx(0.05, rel=0.03)
    assert abs(moves.mean()) < 0.002


def test_senseless_factors_are_refused(water):
    for change in (scale_cell, scale_molecules):
        with pytest.raises(InputError, match="`factor` must be positive, got -1"):
            change(water, -1)
    with pytest.raises(InputError, match="`deviation`"):
        rattle(water, deviation=-0.1, rng=np.random.default_rng(0))
