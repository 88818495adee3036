"""A dataset on disk is the dataset, or an error that says why not."""

from dataclasses import fields

import numpy as np
import pytest
from ase import Atoms

from brine.datasets import (
    dataset_from_atoms,
    load_dataset,
    read_dataset,
    save_dataset,
    storage,
    write_dataset,
)
from brine.errors import DataFileError, InputError


@pytest.fixture
def dataset(water):
    frames = [*water[:3], Atoms("OHH", positions=np.eye(3))]
    return dataset_from_atoms(
        frames,
        groups=["a", "b", "a", "c"],
        fingerprint="harmonic",
        assumptions=("none",),
    )


def test_saved_and_loaded_is_the_same_to_the_bit(dataset, tmp_path):
    save_dataset(dataset, tmp_path / "data.npz")
    again = load_dataset(tmp_path / "data.npz")
    for field in fields(dataset):
        np.testing.assert_array_equal(
            getattr(again, field.name), getattr(dataset, field.name)
        )
    assert again.content_hash == dataset.content_hash
    assert [p.name for p in tmp_path.iterdir()] == ["data.npz"]


def test_a_newer_version_is_refused_by_name(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "VERSION", 99)
    save_dataset(dataset, tmp_path / "data.npz")
    monkeypatch.undo()
    with pytest.raises(DataFileError, match="install a newer brine"):
        load_dataset(tmp_path / "data.npz")


def test_another_archive_is_refused(tmp_path):
    np.savez(tmp_path / "data.npz", positions=np.zeros(3))
    with pytest.raises(DataFileError, match="is not a dataset of brine"):
        load_dataset(tmp_path / "data.npz")


def test_a_damaged_archive_is_refused(dataset, tmp_path):
    save_dataset(dataset, tmp_path / "data.npz")
    content = (tmp_path / "data.npz").read_bytes()
    (tmp_path / "data.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataFileError, match="cannot be read"):
        load_dataset(tmp_path / "data.npz")


def test_extended_xyz_carries_labels_groups_and_level_of_theory(dataset, tmp_path):
    write_dataset(dataset, tmp_path / "data.extxyz")
    again = read_dataset(tmp_path / "data.extxyz")
    assert again.fingerprint == "harmonic"
    assert [again.group_names[g] for g in again.group] == ["a", "b", "a", "c"]
    np.testing.assert_allclose(again.forces, dataset.forces, rtol=0, atol=1e-7)
    np.testing.assert_allclose(again.stress, dataset.stress, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(again.has_energy, dataset.has_energy)


def test_an_unknown_suffix_is_refused(dataset, tmp_path):
    with pytest.raises(InputError, match=r"must end in \.npz"):
        write_dataset(dataset, tmp_path / "data.csv")
