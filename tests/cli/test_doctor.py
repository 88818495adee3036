"""`brine doctor` looks at everything and never falls over."""

import json

from typer.testing import CliRunner

from brine.cli.application import app
from brine.errors import InputError, MissingPackageError
from brine.workflow import doctor


def finding(monkeypatch, check):
    monkeypatch.setattr(doctor, "CHECKS", {("family", "toy"): check})
    return doctor._finding("family", "toy")


def raising(error):
    def check():
        raise error

    return check


def test_what_works_has_a_version(monkeypatch):
    assert finding(monkeypatch, lambda: "toy 1.2").state == "works"
    assert finding(monkeypatch, lambda: "toy 1.2").version == "toy 1.2"


def test_absent_and_broken_are_told_apart(monkeypatch):
    absent = finding(monkeypatch, raising(MissingPackageError("run `pip install x`")))
    assert (absent.state, absent.remedy) == ("absent", "run `pip install x`")
    assert finding(monkeypatch, raising(InputError("bad"))).state == "fails"
    broken = finding(monkeypatch, raising(ZeroDivisionError("division by zero")))
    assert broken.state == "fails"
    assert "division by zero" in broken.remedy


def test_a_shadowed_mpirun_is_named(tmp_path):
    wheel, system = tmp_path / "venv", tmp_path / "usr"
    for folder in (wheel, system):
        folder.mkdir()
        (folder / "mpirun").write_text("#!/bin/sh\n")
        (folder / "mpirun").chmod(0o755)
    (system / "cp2k.psmp").write_text("#!/bin/sh\n")
    (system / "cp2k.psmp").chmod(0o755)

    (found,) = doctor.two_mpis(f"{wheel}:{system}")
    assert f"{wheel / 'mpirun'} shadows {system / 'mpirun'}" in found.remedy
    assert not list(doctor.two_mpis(f"{system}:{wheel}"))
    assert not list(doctor.two_mpis(str(system)))


def test_the_native_family_passes_in_a_process_of_its_own(monkeypatch):
    only = {("family", "linear"): doctor.CHECKS["family", "linear"]}
    monkeypatch.setattr(doctor, "CHECKS", only)
    monkeypatch.setenv("PATH", "/nowhere")
    answer = CliRunner().invoke(app, ["doctor", "--json"])

    assert answer.exit_code == 0, answer.output
    (found,) = json.loads(answer.stdout)
    assert (found["kind"], found["name"], found["state"]) == (
        *("family", "linear", "works"),
    )
    assert found["version"]
