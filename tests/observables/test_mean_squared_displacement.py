import numpy as np
import pytest

from brine.errors import InputError, ShapeError
from brine.observables import mean_squared_displacement


def test_ballistic_motion_gives_speed_squared_times_lag_squared():
    """Exact: r_i(t) = r_i(0) + v_i t, so M(k) = <|v|²> k²."""
    rng = np.random.default_rng(0)
    start, velocity = rng.normal(size=(2, 7, 3))
    positions = start + velocity * np.arange(50)[:, None, None]
    expected = np.square(velocity).sum(axis=-1).mean() * np.arange(21) ** 2

    msd = mean_squared_displacement(positions, max_lag=20)

    assert expected[1] > 0
    np.testing.assert_allclose(msd, expected, rtol=1e-10, atol=1e-9)


def test_transform_equals_the_sum_over_origins():
    """1e-9 Å²: rounding of squares of 100 Å."""
    rng = np.random.default_rng(1)
    positions = np.cumsum(rng.normal(size=(101, 5, 3)), axis=0) + 100
    direct = [
        np.square(positions[k:] - positions[: 101 - k]).sum(axis=-1).mean()
        for k in range(101)
    ]

    np.testing.assert_allclose(
        mean_squared_displacement(positions), direct, rtol=0, atol=1e-9
    )


def test_reflection_and_translation_change_nothing():
    rng = np.random.default_rng(2)
    positions = np.cumsum(rng.normal(size=(60, 4, 3)), axis=0)
    mirrored = positions * [-1, 1, 1] + [3.0, -5.0, 40.0]

    np.testing.assert_allclose(
        mean_squared_displacement(mirrored),
        mean_squared_displacement(positions),
        rtol=0,
        atol=1e-10,
    )


def test_one_atom_and_one_frame_stand_still():
    assert mean_squared_displacement(np.ones((1, 1, 3))).tolist() == [0.0]


def test_positions_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match=r"n_frames, n_atoms, 3.*\(5, 3\)"):
        mean_squared_displacement(np.zeros((5, 3)))
    with pytest.raises(ShapeError, match="at least one atom"):
        mean_squared_displacement(np.zeros((5, 0, 3)))


@pytest.mark.parametrize("max_lag", [-1, 5])
def test_lags_beyond_the_trajectory_are_refused(max_lag):
    with pytest.raises(InputError, match="lags must lie between 0 and 4"):
        mean_squared_displacement(np.zeros((5, 2, 3)), max_lag)
