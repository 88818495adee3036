"""Energy drift and stability, from simulations."""

import numpy as np
import pytest

from brine.errors import InputError
from brine.settings.validation import ValidationSettings
from brine.structures import Simulation, Stop, Trajectory
from brine.validation import (
    EnergyDrift,
    StabilityRun,
    Status,
    energy_drift,
    energy_drift_gate,
    linear_drift,
    stability_gate,
    stability_run,
)

SETTINGS = ValidationSettings()
GOOD = StabilityRun(300.0, 301.0, 100.0, 100.0, "", ())
HOT = StabilityRun(400.0, 398.0, 20.0, 20.0, "", ())


def simulation(*, stopped: Stop | None = None, slope: float = 0.0) -> Simulation:
    times = np.arange(200) * 10.0
    trajectory = Trajectory(
        numbers=np.array([8, 1, 1]),
        masses=np.array([16.0, 1.0, 1.0]),
        positions=np.zeros((4, 3, 3)) + np.arange(3)[:, None],
        cells=np.tile(10 * np.eye(3), (4, 1, 1)),
        times=np.arange(4) * 500.0,
        unwrapped=True,
    )
    log = {
        "time_fs": times,
        "temperature_K": np.full(200, 300.0),
        "conserved_energy_eV": -20 + slope * times,
    }
    return Simulation(trajectory, log, stopped, 1.0)


def test_a_straight_line_gives_its_slope():
    """3 atoms, 3e-9 eV/fs: 1e-9 eV/atom/fs is 1 meV/atom/ns."""
    drift = energy_drift(simulation(slope=3e-9))
    assert drift.value == pytest.approx(1.0, abs=1e-4)
    assert drift.duration == pytest.approx(1.99, abs=1e-9)


def test_the_error_of_the_drift_covers_correlated_noise():
    """AR(1) noise without slope: values spread about zero as their errors say."""
    rng = np.random.default_rng(5)
    deviations = []
    for _ in range(60):
        noise = rng.normal(size=2000)
        for k in range(1, 2000):
            noise[k] += 0.9 * noise[k - 1]
        drift = linear_drift(np.arange(2000.0), noise * 1e-3, n_atoms=10)
        deviations.append(drift.value / drift.error)
    # 60 draws of unit spread: within 3 sigma of 1, sigma = 1/sqrt(120), and the
    # inefficiency is itself an estimate from a finite series.
    assert np.std(deviations) == pytest.approx(1.0, abs=0.35)


def test_too_few_lines_cannot_give_a_drift():
    with pytest.raises(InputError, match="at least 10 lines"):
        linear_drift(np.arange(5.0), np.zeros(5), n_atoms=3)


@pytest.mark.parametrize(
    ("value", "error", "status"),
    [
        (0.4, 0.3, Status.PASS),
        (-20.0, 1.0, Status.FAIL),
        (8.0, 6.0, Status.UNDETERMINED),
        (1.0, 9.0, Status.UNDETERMINED),
        (float("nan"), 1.0, Status.FAIL),
    ],
)
def test_the_drift_is_judged_with_its_error_bar(value, error, status):
    gate = energy_drift_gate(EnergyDrift(value, error, 20.0), SETTINGS)
    assert gate.status is status
    assert gate.blocks == (status is not Status.PASS)
    assert gate.unit == "meV/atom/ns"


def test_runs_that_end_with_every_water_intact_pass():
    gate = stability_gate([GOOD, HOT], SETTINGS)
    assert gate.status is Status.PASS
    assert gate.value == 20.0


def test_a_run_above_the_target_is_asked_for():
    gate = stability_gate([GOOD], SETTINGS)
    assert gate.status is Status.UNDETERMINED
    assert gate.blocks
    assert "400 K" in gate.reason


def test_a_run_that_a_guard_stopped_fails_with_its_reason():
    stop = Stop("two O atoms are 1.3 Å apart", step=120)
    run = stability_run(
        simulation(stopped=stop), target=300.0, asked=10.0, broken=lambda atoms: []
    )
    gate = stability_gate([run, HOT], SETTINGS)
    assert gate.status is Status.FAIL
    assert "two O atoms are 1.3 Å apart" in gate.reason
    assert gate.value == pytest.approx(1.99, abs=1e-9)
    assert gate.reference == 10.0


def test_a_broken_water_fails_and_the_last_frame_is_always_looked_at():
    seen = []

    def broken(atoms):
        seen.append(atoms)
        return ["O atom 0 has 1 H"] if len(seen) == 3 else []

    run = stability_run(simulation(), target=300.0, asked=2.0, broken=broken, every=2)
    assert len(seen) == 3
    assert run.broken == ("at 1.50 ps O atom 0 has 1 H",)
    assert stability_gate([run, HOT], SETTINGS).status is Status.FAIL


def test_a_run_that_never_held_its_temperature_fails():
    run = stability_run(simulation(), target=500.0, asked=2.0, broken=lambda atoms: [])
    gate = stability_gate([GOOD, run], SETTINGS)
    assert gate.status is Status.FAIL
    assert "settled at 300 K" in gate.reason
