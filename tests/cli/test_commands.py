"""Each command answers: help with an example, JSON, one sentence for an error."""

import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import typer
from ase import Atoms
from ase.io import read
from tests.potentials.training_frames import water_like_frames
from typer.testing import CliRunner

import brine
from brine.cli.application import app
from brine.cli.failures import REFUSED, STOPPED, UNEXPECTED, answered
from brine.cli.init import templates
from brine.cli.md import warn_of_pressure
from brine.errors import InputError
from brine.settings import parse_protocol
from brine.structures import build_box, mass_density, rattle

COMMANDS = (
    *("init", "build", "converge", "label", "audit", "lint"),
    *("run", "train", "md", "observe", "report"),
)


def call(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_shows_an_example(command):
    result = call(command, "--help")

    assert result.exit_code == 0
    assert f"brine {command}" in result.output.split("Example", 1)[1]


def test_the_version_is_printed_alone():
    assert call("--version").output.strip() == f"brine {brine.__version__}"


@pytest.mark.parametrize("name", sorted(templates()))
def test_every_template_is_a_protocol_of_fewer_than_twenty_lines(name, tmp_path):
    path = tmp_path / "p.yaml"

    assert call("init", name, path).exit_code == 0

    assert len(path.read_text().splitlines()) < 20
    parse_protocol(path.read_text())


def test_the_water_template_is_the_example_of_the_readme(request):
    example = request.config.rootpath / "examples" / "water.yaml"
    assert templates()["water"] == example.read_text()


def test_init_does_not_overwrite(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("mine")

    result = call("init", "water", path)

    assert result.exit_code == REFUSED
    assert "is not overwritten" in result.stderr
    assert path.read_text() == "mine"


def test_a_mistyped_template_is_answered_with_the_nearest(tmp_path):
    result = call("init", "watr", tmp_path / "p.yaml")
    assert result.exit_code == REFUSED
    assert "Did you mean `water`?" in result.stderr


def test_a_typo_in_the_protocol_is_one_answer_without_traceback(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text(templates()["water"] + "dynamcs: {}\n")

    result = call("run", path, "--out", tmp_path / "out")

    assert result.exit_code == REFUSED
    assert "Did you mean `dynamics`?" in result.stderr
    assert "Traceback" not in result.output


def test_lint_says_what_a_protocol_would_regret(tmp_path):
    path = tmp_path / "water.yaml"
    text = templates()["water"].replace("nvt_ps: 120", "nvt_ps: 10")
    path.write_text(text)

    result = call("lint", path)

    assert result.exit_code == 0
    assert "dynamics.nvt_ps: 10 ps of 64 molecules" in result.stderr
    assert (
        json.loads(call("lint", path, "--json").output)[0]["key"] == "dynamics.nvt_ps"
    )


@pytest.mark.parametrize(("slope", "warned"), [(1e-5, True), (-1e-5, False)])
def test_npt_is_warned_of_where_pressure_rises_with_volume(slope, warned, capsys):
    """Pressure = slope × volume."""

    class Fluid:
        def evaluate(self, atoms):
            pressure = slope * atoms.get_volume()
            return SimpleNamespace(stress=-pressure * np.eye(3))

    box = Atoms("OHH", np.eye(3), cell=[5, 5, 5], pbc=True)
    warn_of_pressure(Fluid(), box)

    told = capsys.readouterr().err
    assert ("a barostat would drive the box away" in told) is warned


def test_audit_exits_with_one_when_labels_must_be_fixed(tmp_path):
    path = tmp_path / "frames.extxyz"
    frame = (
        "3\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.0\n"
        "O 0 0 0 nan 0 0\nH 0.96 0 0 0 0 0\nH -0.24 0.93 0 0 0 0\n"
    )
    path.write_text(frame * 2)

    result = call("audit", path, "--json")

    assert result.exit_code == 1
    severities = [f["severity"] for f in json.loads(result.stdout)["findings"]]
    assert "error" in severities


def test_audit_asks_an_oracle(tmp_path):
    """Energies 1 eV too high, which nothing in the labels themselves shows."""
    rng = np.random.default_rng(0)
    water = build_box({"H2O": 32}, density=1.0, rng=rng)
    dataset = brine.label_frames(
        brine.SPCFw(), [rattle(water, deviation=0.05, rng=rng)], groups=["a"]
    )
    frames, protocol = tmp_path / "frames.extxyz", tmp_path / "water.yaml"
    brine.write_dataset(replace(dataset, energy=dataset.energy + 1.0), frames)
    protocol.write_text(templates()["water"])

    asked = call("audit", frames, "--oracle", protocol, "--json")
    codes = [finding["code"] for finding in json.loads(asked.stdout)["findings"]]
    assert "energy_differs" in codes

    protocol.write_text(templates()["water-dft"])
    refused = call("audit", frames, "--oracle", protocol)
    assert refused.exit_code == REFUSED
    assert "must have `labels.kind` `oracle`, got `files`" in refused.stderr


def test_train_refuses_labels_that_the_audit_finds_wrong(tmp_path):
    """Positions in bohr: the sentence says so, and nothing is written."""
    path, out = tmp_path / "frames.extxyz", tmp_path / "x.brine"
    frame = (
        "3\nProperties=species:S:1:pos:R:3:forces:R:3 energy=-1.0\n"
        "O 0 0 0 0 0 0\nH 1.81 0 0 0.1 0 0\nH -0.45 1.76 0 -0.1 0 0\n"
    )
    path.write_text(frame * 6)

    result = call("train", path, "--out", out)

    assert result.exit_code == REFUSED
    assert "bohr" in result.stderr
    assert "--unaudited" in result.stderr
    assert not out.exists()


def test_training_that_ends_leaves_the_potential_alone(tmp_path):
    frames, out = tmp_path / "frames.extxyz", tmp_path / "made" / "p.brine"
    out.parent.mkdir()
    brine.write_dataset(water_like_frames(6), frames)
    protocol = tmp_path / "p.yaml"
    protocol.write_text(
        "name: water\nsystem: {molecules: {H2O: 64}, density_g_per_mL: 1.0}\n"
        "labels: {kind: files, paths: [frames.extxyz]}\n"
        "potential: {readout: neural, two_body_channels: 4, three_body_channels: 2,\n"
        "  angular_momentum: 1, epochs: 2}\n"
    )

    result = call("train", frames, "--protocol", protocol, "--out", out, "--unaudited")

    assert result.exit_code == 0, result.output
    assert [path.name for path in out.parent.iterdir()] == ["p.brine"]


def test_report_of_a_folder_without_a_run_says_what_to_do(tmp_path):
    result = call("report", tmp_path)
    assert result.exit_code == REFUSED
    assert "holds no finished run" in result.stderr


def test_a_strange_element_names_the_potential_and_the_structure(tmp_path):
    settings = brine.NativeSettings(three_body_channels=1, angular_momentum=0)
    brine.fit(water_like_frames(2), settings).save(tmp_path / "p.brine")
    structure = tmp_path / "salt.extxyz"
    Atoms("NaCl", [(0, 0, 0), (2.8, 0, 0)], cell=[9, 9, 9], pbc=True).write(structure)

    result = call("md", tmp_path / "p.brine", structure, "--out", tmp_path / "md")

    assert result.exit_code == REFUSED
    assert f"{tmp_path / 'p.brine'} cannot run {structure}: " in result.stderr
    assert "got Na, Cl" in result.stderr


def test_build_packs_a_composition_at_its_density(tmp_path):
    out = tmp_path / "box.extxyz"
    options = ("LiCl*20H2O", "--formula-units", 3, "--out", out)
    result = call("build", *options, "--json")

    found = json.loads(result.output)
    box = read(out)
    assert found["molecules"] == {"Li+": 3, "Cl-": 3, "H2O": 60}
    assert found["n_atoms"] == len(box) == 186
    assert mass_density(box) == pytest.approx(found["density_g_per_mL"], abs=1e-6)
    assert found["extrapolations"] == []
    again = call("build", *options)
    assert again.exit_code == REFUSED
    assert "exists and is not overwritten" in again.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("H2O",), "how much of it must be said by `--formula-units`"),
        (("LiCl", "--molality-mol-per-kg", 2.0), "how much of it must be said"),
        (("LiBr*9H2O", "--formula-units", 9), "give the density"),
        (("H2O", "--formula-units", 9, "--out", "box.what"), "format that ASE writes"),
    ],
)
def test_a_box_that_cannot_be_built_is_one_sentence(options, sentence):
    result = call("build", *options)

    assert result.exit_code == REFUSED
    assert sentence in result.stderr


