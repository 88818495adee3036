"""Models of other packages: a toy package here, the real ones where installed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import brine
from brine.dynamics import no_guards
from brine.errors import InputError, MissingPackageError, PotentialFileError
from brine.oracles import SPCFw
from brine.potentials import packages
from brine.potentials.file import write_foreign
from brine.potentials.foreign import ForeignPotential
from brine.potentials.packages import Package
from brine.structures import build_box, rattle


def open_toy(path):
    content = json.loads(path.read_text())
    return SPCFw(cutoff=content["cutoff"]).calculator(), tuple(content["types"])


def open_nothing(path):
    raise ImportError("No module named 'nothing'", path)


@pytest.fixture
def toys(monkeypatch):
    """Two packages: one that runs, one that is not installed."""
    known = {
        "toy": Package("toy", (".toy",), "toy-kit", open_toy),
        "nothing": Package("nothing", (".nothing",), "nothing-kit", open_nothing),
    }
    monkeypatch.setattr(packages, "PACKAGES", known)
    monkeypatch.setattr("brine.potentials.foreign.PACKAGES", known)


@pytest.fixture
def model(toys, tmp_path):
    path = tmp_path / "water.toy"
    path.write_text(json.dumps({"cutoff": 3.6, "types": ["O", "H"]}))
    return path


@pytest.fixture(scope="module")
def water():
    rng = np.random.default_rng(0)
    return rattle(build_box({"H2O": 16}, density=1.0, rng=rng), deviation=0.05, rng=rng)


def test_a_model_gives_what_its_own_calculator_gives(model, water):
    potential = brine.load(model)
    expected = SPCFw(cutoff=3.6).label(water)

    found = potential.evaluate(water)

    assert isinstance(potential, ForeignPotential)
    assert potential.elements == (1, 8)
    assert found.energy == pytest.approx(expected.energy, abs=1e-9)
    np.testing.assert_allclose(found.forces, expected.forces, atol=1e-9)
    np.testing.assert_allclose(found.stress, expected.stress, atol=1e-12)
    assert potential.uncertainty(water) is None


def test_a_saved_model_needs_its_first_file_no_more(model, water, tmp_path):
    expected = brine.load(model).evaluate(water)
    brine.load(model).save(tmp_path / "water.brine")
    model.unlink()

    found = brine.load(tmp_path / "water.brine").evaluate(water)

    np.testing.assert_array_equal(found.forces, expected.forces)


def test_it_runs_in_the_loop(model, water):
    settings = brine.MDSettings(brine.NVE(), n_steps=20, guards=no_guards(), interval=5)
    run = brine.run_md(water, brine.load(model), settings)
    own = brine.run_md(water, SPCFw(cutoff=3.6).calculator(), settings)

    assert run.stopped is None
    np.testing.assert_allclose(
        run.trajectory.positions, own.trajectory.positions, atol=1e-7
    )


@pytest.mark.parametrize(
    ("name", "text", "error", "words"),
    [
        ("water.nothing", "{}", MissingPackageError, "pip install nothing-kit"),
        ("water.toy", "{", PotentialFileError, "cannot be read by toy"),
        (
            "water.toy",
            '{"cutoff": 4, "types": ["OW"]}',
            PotentialFileError,
            "named by elements, got 'OW'",
        ),
    ],
)
def test_what_cannot_be_opened_is_said(toys, tmp_path, name, text, error, words):
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(error, match=words):
        _ = brine.load(path).elements


def test_a_model_for_another_device_is_compiled_anew(model, water, monkeypatch):
    def compiled(package, target, name):
        return package if target == "ase" else b""

    monkeypatch.setattr("brine.potentials.foreign.compiled", compiled)
    potential = ForeignPotential("water.toy", b"{", source=model.read_bytes())
    expected = brine.load(model).evaluate(water).forces
    np.testing.assert_array_equal(potential.evaluate(water).forces, expected)
    water = water.copy()
    water.calc = potential.calculator()
    np.testing.assert_array_equal(water.get_forces(), expected)


def test_a_file_that_is_not_there_is_named(toys, tmp_path):
    with pytest.raises(PotentialFileError, match=r"no model at .*ice\.toy"):
        brine.load(tmp_path / "ice.toy")


def test_a_model_without_the_labels_elements_is_refused(model):
    from brine.workflow.fitting import check_elements

    dataset = SimpleDataset((1, 8, 11))
    with pytest.raises(InputError, match=r"got none for Na"):
        check_elements(brine.load(model), dataset, "water.toy")


class SimpleDataset:
    def __init__(self, elements):
        self.elements = elements


def test_a_left_handed_cell_is_turned_into_a_right_handed_one(model, water):
    seen = []
    potential = brine.load(model)
    calculator, _ = potential._opened
    calculate = calculator.calculate

    def spy(atoms, *rest, **named):
        seen.append(np.linalg.det(atoms.cell.array))
        return calculate(atoms, *rest, **named)

    calculator.calculate = spy
    mirrored = water.copy()
    mirrored.set_cell(water.cell.array[[1, 0, 2]])
    expected = potential.evaluate(water)
    found = potential.evaluate(mirrored)

    assert np.linalg.det(mirrored.cell.array) < 0 < min(seen)
    # OpenMM's reciprocal sums differ by 2e-6 eV/Å where axes change places.
    np.testing.assert_allclose(found.forces, expected.forces, rtol=0, atol=1e-5)
    np.testing.assert_allclose(found.stress, expected.stress, rtol=0, atol=1e-7)


def test_places_that_are_none_give_nothing(model, water):
    potential = brine.load(model)
    for place in (np.nan, 1e30, water.positions[5]):
        broken = water.copy()
        broken.positions[0] = place
        found = potential.evaluate(broken)
        assert np.isnan(found.energy)
        assert np.isnan(found.forces).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cell": np.zeros((3, 3))}, "must have a cell with a volume"),
        ({"indices": []}, "must hold an atom"),
    ],
)
def test_shapes_that_end_a_process_are_refused(model, water, change, words):
    atoms = water[change["indices"]] if "indices" in change else water.copy()
    atoms.set_cell(change.get("cell", atoms.cell))
    with pytest.raises(InputError, match=words):
        brine.load(model).evaluate(atoms)


def test_deepmd_knows_no_slab(water):
    slab = water.copy()
    slab.pbc = (True, True, False)
    with pytest.raises(InputError, match="in all directions or in none"):
        ForeignPotential("water.pb", b"").evaluate(slab)


@pytest.mark.parametrize("name", ["/tmp/x.pb", "../x.pb", 5, "x.txt"])
def test_a_file_that_would_be_written_elsewhere_is_no_potential(tmp_path, name):
    path = tmp_path / "water.brine"
    potential = ForeignPotential("water.pb", b"weights")
    write_foreign(replace(potential, name=name), path)
    with pytest.raises(PotentialFileError, match="no name of a model's file"):
        brine.load(path)


def test_the_longest_suffix_says_the_package():
    assert packages.package_of(Path("water.nequip.pth")).name == "nequip"
    assert packages.package_of(Path("water.pth")).name == "deepmd"
