"""Splits hold out what they say, and say what they hold out."""

import numpy as np
import pytest
from ase import Atoms

from brine.datasets import (
    dataset_from_atoms,
    random_split,
    split_by_composition,
    split_by_group,
    split_by_time_block,
)
from brine.errors import InputError


@pytest.fixture
def dataset():
    """Six frames: four of water from two trajectories, two of brine."""
    water = Atoms("OHH", positions=np.eye(3), cell=[5, 5, 5], pbc=True)
    brine = Atoms("OHHNaCl", positions=np.arange(15).reshape(5, 3), cell=[5] * 3)
    frames = [water] * 4 + [brine] * 2
    groups = ["run/a", "run/a", "run/b", "run/b", "salt", "salt"]
    return dataset_from_atoms(frames, groups=groups, fingerprint="test")


def test_a_group_is_held_out_by_the_last_part_of_its_path(dataset):
    split = split_by_group(dataset, "b")
    assert split.test.tolist() == [2, 3]
    assert split.train.tolist() == [0, 1, 4, 5]
    assert not split.random


def test_a_mistyped_group_is_answered_with_the_nearest_name(dataset):
    with pytest.raises(InputError, match="Did you mean 'salt'"):
        split_by_group(dataset, "sallt")


def test_blocks_in_time_follow_the_order_given(dataset):
    split = split_by_time_block(
        dataset, train=2, gap=1, test=2, order=[5, 4, 3, 2, 1, 0]
    )
    assert split.train.tolist() == [4, 5]
    assert split.test.tolist() == [0, 1]


def test_blocks_that_do_not_fit_are_refused(dataset):
    with pytest.raises(InputError, match="must not exceed the number of frames"):
        split_by_time_block(dataset, train=4, gap=2, test=1)


def test_a_composition_is_held_out_however_its_formula_is_written(dataset):
    split = split_by_composition(dataset, "NaClOH2")
    assert split.test.tolist() == [4, 5]


def test_an_absent_composition_is_answered_with_those_present(dataset):
    with pytest.raises(InputError, match="there are H2O, H2ClNaO"):
        split_by_composition(dataset, "KCl")


def test_a_random_split_is_marked_and_repeats_with_its_seed(dataset):
    split = random_split(dataset, fraction=0.5, seed=3)
    again = random_split(dataset, fraction=0.5, seed=3)
    assert split.random
    assert len(split.test) == 3
    assert split.test.tolist() == again.test.tolist()


def test_no_split_leaves_the_training_part_empty(dataset):
    with pytest.raises(InputError, match="at least one frame into `train`"):
        split_by_group(dataset, ["a", "b", "salt"])
