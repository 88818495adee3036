"""The end of every trajectory is held out, a gap before it left out."""

import numpy as np
import pytest
from ase import Atoms

from brine.datasets import concatenate, dataset_from_atoms, split_by_last_part
from brine.errors import InputError


def frames(n_first: int, n_second: int):
    atoms = [Atoms("Ar", positions=[(k, 0, 0)]) for k in range(n_first + n_second)]

    def part(name: str, frames: list[Atoms]):
        return dataset_from_atoms(
            frames, groups=["one"] * len(frames), fingerprint="test", source=name
        )

    return concatenate([part("a", atoms[:n_first]), part("b", atoms[n_first:])])


def test_the_last_fifth_of_every_source_is_held_out():
    split = split_by_last_part(frames(10, 20), fraction=0.2, gap_fraction=0.1)

    np.testing.assert_array_equal(split.test, [8, 9, 26, 27, 28, 29])
    np.testing.assert_array_equal(split.train, [*range(7), *range(10, 24)])
    assert not split.random


def test_nothing_left_to_train_on_is_an_error():
    with pytest.raises(InputError, match="must lie between 0 and 1"):
        split_by_last_part(frames(10, 10), fraction=0.9, gap_fraction=0.2)
    with pytest.raises(InputError, match="at least one frame"):
        split_by_last_part(frames(1, 1), fraction=0.2)
