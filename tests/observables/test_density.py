from dataclasses import replace

import numpy as np
import pytest

from brine.errors import InputError
from brine.observables import densities, density
from brine.structures.simulation import Simulation
from brine.structures.trajectory import Trajectory


def waters(edges):
    """64 H2O in cubes of given edges, Å."""
    n_frames = len(edges)
    return Trajectory(
        numbers=np.tile([8, 1, 1], 64),
        masses=np.tile([15.999, 1.008, 1.008], 64),
        positions=np.zeros((n_frames, 192, 3)),
        cells=np.asarray(edges)[:, None, None] * np.eye(3),
        times=np.arange(n_frames, dtype=float),
        unwrapped=True,
    )


def test_density_of_64_waters_in_the_usual_box():
    """64 · 18.015 g/mol / (6.02214076e23 · 12.4447e-8³ cm³) = 0.99335 g/mL."""
    found = density(waters([12.4447] * 10))
    assert found.value == pytest.approx(0.99335, abs=2e-5)
    assert found.error == pytest.approx(0, abs=1e-12)


def test_fluctuating_box_gives_the_mean_and_its_error():
    rng = np.random.default_rng(0)
    trajectory = waters(12.4447 * (1 + 0.005 * rng.normal(size=400)))
    found = density(trajectory)
    frames = densities(trajectory)
    assert found.error == pytest.approx(frames.std() / 20, rel=0.4)
    assert abs(found.value - 0.99335) < 4 * found.error


def test_log_of_a_simulation_is_preferred():
    logged = 1 + 0.01 * np.random.default_rng(1).normal(size=500)
    run = Simulation(
        waters([12.4447] * 3), {"density_g_per_mL": logged}, None, float("nan")
    )
    assert density(run).value == pytest.approx(1.0, abs=0.003)
    silent = replace(run, log={"density_g_per_mL": np.full(500, np.nan)})
    assert density(silent).value == pytest.approx(0.99335, abs=2e-5)


def test_density_without_a_box_is_refused():
    with pytest.raises(InputError, match="periodic in three directions"):
        density(waters([0.0, 0.0]))
