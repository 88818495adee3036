import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import dataset_from_atoms
from brine.potentials import Descriptor
from brine.settings.potential import NativeSettings
from brine.training.closest_approach import ClosestApproach, closest_approach
from brine.training.short_range import short_range_rows
from tests.potentials.training_frames import water_like_frames

SMALL = NativeSettings(two_body_channels=8, three_body_channels=2, angular_momentum=1)


def _labelled(atoms):
    atoms.calc = SinglePointCalculator(
        atoms, energy=-1.0, forces=np.zeros((len(atoms), 3))
    )
    return dataset_from_atoms([atoms], groups=["a"], fingerprint="none")


def test_rows_ask_for_bare_zbl_minus_the_baseline():
    """A lone pair's targets are ZBL slopes: negative, a wall."""
    data = water_like_frames(4)
    descriptor = Descriptor(data.elements, SMALL)
    closest = closest_approach(data, descriptor)
    blocks = list(short_range_rows(data, descriptor, closest, force_scale=1.0))
    # Three pairs of elements: one block of an isolated pair and the pushes of each.
    assert len(blocks) > 3 * 10
    isolated, targets = blocks[0]
    assert isolated.shape == (len(targets), descriptor.n_columns)
    # Where the baseline is being switched off its slope is a little steeper than bare.
    assert targets.max() < 0.05
    assert targets.min() < -0.9
    pushed = np.concatenate([t for rows, t in blocks if len(rows) < 3])
    assert np.mean(pushed > 0) > 0.9
    assert pushed.max() > 0.5


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
    rows = list(short_range_rows(data, descriptor, closest, force_scale=1.0))
    assert len(rows) == 1