@pytest.mark.parametrize(
    ("command", "what"), [(("observe",), "trajectory"), (("md", "p"), "structure")]
)
def test_a_file_of_no_known_format_is_named(command, what, tmp_path):
    path = tmp_path / "water.yaml"
    path.write_text("name: water")
    out = ("--out", tmp_path) if what == "structure" else ()

    result = call(*command, path, *out)

    assert result.exit_code == REFUSED
    assert f"{path}, given as a {what}, is in no format that ASE knows" in result.stderr


def failing(error):
    """Exit code of a command that raises `error`."""

    @answered
    def command(out):
        raise error

    def run(out):
        with pytest.raises(typer.Exit) as caught:
            command(out=out)
        return caught.value.exit_code

    return run


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--duration-ps", "inf"], "`--duration-ps` must be at least one step"),
        (["--duration-ps", "1e-9"], "`--duration-ps` must be at least one step"),
        (["--interval-fs", "inf"], "`--interval-fs` must be at least one step"),
        (["--timestep-fs", "100"], "`--timestep-fs` must lie between 0 and 5"),
        (["--timestep-fs", "0"], "`--timestep-fs` must lie between 0 and 5"),
        (["--seed", "9" * 24], "`seed` must lie between 0 and"),
    ],
)
def test_dynamics_that_cannot_be_are_refused(options, sentence, tmp_path):
    result = call("md", "p.brine", "box.xyz", "--out", tmp_path / "md", *options)

    assert result.exit_code == REFUSED
    assert sentence in result.output


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("energy=abc", "frame 0: labels must be numbers"),
        ("energy=-1.0 X", "frame 0: every atom must be an element, got 'X' for atom 1"),
    ],
)
def test_a_frame_that_makes_no_sense_is_named(line, sentence, tmp_path):
    label, _, element = line.partition(" ")
    path = tmp_path / "f.extxyz"
    path.write_text(
        f"2\nProperties=species:S:1:pos:R:3 {label}\nH 0 0 0\n{element or 'H'} 0 0 1\n"
    )

    result = call("audit", path)

    assert result.exit_code == REFUSED
    assert f"{path}, {sentence}" in " ".join(result.output.split())


