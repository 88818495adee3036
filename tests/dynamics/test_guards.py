import math

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.io import read

from brine.dynamics import (
    NPT,
    NVE,
    NVT,
    Guards,
    MDSettings,
    ideal_gas,
    lennard_jones,
    no_guards,
    run_md,
)
from brine.dynamics.guards import FrameWatch
from brine.errors import InputError
from brine.potentials.potential import Evaluation, Uncertainty


class Springless:
    """No forces, until something happens at the n-th evaluation."""

    elements = (1, 8, 18)

    def __init__(self, *, energy=0.0, force=0.0, after=50, deviation=0.0):
        self.late = (energy, force)
        self.after, self.deviation, self.count = after, deviation, 0

    def evaluate(self, atoms):
        self.count += 1
        energy, force = self.late if self.count > self.after else (0.0, 0.0)
        forces = np.zeros((len(atoms), 3))
        forces[0], forces[1] = force, -force
        return Evaluation(energy, forces, np.zeros((3, 3)))

    def uncertainty(self, atoms):
        n = len(atoms)
        return Uncertainty(0.0, np.zeros(n), np.full((n, 3), self.deviation))


def gas():
    rng = np.random.default_rng(0)
    return Atoms("Ar20", rng.uniform(0, 20, (20, 3)), cell=[20] * 3, pbc=True)


SETTINGS = MDSettings(NVT(300.0), 400, interval=20)


@pytest.mark.parametrize(
    ("trouble", "reason", "step"),
    [
        ({"energy": math.nan}, "the energy is not finite", 50),
        ({"force": math.inf}, "a force is not finite", 50),
        ({"force": 500.0}, "the temperature reached", 50),
    ],
)
def test_a_run_that_explodes_stops_at_the_very_step(trouble, reason, step, tmp_path):
    stop = run_md(gas(), Springless(**trouble), SETTINGS, out=tmp_path).stopped
    assert stop.reason.startswith(reason)
    assert stop.step == step


def test_the_states_before_a_stop_are_kept_and_saved(tmp_path):
    potential = Springless(force=500.0, after=57)
    stop = run_md(gas(), potential, SETTINGS, out=tmp_path).stopped
    steps = [frame.info["step"] for frame in stop.frames]
    assert steps == [10, 20, 30, 40, 50, 57]
    saved = read(tmp_path / "stopped-frames.extxyz", ":")
    assert [frame.info["step"] for frame in saved] == steps
    assert saved[-1].info["stopped"] == stop.reason
    np.testing.assert_allclose(saved[-1].get_forces()[0], 500.0, rtol=0, atol=1e-6)
    assert np.abs(saved[0].get_momenta()).max() > 0.1
    # Free flight between two states kept: the momenta are those of the positions.
    flown = stop.frames[1].positions - stop.frames[0].positions
    assert np.abs(flown).max() > 0.01


def test_an_energy_that_is_not_finite_at_the_start_stops_the_run_there():
    stop = run_md(gas(), Springless(energy=math.nan, after=0), SETTINGS).stopped
    assert stop.step == 0
    assert "first frame" in stop.reason


def test_a_jump_of_the_temperature_stops_below_the_highest_one():
    guards = Guards(temperature=math.inf, temperature_jump=200.0)
    settings = MDSettings(NVE(300.0), 400, guards=guards)
    stop = run_md(gas(), Springless(force=2.0), settings).stopped
    assert "rose by" in stop.reason
    assert "within 5 fs" in stop.reason


def test_a_box_that_leaves_its_density_window_stops_the_run():
    """A gas pulled apart by a negative pressure."""
    ensemble = NPT(300.0, -2000.0, compressibility=1e-3)
    stop = run_md(gas(), ideal_gas(20), MDSettings(ensemble, 20_000)).stopped
    start = 20 * 39.948 / 8000 / 0.602214076
    found = start * 8000 / stop.frames[-1].get_volume()
    assert f"the density reached {found:.3f} g/mL" in stop.reason
    assert 0.45 * start < found < 0.5 * start


def test_two_atoms_closer_than_supported_stop_the_run():
    """Two argon atoms shot at each other come below half their diameter."""
    atoms = Atoms("Ar2", [[0, 0, 0], [6.0, 0, 0]])
    atoms.set_momenta([[100.0, 0, 0], [-100.0, 0, 0]])
    field = lennard_jones(0.0104, 3.4, cutoff=7.0)
    guards = Guards(temperature=math.inf, temperature_jump=math.inf, history_stride=1)
    stop = run_md(atoms, field, MDSettings(NVE(), 400, guards=guards)).stopped
    assert "closer than the potential supports" in stop.reason
    distances = [frame.get_distance(0, 1) for frame in stop.frames[-2:]]
    assert distances[0] > 0.5 * 3.4 > distances[1]


def test_water_that_falls_apart_stops_the_run():
    water = molecule("H2O", cell=[8] * 3, pbc=True)
    stop = run_md(water, ideal_gas(3), MDSettings(NVE(300.0), 2000)).stopped
    assert "water is broken since" in stop.reason
    assert stop.step * 0.5 > 100


def test_water_that_is_broken_at_the_start_is_not_watched():
    hydroxide = molecule("OH", cell=[8] * 3, pbc=True)
    assert run_md(hydroxide, ideal_gas(2), MDSettings(NVE(300.0), 400)).stopped is None


def test_a_proton_may_hop():
    """Broken for less than a hop, intact again, broken again: never long enough."""
    whole = molecule("H2O", cell=[8] * 3, pbc=True)
    broken = whole.copy()
    broken.positions[1] += [0, 0, 3.0]
    watch = FrameWatch(Guards(proton_hop=100.0), None, watches_water=True)
    frames = [(broken, 0), (broken, 90), (whole, 95), (broken, 120), (broken, 210)]
    for index, (frame, time) in enumerate(frames):
        assert watch.objection(frame, time=time, index=index) is None
    reason = watch.objection(broken, time=221.0, index=6)
    assert "since 101 fs" in reason


def test_a_potential_that_doubts_itself_stops_the_run():
    guards = Guards(force_uncertainty=0.3, uncertainty_interval=4)
    settings = MDSettings(NVT(300.0), 400, interval=20, guards=guards)
    stop = run_md(gas(), Springless(deviation=0.4), settings).stopped
    assert "0.400 eV/Å, above the limit of 0.300" in stop.reason
    assert run_md(gas(), Springless(deviation=0.2), settings).stopped is None


def test_guards_can_be_switched_off():
    settings = MDSettings(NVT(300.0), 200, guards=no_guards())
    assert run_md(gas(), Springless(force=50.0), settings).stopped is None


def test_a_calm_run_is_not_stopped():
    atoms = bulk("Ar", "fcc", a=5.3, cubic=True).repeat(2)
    field = lennard_jones(0.0104, 3.4, cutoff=7.0)
    settings = MDSettings(NPT(50.0, 1000.0), 2000, timestep=4.0)
    assert run_md(atoms, field, settings).stopped is None


def test_an_impossible_window_is_refused():
    with pytest.raises(InputError, match="window"):
        Guards(density=(1.2, 0.8))
