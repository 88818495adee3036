"""Each fault of a protocol is named, with its key, and nothing else is."""

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write

from brine.errors import BrineError
from brine.settings import validate_protocol
from brine.structures import build_box, scale_molecules
from brine.workflow import lint

SOUND = {
    "name": "water",
    "system": {"kind": "from-labels"},
    "labels": {"kind": "files", "paths": ["frames.extxyz"]},
    "dynamics": {"nvt_ps": 100},
}


def labelled(atoms, *, stress=None, **info):
    """`atoms` with labels that make no sense but are there."""
    atoms = atoms.copy()
    forces = np.random.default_rng(3).normal(size=(len(atoms), 3))
    atoms.calc = SinglePointCalculator(atoms, energy=-1.0, forces=forces, stress=stress)
    atoms.info.update(info)
    return atoms


@pytest.fixture(scope="module")
def water():
    return build_box({"H2O": 64}, density=1.0, rng=np.random.default_rng(0))


@pytest.fixture
def base(water, tmp_path):
    """A folder with frames at volumes ± 10 %."""
    factors = (0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03)
    frames = [labelled(scale_molecules(water, factor)) for factor in factors]
    write(tmp_path / "frames.extxyz", frames)
    return tmp_path


def advice(base, **changes):
    return lint(validate_protocol(SOUND | changes), base)


def test_a_sound_protocol_gets_no_advice(base):
    assert advice(base) == ()


def test_errors_of_labels_are_told_before_anything_runs(base, water):
    frames = [labelled(scale_molecules(water, x)) for x in (0.97, 1.0, 1.03)]
    frames[1].calc.results["forces"][:] = 0.0
    write(base / "frames.extxyz", frames)
    (found,) = advice(base)
    assert found.key == "labels"
    assert "frame 1: `forces` is exactly zero" in found.message


@pytest.mark.parametrize(
    ("changes", "key", "sentence"),
    [
        (
            {"split": {"kind": "random", "fraction": 0.2}},
            "split.kind",
            "a random split flatters",
        ),
        (
            {"dynamics": {"nvt_ps": 20}},
            "dynamics.nvt_ps",
            "20 ps of 64 molecules give the diffusion of water to about 17.1%, beyond "
            "the 15.0% at which it can be judged; run 26 ps or more",
        ),
        (
            {"dynamics": {"hydrogen_mass_amu": 3.0}},
            "dynamics.hydrogen_mass_amu",
            "hydrogen of 3 amu changes diffusion",
        ),
        (
            {"dynamics": {"timestep_fs": 2.0}},
            "dynamics.timestep_fs",
            "2 fs is too long for hydrogen",
        ),
        (
            {
                "system": {"molecules": {"H2O": 20}, "density_g_per_mL": 1.0},
                "dynamics": {"nvt_ps": 200},
            },
            "system",
            "in a box of 8.4 Å water diffuses 36% too slowly",
        ),
    ],
)
def test_a_fault_of_the_protocol_is_named_alone(base, changes, key, sentence):
    (found,) = advice(base, **changes)

    assert found.key == key
    assert sentence in found.message


def test_what_is_not_measured_gets_no_advice(base):
    dynamics = {"nvt_ps": 20, "hydrogen_mass_amu": 3.0, "measure": ["density", "rdf"]}
    assert advice(base, dynamics=dynamics) == ()


def test_a_density_is_not_asked_of_labels_at_one_volume(base, water):
    write(base / "frames.extxyz", [labelled(water)] * 3)

    (found,) = advice(base)

    assert found.key == "dynamics.npt_ps"
    assert "a density is asked of labels whose volumes span 0.0%" in found.message
    assert advice(base, dynamics={"npt_ps": 0}) == ()


def test_stress_of_unproved_sign_is_not_trusted(base, water):
    stress = np.diag([0.01, 0.011, 0.012])
    write(base / "frames.extxyz", [labelled(water, stress=stress)] * 3)

    (found,) = advice(base, dynamics={"npt_ps": 0})

    assert found.key == "potential.stress_weight"
    assert "with a weight of 15" in found.message


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {
                "system": {"molecules": {"H2O": 32}, "density_g_per_mL": 1.0},
                "labels": {"kind": "oracle"},
            },
            r"cutoff_A` must be below 4\.68, for the narrowest box",
        ),
        (
            {"dynamics": {"thermostat": {"kind": "langevin", "friction_per_ps": 50}}},
            "friction_per_ps = 50 would slow the diffusion",
        ),
        (
            {"labels": {"kind": "files", "paths": ["frames.extxyz", "other.extxyz"]}},
            "different levels of theory must not mix",
        ),
    ],
)
def test_what_would_be_wrong_is_refused(base, water, changes, sentence):
    other = labelled(water, fingerprint="PBE")
    write(base / "other.extxyz", [other])

    with pytest.raises(BrineError, match=sentence):
        advice(base, **changes)


def test_molecules_without_a_cell_can_be_linted(base, water):
    alone = water[:3]
    alone.pbc, alone.cell = False, np.zeros((3, 3))
    write(base / "frames.extxyz", [labelled(alone) for _ in range(3)])

    assert lint(validate_protocol(SOUND), base) is not None
