import numpy as np
import pytest

from brine.errors import InputError
from brine.observables.peaks import (
    extremum,
    jackknife,
    maximum_window,
    minimum_window,
)

R = 0.01 + 0.02 * np.arange(400)


def test_jackknife_of_a_mean_is_its_textbook_error():
    blocks = np.random.default_rng(0).normal(size=(10, 4))
    expected = blocks.std(axis=0, ddof=1) / np.sqrt(10)
    np.testing.assert_allclose(jackknife(lambda g: g, blocks), expected, rtol=1e-12)


def test_jackknife_follows_a_function_to_first_order():
    """sigma(x²) = 2 x sigma(x), to the second order in 1 % noise."""
    blocks = 1 + 0.01 * np.random.default_rng(1).normal(size=(10, 1))
    expected = 2 * blocks.mean() * blocks.std(ddof=1) / np.sqrt(10)
    assert jackknife(np.square, blocks)[0] == pytest.approx(expected, rel=1e-3)


def test_one_block_has_no_error():
    assert np.isnan(jackknife(lambda g: g, np.ones((1, 3)))).all()


def test_noise_alone_is_not_a_shell():
    noise = 1 + 0.1 * np.random.default_rng(2).normal(size=400)
    with pytest.raises(InputError, match="no first shell"):
        maximum_window(R, np.minimum(noise, 0.99), 0.1)


def test_shoulder_without_a_rise_has_no_minimum():
    falling = 2 * np.exp(-((R - 2) ** 2)) + 0.01
    window = maximum_window(R, falling, 0.0)
    assert R[window.first] < 2 < R[window.last]
    with pytest.raises(InputError, match="does not rise again"):
        minimum_window(R, falling, 0.0)


def test_minimum_of_an_empty_gap_is_its_middle():
    """Tight shell at 2.1 Å, nothing until 3.9 Å, as around Zn2+."""
    g = 30 * np.exp(-0.5 * ((R - 2.1) / 0.06) ** 2)
    g += 1.5 / (1 + np.exp(-(R - 4.1) / 0.03)) * np.exp(-0.2 * np.maximum(R - 4.1, 0))
    position, depth = extremum(R, g, minimum_window(R, g, 0.0))
    assert 2.6 < position < 3.9
    assert depth == pytest.approx(0, abs=0.01)
