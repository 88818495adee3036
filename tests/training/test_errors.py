import numpy as np
import pytest

from brine.errors import InputError, ShapeError
from brine.training import (
    LearningCurve,
    energy_errors,
    force_errors,
    stress_errors,
)
from brine.units import BAR


def test_a_constant_offset_is_in_the_energy_rmse_and_not_in_the_centred_one():
    rng = np.random.default_rng(0)
    labels = rng.normal(size=50)
    noise = rng.normal(size=50) * 0.01
    errors = energy_errors(labels + noise + 1.92, labels, n_atoms=np.full(50, 192))

    expected = noise / 192 * 1e3
    assert errors.mean == pytest.approx(10 + expected.mean(), abs=1e-9)
    assert errors.rmse_centred == pytest.approx(expected.std(), abs=1e-9)
    assert errors.mae_centred == pytest.approx(
        np.abs(expected - expected.mean()).mean(), abs=1e-9
    )
    assert errors.rmse > 9.9
    assert errors.mae > 9.9


def test_an_energy_error_linear_in_volume_gives_its_slope():
    """Exact: 0.3 meV/atom for each 1 % of volume, in two compositions."""
    strain = np.array([-5.0, 0.0, 5.0, -10.0, 0.0, 10.0])
    sizes = np.array([3, 3, 3, 6, 6, 6])
    volumes = sizes * np.where(sizes == 3, 10.0, 12.0) * (1 + strain / 100)
    error = (0.3 * strain + np.where(sizes == 3, 1.0, -1.0)) * sizes / 1e3
    errors = energy_errors(
        error,
        np.zeros(6),
        n_atoms=sizes,
        volumes=volumes,
        compositions=["a"] * 3 + ["b"] * 3,
    )

    assert errors.volume_slope == pytest.approx(0.3, abs=1e-9)
    assert errors.volume_slope_error == pytest.approx(0, abs=1e-9)
    assert errors.composition_spread == pytest.approx(1.0, abs=1e-9)


def test_frames_of_one_volume_and_composition_have_no_slope_and_no_spread():
    errors = energy_errors(
        [1.0, 2.0, 3.0], [0.0, 0.0, 0.0], n_atoms=[3, 3, 3], volumes=[30.0] * 3
    )
    assert np.isnan(errors.volume_slope)
    assert np.isnan(errors.composition_spread)


def test_force_errors_are_told_apart_by_element():
    labels = np.arange(12.0).reshape(4, 3)
    wrong = np.array([[0.03], [0.0], [-0.03], [0.01]])
    errors = force_errors(labels + wrong, labels, numbers=[8, 1, 8, 1])

    assert errors.elements["O"].rmse == pytest.approx(30, abs=1e-9)
    assert errors.elements["H"].rmse == pytest.approx(10 / np.sqrt(2), abs=1e-9)
    assert errors.elements["H"].mae == pytest.approx(5, abs=1e-9)
    assert errors.rmse == pytest.approx(np.sqrt((2 * 900 + 100) / 4), abs=1e-9)
    assert errors.maximum == pytest.approx(30, abs=1e-9)
    assert errors.elements["O"].n_atoms == 2


def test_a_tension_predicted_too_high_is_a_pressure_too_low():
    labels = np.zeros((2, 3, 3))
    errors = stress_errors(labels + 100 * BAR * np.eye(3), labels)

    assert errors.pressure_mean == pytest.approx(-100, abs=1e-9)
    assert errors.pressure_rmse == pytest.approx(100, abs=1e-9)
    assert errors.pressure_mean_error == pytest.approx(0, abs=1e-9)
    assert errors.rmse == pytest.approx(100 / np.sqrt(3), abs=1e-9)


def test_arrays_of_different_length_are_refused():
    with pytest.raises(ShapeError, match=r"one shape of 2 dimensions"):
        force_errors(np.zeros((3, 3)), np.zeros((2, 3)), numbers=[1, 1, 1])
    with pytest.raises(ShapeError, match="`n_atoms`"):
        energy_errors([1.0], [1.0], n_atoms=[1, 2])
    with pytest.raises(ShapeError, match="one length"):
        LearningCurve(np.arange(2), "epochs", np.zeros(2), np.zeros(3))


def test_no_label_at_all_is_refused():
    with pytest.raises(InputError, match="at least one label"):
        energy_errors([], [], n_atoms=[])
