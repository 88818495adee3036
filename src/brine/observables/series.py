r"""What a correlated series says: where it is equilibrated, its mean, its error.

Equilibration follows Chodera 2016 (10.1021/acs.jctc.5b00784): drop the head whose
loss leaves the largest number of uncorrelated samples; but only a head that differs
from the rest, as slow fluctuations alone often favour a cut through the middle. Errors
of means come from the statistical inefficiency :math:`g = 1 + 2\tau`, as
:math:`\sigma\sqrt{g/n}`, or from blocking (Flyvbjerg and Petersen 1989,
10.1063/1.457480).
"""

import logging
import math
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brine.errors import InputError, ShapeError
from brine.observables.estimate import Estimate

DIFFERENT = 3.0
"""Standard errors between the means of a head and of the rest: closer are alike."""


def equilibration(series: ArrayLike) -> int:
    """Index of the first equilibrated sample of a series.

    Parameters
    ----------
    series : (n_samples,) array

    Raises
    ------
    ShapeError
        `series` is not one-dimensional.
    InputError
        `series` is empty or not finite.
    """
    values = _checked(series)
    if len(values) < 4 or np.ptp(values) <= _rounding(values):
        return 0
    # A hundred candidate cuts locate the start to one per cent of the run.
    start, _, _ = _timeseries().detect_equilibration(
        values, nskip=max(1, len(values) // 100)
    )
    start = int(start)
    return start if start and _differ(values, start) else 0


def _differ(values: NDArray[np.float64], start: int) -> bool:
    """Whether the mean before `start` is out of the ordinary.

    A rest that was chosen for its calm may be short and scatter too little, so the
    second half has a say too; a steady drift in either is no scatter.
    """
    head, rest, half = values[:start], values[start:], values[len(values) // 2 :]
    square = max(
        part.var() * statistical_inefficiency(part)
        for part in (_without_trend(rest), _without_trend(half))
    )
    error = math.sqrt(square / len(head) + square / len(rest))
    return bool(abs(head.mean() - rest.mean()) > DIFFERENT * error)


def _without_trend(values: NDArray[np.float64]) -> NDArray[np.float64]:
    time = np.arange(len(values)) - (len(values) - 1) / 2
    return np.asarray(values - (values @ time) / max(time @ time, 1.0) * time)


def statistical_inefficiency(series: ArrayLike) -> float:
    r"""Number of samples that count as one, :math:`g = 1 + 2\tau`.

    Parameters
    ----------
    series : (n_samples,) array

    Raises
    ------
    ShapeError
        `series` is not one-dimensional.
    InputError
        `series` is empty or not finite.
    """
    values = _checked(series)
    if len(values) < 4 or np.ptp(values) <= _rounding(values):
        return 1.0
    return float(_timeseries().statistical_inefficiency(values))


def mean_estimate(series: ArrayLike) -> Estimate:
    """Mean of the equilibrated part of a series, with its standard error.

    Parameters
    ----------
    series : (n_samples,) array
        In any unit; at least two samples, or the error is unknown.

    Raises
    ------
    ShapeError
        `series` is not one-dimensional.
    InputError
        `series` is empty or not finite.
    """
    values = _checked(series)
    values = values[equilibration(values) :]
    if len(values) < 2:
        return Estimate(float(values.mean()), math.nan)
    inefficiency = statistical_inefficiency(values)
    # The variance about the sample's own mean is too small by (1 - g/n).
    lost = min(inefficiency / len(values), 0.5)
    error = math.sqrt(values.var() / (1 - lost) * inefficiency / len(values))
    return Estimate(float(values.mean()), error)


def block_error(series: ArrayLike) -> float:
    r"""Standard error of the mean of a correlated, equilibrated series by blocking.

    Neighbours are averaged pairwise until the blocks are uncorrelated. Level
    :math:`k` has variance :math:`\sigma_k^2` and lag-one correlation
    :math:`\gamma_k`; blocks of level :math:`k` and above are taken as uncorrelated
    when :math:`\sum_{l \ge k} n_l \gamma_l^2 / \sigma_l^4` is below the median of
    :math:`\chi^2` with as many degrees of freedom as there are levels left (the test
    of Jonsson 2018, 10.1103/PhysRevE.98.043304, whose 99 % quantile stops so early
    that errors of exponentially correlated series come out 12 to 25 % low).

    Parameters
    ----------
    series : (n_samples,) array

    Returns
    -------
    error : float
        In the unit of the series; ``nan`` for fewer than two samples.

    Raises
    ------
    ShapeError
        `series` is not one-dimensional.
    InputError
        `series` is empty or not finite.
    """
    from scipy.stats import chi2

    values = _checked(series)
    if len(values) < 2:
        return math.nan
    if np.ptp(values) <= _rounding(values):
        return 0.0
    errors, tests = _blocking_levels(values)
    tails = np.cumsum(tests[::-1])[::-1]
    quantiles = chi2.ppf(0.5, np.arange(len(tests), 0, -1))
    passed = np.flatnonzero(tails < quantiles)
    return float(errors[passed[0] if passed.size else np.argmax(errors)])


def _blocking_levels(
    values: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Standard error and squared lag-one correlation, in sigma², of every level."""
    errors: list[float] = []
    tests: list[float] = []
    while len(values) >= 4 or not errors:
        n = len(values)
        deviation = values - values.mean()
        variance = float(np.mean(deviation**2))
        lag_one = float(np.dot(deviation[:-1], deviation[1:])) / n
        errors.append(math.sqrt(variance / (n - 1)))
        # On uncorrelated data the lag-one covariance scatters about -variance/n.
        shifted = lag_one + variance / n
        tests.append(n * shifted**2 / variance**2 if variance > 0 else 0.0)
        values = 0.5 * (values[0 : n - n % 2 : 2] + values[1 : n - n % 2 : 2])
    return np.array(errors), np.array(tests)


def _checked(series: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(series, dtype=np.float64)
    if values.ndim != 1:
        raise ShapeError(f"`series` must be one-dimensional, got shape {values.shape}.")
    if not len(values):
        raise InputError("`series` must have at least one sample, got none.")
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise InputError(
            f"`series` must be finite, got {values[bad[0]]} at sample {bad[0]}."
        )
    return values


def _rounding(values: NDArray[np.float64]) -> float:
    """Spread that rounding alone can give a constant series."""
    return 1e-13 * float(np.abs(values).max())


def _timeseries() -> ModuleType:
    """Pymbar's time-series tools, imported late (two seconds), without its banner."""
    logger = logging.getLogger("pymbar")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        from pymbar import timeseries
    finally:
        logger.setLevel(level)
    module: ModuleType = timeseries
    return module
