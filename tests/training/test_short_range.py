import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import dataset_from_atoms
from brine.potentials import Descriptor
from brine.settings.potential import NativeSettings
from brine.training.closest_approach import ClosestApproach, closest_approach
from brine.training.short_range import short_range_demands
from tests.potentials.training_frames import water_like_frames

SMALL = NativeSettings(two_body_channels=8, three_body_channels=2, angular_momentum=1)


def _labelled(atoms):
    atoms.calc = SinglePointCalculator(
        atoms, energy=-1.0, forces=np.zeros((len(atoms), 3))
    )
    return dataset_from_atoms([atoms], groups=["a"], fingerprint="none")


def test_bare_zbl_is_asked_for_minus_the_baseline():
    """Two atoms alone are to be driven apart, and molecules pushed together too."""
    data = water_like_frames(4)
    descriptor = Descriptor(data.elements, SMALL)
    closest = closest_approach(data, descriptor)
    found = list(short_range_demands(data, descriptor, closest, force_scale=1.0))
    pairs = [d for d in found if len(d.atoms) == 2]
    # Three pairs of elements, some distances of each.
    assert len({tuple(d.atoms.numbers) for d in pairs}) == 3
    assert len(pairs) > 3 * 5
    wanted = np.concatenate([d.targets / d.margins for d in pairs])
    # Where the baseline is being switched off its slope is a little steeper than bare.
    assert wanted.min() > -0.05
    assert wanted.max() > 0.9
    pushed = [d for d in found if len(d.atoms) > 2]
    assert len(pushed) > 3 * 10
    assert np.mean(np.concatenate([d.targets for d in pushed]) > 0) > 0.9
    for d in pushed:
        assert d.directions.shape == (len(d.targets), len(d.atoms), 3)
        # A molecule of three atoms moves as a whole.
        np.testing.assert_allclose(np.square(d.directions).sum((1, 2)), 3.0)


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
    found = list(short_range_demands(data, descriptor, closest, force_scale=1.0))
    assert found
    assert {len(d.atoms) for d in found} == {2}
