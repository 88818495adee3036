import logging

import numpy as np
import pytest

from brine.errors import InputError, ShapeError
from brine.observables import (
    block_error,
    equilibration,
    mean_estimate,
    statistical_inefficiency,
)


def correlated(rng, *, n, time):
    """Unit-variance Gaussian series that forgets exponentially, exact g known."""
    keep = np.exp(-1 / time)
    noise = rng.normal(size=n) * np.sqrt(1 - keep**2)
    series = np.empty(n)
    series[0] = rng.normal()
    for k in range(1, n):
        series[k] = keep * series[k - 1] + noise[k]
    return series


def test_uncorrelated_series_has_the_textbook_error():
    series = np.random.default_rng(0).normal(size=4096)
    expected = 1 / 64
    assert block_error(series) == pytest.approx(expected, rel=0.1)
    assert mean_estimate(series).error == pytest.approx(expected, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("time", [3.0, 30.0])
def test_claimed_errors_are_the_scatter_of_correlated_means(time):
    """200 replicas know the scatter to 5 %; estimators of few samples run low."""
    rng = np.random.default_rng(1)
    series = [correlated(rng, n=3000, time=time) for _ in range(200)]
    scatter = np.std([s.mean() for s in series])
    blocks = np.sqrt(np.mean([block_error(s) ** 2 for s in series]))
    inefficiency = np.sqrt(np.mean([mean_estimate(s).error ** 2 for s in series]))

    assert scatter > 2 / np.sqrt(3000)
    assert blocks == pytest.approx(scatter, rel=0.2)
    assert inefficiency == pytest.approx(scatter, rel=0.2)


def test_statistical_inefficiency_of_exponential_memory():
    """G = coth(1/2τ), 20 for τ = 10; 20000 samples know it to 10 %."""
    series = correlated(np.random.default_rng(2), n=20000, time=10.0)
    assert statistical_inefficiency(series) == pytest.approx(20, rel=0.25)


def test_relaxation_at_the_start_is_cut_off():
    rng = np.random.default_rng(3)
    series = correlated(rng, n=2000, time=5.0) + 20 * np.exp(-np.arange(2000) / 100)

    start = equilibration(series)

    assert 250 < start < 900
    assert abs(mean_estimate(series).value) < 4 * mean_estimate(series).error
    assert abs(series.mean()) > 4 * mean_estimate(series).error


def test_slow_fluctuations_alone_cost_no_data():
    """A stationary series keeps almost all samples, however slowly it forgets."""
    rng = np.random.default_rng(7)
    starts = [equilibration(correlated(rng, n=600, time=20)) for _ in range(24)]
    assert np.mean(starts) < 0.05 * 600


def test_constant_series_is_known_exactly():
    assert equilibration(np.full(50, 1.1)) == 0
    assert block_error(np.full(50, 1.1)) == 0
    assert mean_estimate(np.full(50, 1.1)).error == pytest.approx(0, abs=1e-15)


def test_single_sample_has_an_unknown_error():
    assert np.isnan(block_error([3.0]))
    assert np.isnan(mean_estimate([3.0]).error)
    assert str(mean_estimate([3.0])) == "3 ± unknown"


def test_banners_of_pymbar_stay_silent(caplog):
    with caplog.at_level(logging.WARNING):
        equilibration(np.random.default_rng(4).normal(size=100))
    assert not caplog.records


def test_wrong_series_are_refused():
    with pytest.raises(ShapeError, match=r"one-dimensional, got shape \(2, 2\)"):
        equilibration(np.zeros((2, 2)))
    with pytest.raises(InputError, match="got nan at sample 1"):
        block_error([1.0, np.nan])
    with pytest.raises(InputError, match="at least one sample"):
        mean_estimate([])
