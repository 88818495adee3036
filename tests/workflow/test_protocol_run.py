"""A whole protocol, small: from an oracle's labels to a verdict and its report."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from brine.datasets import read_dataset
from brine.errors import InputError
from brine.settings import ModelPotential, Protocol, load_protocol
from brine.validation import GATE_NAMES
from brine.workflow import Event, label_protocol, rewrite_report, run_protocol

SMALL = Path(__file__).with_name("small.yaml")


@pytest.fixture(scope="module")
def small() -> Protocol:
    return load_protocol(SMALL)


@pytest.fixture(scope="module")
def finished(small, tmp_path_factory) -> Path:
    """The folder of a finished run."""
    out = tmp_path_factory.mktemp("run")
    run_protocol(small, out)
    return out


def kinds(events: list[Event], kind: str) -> set[str]:
    return {event.step for event in events if event.kind == kind}


def changed(protocol: Protocol, section: str, **values) -> Protocol:
    part = getattr(protocol, section).model_copy(update=values)
    return protocol.model_copy(update={section: part})


def test_a_run_leaves_verdict_report_potential_and_resolved_protocol(finished, small):
    verdict = json.loads((finished / "verdict.json").read_text())

    assert verdict["schema_version"] == 1
    assert tuple(gate["name"] for gate in verdict["gates"]) == GATE_NAMES
    assert "<html" in (finished / "report.html").read_text()
    assert (finished / "potential.brine").stat().st_size > 0
    assert load_protocol(finished / "protocol.resolved.yaml") == small


def test_observables_of_model_and_oracle_stand_side_by_side(finished):
    found = json.loads((finished / "observables.json").read_text())

    for name in ("model", "reference"):
        assert 0.5 < found[name]["density_g_per_mL"]["value"] < 1.5
        assert "O-O" in found[name]["constant_volume"]["radial"]


def test_a_second_run_finds_everything(finished, small):
    events: list[Event] = []
    before = (finished / "verdict.json").read_bytes()

    run_protocol(small, finished, watcher=events.append)

    assert kinds(events, "started") == set()
    assert (finished / "verdict.json").read_bytes() == before


def test_labels_alone_are_those_of_the_run_and_stand_in_a_file(finished, small):
    events: list[Event] = []

    dataset = label_protocol(small, finished, watcher=events.append)

    assert kinds(events, "found") == {"labels"}
    written = read_dataset(finished / "labels.extxyz")
    assert written.fingerprint == dataset.fingerprint
    assert set(written.group_names) == set(dataset.group_names)
    np.testing.assert_allclose(written.forces, dataset.forces, atol=1e-7)
    np.testing.assert_allclose(written.stress, dataset.stress, atol=1e-7)


def test_a_model_from_elsewhere_comes_under_the_same_verdict(finished, small, tmp_path):
    out = tmp_path / "run"
    shutil.copytree(finished, out)
    model = tmp_path / "elsewhere.brine"
    shutil.copy(finished / "potential.brine", model)
    protocol = small.model_copy(
        update={"potential": ModelPotential(kind="model", path=str(model))}
    )
    events: list[Event] = []
    before = json.loads((finished / "verdict.json").read_text())["gates"]

    verdict = run_protocol(protocol, out, watcher=events.append)

    assert {"fit", "nvt"} <= kinds(events, "started")
    assert kinds(events, "found") == {"labels", "splits", "start", "audit"} | {
        name for name in kinds(events, "found") if name.startswith("oracle")
    }
    forces = {gate["name"]: gate["value"] for gate in before}["held_out_forces"]
    found = {gate.name: gate.value for gate in verdict.gates}["held_out_forces"]
    assert found == pytest.approx(forces)


def test_a_tolerance_changes_the_verdict_alone(finished, small):
    events: list[Event] = []
    strict = changed(small, "validation", force_rmse_meV_per_A=1e-3)

    verdict = run_protocol(strict, finished, watcher=events.append)

    assert kinds(events, "started") == {"verdict"}
    assert verdict.gate("held_out_forces").status == "fail"
    assert not verdict.accepted


def test_a_longer_run_at_constant_pressure_leaves_the_others(finished, small):
    events: list[Event] = []

    run_protocol(
        changed(small, "dynamics", npt_ps=0.25), finished, watcher=events.append
    )

    assert kinds(events, "started") == {"npt", "oracle-npt", "verdict"}


def test_a_report_is_written_once_more_without_the_steps(finished, small):
    verdict = run_protocol(small, finished)
    (finished / "report.html").unlink()
    (finished / "verdict.json").unlink()

    assert rewrite_report(finished) == verdict
    assert (finished / "report.html").exists()


def start(out: Path) -> subprocess.Popen[bytes]:
    command = "from brine.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", command, "run", str(SMALL), "--out", str(out)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


@pytest.mark.parametrize("name", ["nvt-*/log.csv", "fit-*/step.json", "current.json"])
def test_a_report_of_damaged_results_names_the_file(finished, tmp_path, name):
    copy = tmp_path / "run"
    shutil.copytree(finished, copy)
    (path,) = (copy / "steps").glob(name)
    path.write_text("{}")

    with pytest.raises(InputError, match=f"{path} is damaged or missing"):
        rewrite_report(copy)


@pytest.mark.slow
def test_killed_in_every_step_it_ends_with_the_same_verdict(finished, small, tmp_path):
    """SIGKILL a moment after each step has begun to write."""
    run_protocol(small, finished)
    current = json.loads((finished / "steps" / "current.json").read_text())
    for folder in current.values():
        process = start(tmp_path)
        begun = tmp_path / "steps" / ".partial" / folder
        while process.poll() is None and not begun.exists():
            time.sleep(0.01)
        time.sleep(0.2)
        process.kill()
        process.communicate()
    process = start(tmp_path)
    process.communicate()

    assert process.returncode == 0
    for name in ("verdict.json", "observables.json", "potential.brine"):
        assert (tmp_path / name).read_bytes() == (finished / name).read_bytes(), name


@pytest.mark.slow
def test_ctrl_c_says_that_it_will_continue(tmp_path):
    process = start(tmp_path)
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)

    assert process.returncode == 130
    assert said.decode().endswith("brine: stopped; run again to continue.\n")
    assert "Traceback" not in said.decode()
