import numpy as np
import pytest

from brine.errors import BrineError, InputError, MissingPackageError
from brine.structures import boxes, broken_waters, build_box, mass_density
from brine.structures.molecules import molecule_labels
from brine.structures.neighbours import neighbour_pairs


def gap_between_molecules(atoms):
    labels = molecule_labels(atoms)
    pairs = neighbour_pairs(atoms, 3.0)
    apart = labels[pairs.centre] != labels[pairs.neighbour]
    return pairs.distances[apart].min()


def test_a_box_of_water_has_the_density_asked_for():
    atoms = build_box({"H2O": 32}, density=0.997, rng=np.random.default_rng(0))

    assert len(atoms) == 96
    assert mass_density(atoms) == pytest.approx(0.997, abs=1e-12)
    np.testing.assert_allclose(atoms.cell.array, np.eye(3) * atoms.cell[0, 0])
    assert atoms.pbc.all()


@pytest.mark.parametrize("density", [0.9, 1.0, 1.15])
def test_molecules_keep_apart_across_the_boundary(density):
    """2 Å is what Packmol is asked for; it stops 1 % short of that at most."""
    atoms = build_box({"H2O": 64}, density=density, rng=np.random.default_rng(1))

    assert gap_between_molecules(atoms) > 1.98
    assert broken_waters(atoms) == []
    assert len(np.unique(molecule_labels(atoms))) == 64


def test_a_dense_electrolyte_is_packed_in_the_order_asked_for():
    counts = {"Li+": 20, "Zn+2": 10, "Cl-": 40, "H2O": 60}
    atoms = build_box(counts, density=1.6, rng=np.random.default_rng(2))

    assert atoms.get_chemical_symbols()[:70] == ["Li"] * 20 + ["Zn"] * 10 + ["Cl"] * 40
    assert len(np.unique(molecule_labels(atoms))) == 130
    assert gap_between_molecules(atoms) > 1.5


def test_the_same_seed_gives_the_same_box_and_another_seed_another():
    first, again, other = (
        build_box({"H2O": 8}, density=1.0, rng=np.random.default_rng(seed)).positions
        for seed in (3, 3, 4)
    )

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.1


@pytest.mark.parametrize(
    ("molecules", "density", "message"),
    [
        ({"H20": 8}, 1.0, "Did you mean 'H2O'"),
        ({"Zn2+": 1, "Cl-": 2}, 1.0, "'Zn\\+2'"),
        ({"xenonhexafluoride": 1}, 1.0, "Known are H2O"),
        ({"Na+": 1, "H2O": 8}, 1.0, "charge of \\+1 e"),
        ({"H2O": 0}, 1.0, "positive integer, got 0"),
        ({}, 1.0, "at least one molecule"),
        ({"H2O": 8}, -1.0, "`density` must lie between"),
        ({"H2O": 64}, 9.0, "lower the density"),
    ],
)
def test_an_impossible_box_is_refused_with_the_remedy(molecules, density, message):
    with pytest.raises(InputError, match=message):
        build_box(molecules, density=density, rng=np.random.default_rng(0))


def test_a_missing_packmol_is_one_clear_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(boxes.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingPackageError, match="pip install packmol"):
        build_box({"H2O": 8}, density=1.0, rng=np.random.default_rng(0))


def test_a_packmol_that_crashes_is_not_taken_for_a_dense_box(monkeypatch, tmp_path):
    program = tmp_path / "packmol"
    program.write_text("#!/bin/sh\necho broken >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(boxes.sys, "executable", str(tmp_path / "python"))

    with pytest.raises(BrineError, match=r"exit status 3.*broken"):
        build_box({"H2O": 8}, density=1.0, rng=np.random.default_rng(0))