def test_training_asks_for_its_place_first(tmp_path):
    result = call("train", "nothing.extxyz", "--out", tmp_path)

    assert result.exit_code == REFUSED
    assert f"{tmp_path} cannot be written" in result.output


def test_errors_raised_on_purpose_are_one_sentence(tmp_path, capsys):
    assert failing(InputError("`cutoff` must be positive."))(tmp_path) == REFUSED
    assert capsys.readouterr().err == "brine: `cutoff` must be positive.\n"


def test_ctrl_c_says_how_to_go_on(tmp_path, capsys):
    assert failing(KeyboardInterrupt())(tmp_path) == STOPPED
    assert capsys.readouterr().err == "brine: stopped; run again to continue.\n"


def test_a_full_disk_is_one_sentence(tmp_path, capsys):
    error = OSError(28, "No space left on device", str(tmp_path / "x"))
    assert failing(error)(tmp_path) == REFUSED
    assert "no space is left" in capsys.readouterr().err


def test_an_unforeseen_error_leaves_its_traceback_in_a_file(tmp_path, capsys):
    assert failing(ZeroDivisionError("division by zero"))(tmp_path) == UNEXPECTED

    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "error.log" in said
    assert "ZeroDivisionError" in (tmp_path / "error.log").read_text()


def test_the_command_starts_as_a_program():
    found = subprocess.run(
        [sys.executable, "-c", "from brine.cli import main; main()", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == f"brine {brine.__version__}\n"


def test_labels_are_made_audited_and_named(tmp_path):
    protocol = tmp_path / "water.yaml"
    protocol.write_text(
        "name: water\n"
        "system: {molecules: {H2O: 24}, density_g_per_mL: 1.0}\n"
        "labels:\n"
        "  kind: oracle\n"
        "  oracle: {kind: spcfw, cutoff_A: 4.0}\n"
        "  sampling: {temperatures_K: [300], density_factors: [1.0], "
        "frames_per_run: 4, equilibration_ps: 0.1}\n"
    )
    out = tmp_path / "water"

    result = call("label", protocol, "--out", out)

    assert result.exit_code == 0, result.output
    assert "Nothing must be fixed" in result.output
    assert len(read(out / "labels.extxyz", index=":")) == 8


def test_a_reader_that_has_enough_is_no_bug(tmp_path):
    words = "import brine.cli; brine.cli.main()"
    with subprocess.Popen(
        [sys.executable, "-c", words, "keys"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    ) as command:
        command.stdout.close()
        assert command.stderr.read() == b""
    assert command.returncode == 141
    assert not list(tmp_path.iterdir())
