"""Parts of a report from results with known numbers."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from brine.datasets import Dataset, dataset_from_atoms
from brine.observables import Diffusion, Estimate
from brine.potentials.potential import Uncertainty
from brine.reports import (
    displacement,
    energy_parity,
    force_calibration,
    force_parity,
    last_frame,
    rdf_figures,
    time_series,
)
from brine.structures import Simulation, Trajectory
from brine.training import Predictions
from brine.validation import water_first_peak


@pytest.fixture
def labelled() -> Dataset:
    """Four boxes of one water, the last without energy."""
    rng = np.random.default_rng(0)
    frames = []
    for k in range(4):
        atoms = Atoms("OH2", rng.normal(size=(3, 3)), cell=[5] * 3, pbc=True)
        labels = {"energy": -10.0 + 0.003 * k} if k < 3 else {}
        atoms.calc = SinglePointCalculator(
            atoms, forces=rng.normal(size=(3, 3)), **labels
        )
        frames.append(atoms)
    return dataset_from_atoms(frames, groups=["a"] * 4, fingerprint="made up")


@pytest.fixture
def predictions(labelled) -> Predictions:
    """Energies 1 eV too high, forces 0.1 eV/Å too high."""
    return Predictions(
        np.nan_to_num(labelled.energy) + 1.0,
        labelled.forces + 0.1,
        np.full((4, 3, 3), np.nan),
    )


class Unsure:
    elements = (1, 8)

    def uncertainty(self, atoms):
        n = len(atoms)
        return Uncertainty(0.1, np.full(n, 0.1), np.full((n, 3), 0.05))


class Sure(Unsure):
    def uncertainty(self, atoms):
        return None


def test_energy_parity_removes_the_mean_error_and_skips_missing_labels(
    labelled, predictions
):
    parity = energy_parity(labelled, predictions)
    labels, predicted = parity.series["H2O"]
    np.testing.assert_allclose(labels, [-1, 0, 1], rtol=0, atol=1e-9)
    np.testing.assert_allclose(predicted, labels, rtol=0, atol=1e-9)


def test_force_parity_has_every_component_of_each_element(labelled, predictions):
    series = force_parity(labelled, predictions).series
    assert {name: len(pair[0]) for name, pair in series.items()} == {"H": 24, "O": 12}
    for labels, predicted in series.values():
        np.testing.assert_allclose(predicted - labels, 0.1, rtol=0, atol=1e-12)


def test_calibration_pairs_deviations_with_errors(labelled, predictions):
    calibration = force_calibration(Unsure(), labelled, predictions)
    assert calibration is not None
    np.testing.assert_allclose(calibration.predicted, 50, rtol=0, atol=1e-9)
    np.testing.assert_allclose(calibration.errors, 100, rtol=0, atol=1e-9)
    assert len(calibration.errors) == 36
    assert force_calibration(Sure(), labelled, predictions) is None


def simulation() -> Simulation:
    trajectory = Trajectory(
        numbers=np.array([18]),
        masses=np.array([39.9]),
        positions=np.arange(6.0).reshape(2, 1, 3),
        cells=np.tile(9 * np.eye(3), (2, 1, 1)),
        times=np.array([0.0, 500.0]),
        unwrapped=True,
    )
    log = {
        "time_fs": np.array([0.0, 1000.0]),
        "temperature_K": np.array([290.0, 310.0]),
        "density_g_per_mL": np.array([1.0, 1.1]),
    }
    return Simulation(trajectory, log, None, 1.0)


def test_the_fitted_line_has_the_slope_of_the_diffusion_coefficient():
    """6 D t: 1e-9 m²/s is 0.1 Å²/ps, so 2.3 gives 1.38 Å²/ps."""
    lags = np.linspace(0, 20e3, 50)
    diffusion = Diffusion(
        *("H2O", 64, 2.3, 0.1, Estimate(2.6, 0.1), Estimate(1.0, 0.02)),
        *((2e3, 10e3), 0.4, lags, 1.38e-3 * lags + 0.4, np.zeros(50)),
    )
    figure = displacement(diffusion)
    assert figure.slope == pytest.approx(1.38, abs=1e-9)
    assert figure.fit_window == (2.0, 10.0)
    expected = figure.intercept + figure.slope * figure.times
    np.testing.assert_allclose(figure.displacement, expected, rtol=0, atol=1e-9)
    assert "2.60 ± 0.10 in an infinite one" in figure.note


def test_series_are_in_picoseconds():
    series = time_series(simulation(), "NPT", target_temperature=300.0)
    np.testing.assert_allclose(series.times, [0.0, 1.0])
    assert series.target_temperature == 300.0


def test_the_last_frame_is_periodic_and_the_last():
    atoms = last_frame(simulation())
    assert atoms is not None
    np.testing.assert_allclose(atoms.positions, [[3, 4, 5]])
    assert atoms.pbc.all()


def test_experiment_is_shown_for_oxygen_in_water_only():
    peak = water_first_peak()

    class Found:
        r, g, error = peak.r, peak.g, None

    found = {("O", "O"): Found(), ("O", "H"): Found()}
    figures = rdf_figures(found, water=True)  # type: ignore[arg-type]
    assert figures[0].experiment is not None
    assert "Skinner" in figures[0].experiment.name
    assert figures[1].experiment is None
