import numpy as np
from ase import Atoms

from brine.potentials import Descriptor
from brine.settings.potential import NativeSettings
from brine.training.fit import shortest_distances
from brine.training.short_range import short_range_rows
from tests.potentials.training_frames import water_like_frames

SMALL = NativeSettings(two_body_channels=8, three_body_channels=2, angular_momentum=1)


def test_rows_ask_for_bare_zbl_minus_the_baseline():
    """A lone pair's targets are ZBL slopes: negative, a wall."""
    data = water_like_frames(4)
    descriptor = Descriptor(data.elements, SMALL)
    shortest = shortest_distances(data, descriptor)
    blocks = list(short_range_rows(data, descriptor, shortest, force_scale=1.0))
    # Three pairs of elements: one block of an isolated pair and the pushes of each.
    assert len(blocks) > 3 * 10
    isolated, targets = blocks[0]
    assert isolated.shape == (len(targets), descriptor.n_columns)
    # Where the baseline is being switched off its slope is a little steeper than bare.
    assert targets.max() < 0.05
    assert targets.min() < -1.0
    pushed = np.concatenate([t for rows, t in blocks if len(rows) < 3])
    assert pushed.min() > -1e-9
    assert pushed.max() > 1.0


def test_an_atom_alone_has_nobody_to_be_pushed_against():
    from ase.calculators.singlepoint import SinglePointCalculator

    from brine.datasets import dataset_from_atoms

    lone = Atoms("O")
    lone.calc = SinglePointCalculator(lone, energy=-1.0, forces=np.zeros((1, 3)))
    data = dataset_from_atoms([lone], groups=["a"], fingerprint="none")
    descriptor = Descriptor((8,), SMALL)
    rows = list(short_range_rows(data, descriptor, np.array([[2.0]]), force_scale=1.0))
    assert len(rows) == 1
