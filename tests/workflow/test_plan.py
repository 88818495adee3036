"""What cannot work is said before anything runs, with the key."""

import numpy as np
import pytest

from brine.dynamics.lammps import program
from brine.errors import BrineError, MissingPackageError, SettingsError
from brine.settings import MoleculesSystem, validate_protocol
from brine.structures import molecule_labels
from brine.structures.contents import contents
from brine.structures.solution_density import solution_density
from brine.training.families import fit
from brine.workflow.plan import plan

RUNS = {"equilibrate", "nvt", "npt", "nve", "hot"}


def _protocol(molecules, **oracle):
    return validate_protocol(
        {
            "name": "x",
            "system": {"molecules": molecules, "density_g_per_mL": 1.0},
            "labels": {"kind": "oracle", "oracle": {"kind": "spcfw", **oracle}},
            "reference": {"kind": "oracle"},
        }
    )


@pytest.mark.parametrize(
    ("molecules", "oracle", "sentence"),
    [
        ({"H2P": 64}, {}, r"`system`: .*'H2P'.*'H2O'"),
        ({"H2O": 64, "Na+": 1}, {}, r"`system`: .*charge of \+1 e"),
        ({"H2O": 8}, {}, "`labels.oracle.cutoff_A` must be below 2.95, .* got 5.5"),
        ({"H2O": 64}, {"cutoff_A": 6.1}, "`labels.oracle.cutoff_A` must be below 5.9"),
    ],
)
def test_a_box_that_cannot_be_is_refused(tmp_path, molecules, oracle, sentence):
    with pytest.raises(SettingsError, match=sentence):
        plan(_protocol(molecules, **oracle), tmp_path)


@pytest.mark.parametrize(
    ("potential", "engine", "lacking", "sentence"),
    [
        ({"kind": "nequip"}, "brine", {"fit"}, r"pip install 'brine\[nequip\]'"),
        (
            *(
                {"kind": "deepmd"},
                "lammps",
                {"equilibrate", "nvt", "npt", "nve", "hot"},
            ),
            "needs the program lmp",
        ),
    ],
)
def test_steps_know_what_must_be_installed(
    tmp_path, monkeypatch, potential, engine, lacking, sentence
):
    monkeypatch.setattr(fit, "NEEDS", {"nequip": ("no_such",), "deepmd": ("json",)})
    monkeypatch.setattr(program, "which", lambda *_, **__: None)
    content = _protocol({"H2O": 64}).model_dump(mode="json", exclude={"potential"})
    content["dynamics"]["engine"] = engine
    steps = plan(validate_protocol(content | {"potential": potential}), tmp_path)
    for step in steps:
        if step.name in lacking:
            with pytest.raises(MissingPackageError, match=sentence):
                step.check()
        else:
            step.check()
    assert lacking & {step.name for step in steps}


def test_the_oracle_runs_longer_than_the_model(tmp_path):
    protocol = _protocol({"H2O": 64})
    steps = {step.name: step.inputs for step in plan(protocol, tmp_path)}
    for name in ("nvt", "npt"):
        longer = protocol.reference.length * steps[name]["duration_ps"]
        assert steps[f"oracle-{name}"]["duration_ps"] == longer > 0


def test_a_composition_and_its_numbers_are_the_same_steps(tmp_path):
    """No density means Laliberté's at the temperature of the dynamics."""
    common = {"name": "x", "labels": {"kind": "files", "paths": ["a.extxyz"]}}
    (tmp_path / "a.extxyz").write_text("")
    numbers = {"Li+": 4, "Cl-": 4, "H2O": 80}
    dynamics = {"temperature_K": 320.0}
    density = solution_density(numbers, temperature=320.0).value
    starts = [
        next(
            step.inputs["system"]
            for step in plan(
                validate_protocol(common | {"system": system, "dynamics": dynamics}),
                tmp_path,
            )
            if step.name == "start"
        )
        for system in (
            {"composition": "LiCl·20H2O", "formula_units": 4},
            {"molecules": numbers, "density_g_per_mL": density},
        )
    ]

    assert starts[0] == starts[1]
    assert starts[0]["density_g_per_mL"] == pytest.approx(1.05, abs=0.02)


