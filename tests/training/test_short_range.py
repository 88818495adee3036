import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import dataset_from_atoms
from brine.potentials import Descriptor
from brine.settings.potential import NativeSettings
from brine.structures.neighbours import neighbour_pairs
from brine.training.closest_approach import ClosestApproach, closest_approach
from brine.training.short_range import lone_pair_demands, short_range_demands
from tests.potentials.training_frames import water_like_frames

SMALL = NativeSettings(two_body_channels=8, three_body_channels=2, angular_momentum=1)


def _labelled(atoms):
    atoms.calc = SinglePointCalculator(
        atoms, energy=-1.0, forces=np.zeros((len(atoms), 3))
    )
    return dataset_from_atoms([atoms], groups=["a"], fingerprint="none")


def test_bare_zbl_is_asked_for_minus_the_baseline():
    """Molecules pushed together are to be driven apart."""
    data = water_like_frames(4)
    descriptor = Descriptor(data.elements, SMALL)
    closest = closest_approach(data, descriptor)
    pushed = list(short_range_demands(data, descriptor, closest, force_scale=1.0))
    assert len(pushed) > 3 * 10
    assert np.mean(np.concatenate([d.targets for d in pushed]) > 0) > 0.9
    for d in pushed:
        assert d.directions.shape == (len(d.targets), len(d.atoms), 3)
        # A molecule of three atoms moves as a whole.
        np.testing.assert_allclose(np.square(d.directions).sum((1, 2)), 3.0)


def test_two_atoms_alone_are_asked_to_be_driven_apart():
    data = water_like_frames(4)
    descriptor = Descriptor(data.elements, SMALL)
    closest = closest_approach(data, descriptor)
    found = lone_pair_demands(descriptor, closest, force_scale=1.0)
    n_pairs = len(found.targets)
    # Each atom has one neighbour, the other of its pair.
    lone = neighbour_pairs(found.atoms, 50.0)
    np.testing.assert_array_equal(lone.centre, np.arange(2 * n_pairs))
    kinds = {tuple(pair) for pair in found.atoms.numbers.reshape(-1, 2).tolist()}
    assert kinds == {(1, 1), (1, 8), (8, 8)}
    assert n_pairs > 3 * 5
    # No gap between the data and what is asked for.
    element = descriptor.index(found.atoms.numbers).reshape(-1, 2)
    for kind in {tuple(pair) for pair in element.tolist()}:
        mine = (element == kind).all(1)
        assert lone.distances[::2][mine].max() == pytest.approx(closest.of_atoms[kind])
    away = found.directions[np.arange(n_pairs), 2 * np.arange(n_pairs) + 1]
    np.testing.assert_array_equal(away, np.tile([1.0, 0.0, 0.0], (n_pairs, 1)))
    assert np.count_nonzero(found.directions) == n_pairs
    wanted = found.targets / found.margins
    # Where the baseline is being switched off its slope is a little steeper than bare.
    assert wanted.min() > -0.05
    assert wanted.max() > 0.9


def test_hydrogens_of_different_waters_keep_their_own_distance():
    """Those of one water, closer than any of two, do not hide it."""
    water = Atoms("OH2", [(0, 0, 0), (0.96, 0, 0), (-0.24, 0.93, 0)])
    other = water.copy()
    other.translate((2.96, 0, 0))
    data = _labelled(water + other)
    descriptor = Descriptor(data.elements, SMALL)
    closest = closest_approach(data, descriptor)
    within = water.get_distance(1, 2)
    between = np.hypot(other.positions[2, 0] - 0.96, 0.93)
    np.testing.assert_allclose(closest.of_atoms[0, 0], within)
    np.testing.assert_allclose(closest.of_molecules[0, 0], between)
    np.testing.assert_allclose(closest.of_molecules[0, 1], 2.0)
    np.testing.assert_allclose(closest.of_molecules[1, 1], 2.96)


def test_an_atom_alone_has_nobody_to_be_pushed_against():
    data = _labelled(Atoms("O"))
    descriptor = Descriptor((8,), SMALL)
    closest = ClosestApproach(np.array([[2.0]]), np.array([[6.0]]))
    assert not list(short_range_demands(data, descriptor, closest, force_scale=1.0))
    assert len(lone_pair_demands(descriptor, closest, force_scale=1.0).targets) > 5