def test_a_template_of_your_own_is_packed(tmp_path):
    (tmp_path / "clo4.xyz").write_text(
        "5\n\nCl 0 0 0\nO 0.83 0.83 0.83\nO -0.83 -0.83 0.83\n"
        "O -0.83 0.83 -0.83\nO 0.83 -0.83 -0.83\n"
    )
    system = MoleculesSystem(
        molecules={"Li+": 2, "ClO4-": 2, "H2O": 20},
        density_g_per_mL=1.1,
        templates={"ClO4-": {"path": "clo4.xyz", "charge": -1}},
    )
    atoms = contents(system, base=tmp_path).build(np.random.default_rng(0))

    assert atoms.get_chemical_formula() == "H40Cl2Li2O28"
    labels = molecule_labels(atoms)
    assert len(np.unique(labels)) == 24


@pytest.mark.parametrize("command", ["", "  ", 'vasp "x'])
def test_a_command_is_words(command):
    oracle = {"kind": "vasp", "command": command, "potcar_library": "x"}
    with pytest.raises(SettingsError, match=r"labels\.oracle\.command"):
        validate_protocol(
            {
                "name": "x",
                "system": {"molecules": {"H2O": 64}},
                "labels": {"kind": "oracle", "oracle": oracle},
            }
        )


def test_a_template_does_not_take_a_name_that_brine_knows(tmp_path):
    system = MoleculesSystem(
        molecules={"H2O": 2}, density_g_per_mL=1.0, templates={"H2O": {"path": "x.xyz"}}
    )
    with pytest.raises(BrineError, match="must have names of their own, got H2O"):
        contents(system, base=tmp_path)


def test_an_oracle_is_not_asked_for_a_molecule_it_does_not_know(tmp_path):
    (tmp_path / "argon.xyz").write_text("1\n\nAr 0 0 0\n")
    protocol = validate_protocol(
        {
            "name": "x",
            "system": {
                "molecules": {"H2O": 64, "argon": 1},
                "density_g_per_mL": 1.0,
                "templates": {"argon": {"path": "argon.xyz"}},
            },
            "labels": {"kind": "oracle"},
        }
    )
    with pytest.raises(SettingsError, match=r"who samples must know .* got argon"):
        plan(protocol, tmp_path)


def test_where_an_oracle_runs_does_not_decide_its_labels(tmp_path):
    """Another command or library is the same label; another cutoff is not."""
    for name in "OH":
        (tmp_path / name).mkdir()
        (tmp_path / name / "POTCAR").write_text(f" TITEL = PAW {name}\n")

    def labels(**changes):
        oracle = {"kind": "vasp", "command": "vasp", "potcar_library": str(tmp_path)}
        protocol = validate_protocol(
            {
                "name": "x",
                "system": {"molecules": {"H2O": 64}},
                "labels": {"kind": "oracle", "oracle": oracle | changes},
            }
        )
        return next(s for s in plan(protocol, tmp_path) if s.name == "labels")

    here, there = labels(), labels(command="mpirun -n 4 vasp_gam", cores=4)
    assert here.inputs == there.inputs
    assert "mpirun -n 4 vasp_gam" in there.places["machine"]
    assert labels(cutoff_eV=500.0).inputs != here.inputs
    with pytest.raises(BrineError, match=r"`potcar_library` must hold O/POTCAR"):
        labels(potcar_library=str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("oracle", "sampling", "words"),
    [
        (
            {"kind": "openmm", "cutoff_A": 6.0},
            {},
            r"`labels.oracle.cutoff_A` must be below 4\.81, half the narrowest",
        ),
        (
            {"kind": "openmm", "cutoff_A": 4.0},
            {"cluster_contacts_A": [2.0], "cluster_edge_A": 7.0},
            r"must be below 3\.50",
        ),
        ({"kind": "cp2k-committee"}, {}, "knows water alone, got Cl, Na"),
    ],
)
def test_what_an_oracle_cannot_label_is_said_before_anything_runs(
    tmp_path, oracle, sampling, words
):
    counts = {"H2O": 64}
    if oracle["kind"] == "cp2k-committee":
        counts |= {"Na+": 2, "Cl-": 2}
    protocol = validate_protocol(
        {
            "name": "x",
            "system": {"molecules": counts, "density_g_per_mL": 1.0},
            "labels": {"kind": "oracle", "oracle": oracle, "sampling": sampling},
        }
    )
    with pytest.raises(BrineError, match=words):
        plan(protocol, tmp_path)


def test_groups_that_sampling_does_not_make_cannot_be_held_out(tmp_path):
    content = _protocol({"H2O": 64}).model_dump(mode="json")
    content["split"] = {"kind": "group", "test": ["T300_rho0.9"]}
    with pytest.raises(SettingsError, match=r"`split\.test` .* T300_rho0\.90, .* got"):
        plan(validate_protocol(content), tmp_path)
