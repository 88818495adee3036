r"""The straight part of a mean squared displacement, and the error of its slope.

A line :math:`M(\tau) = a + s \tau` is fitted in a window of lags that are equally
spaced on a logarithmic scale, each with weight :math:`1/\tau^2` (equal relative
weight). The slope is linear in :math:`M`, so the same weights give a slope for every
particle and for every time origin, and the error is one of two scatters:

- over *units* taken as independent, groups of particles where there are many, Cartesian
  components and segments of time where there are few. Overlapping time origins, which
  correlate all lags of a particle, need no model so.
- over time origins, averaged over particles, with their statistical inefficiency. In
  a liquid all particles speed up and slow down together (with the temperature, and by
  hydrodynamics), which particles taken as independent do not show. This noisier
  estimate counts where it is larger by a fifth.

The window begins at the first lag from which the log-log slope,
:math:`\ln[M(2\tau)/M(\tau)] / \ln 2`, stays within 0.1 (or two standard errors) of one
over a factor of three in time; it ends a decade later, or at the longest lag with
enough independent displacements. Without such a lag the last factor of three is taken
and the exponent tells.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brine.observables.estimate import Estimate
from brine.observables.mean_squared_displacement import squared_displacements
from brine.observables.series import statistical_inefficiency

Array = NDArray[np.float64]

MOST_UNITS = 96
FEWEST_UNITS = 30
MOST_SEGMENTS = 4
N_LAGS = 120
N_ORIGIN_LAGS = 10
COLLECTIVE = 1.2
"""Ratio of errors from which on particles are not taken as independent"""
BLOCK = 2_000_000
"""Numbers handled at once"""
TOLERANCE = 0.1
"""Of the log-log slope"""
DECADE = 10
"""Length of the window over its beginning"""
STAY = 3
"""Factor in time over which motion must stay diffusive"""


@dataclass(frozen=True)
class EinsteinFit:
    """A line through a mean squared displacement; times in frames.

    Attributes
    ----------
    lags : (n_lags,) array of int, frames
    msd, msd_error : (n_lags,) arrays, Å²
    window : (int, int), frames
        First and last lag of the fit.
    slope : Estimate, Å²/frame
    intercept : float, Å²
    exponent : Estimate
        Log-log slope in the window.
    """

    lags: NDArray[np.int64]
    msd: Array
    msd_error: Array
    window: tuple[int, int]
    slope: Estimate
    intercept: float
    exponent: Estimate


def einstein_fit(positions: Array) -> EinsteinFit:
    """Line through the mean squared displacement in its diffusive window.

    Parameters
    ----------
    positions : (n_frames, n_particles, 3) array, Å
        Unwrapped, at equal times; at least 20 frames.
    """
    n_frames, n_particles, _ = positions.shape
    segments = _segments(n_particles)
    longest = n_frames // 4 if segments == 1 else n_frames // segments // 2
    lags = np.unique(np.round(np.geomspace(1, longest, N_LAGS)).astype(np.int64))
    curves, shares = _unit_curves(positions, lags, segments)
    if segments == 1:
        msd = shares @ curves
    else:
        series = positions.reshape(n_frames, -1)
        whole = np.zeros(series.shape[1], dtype=np.int64)
        msd = 3 * squared_displacements(series, whole, lags)[0]
    first, last = _window(lags, msd, curves, shares)
    inside = (lags >= first) & (lags <= last)
    line = _line_weights(lags[inside])
    slopes = curves[:, inside] @ line[1]
    apart = float(_errors(slopes[:, None], shares)[0])
    together = _collective_error(positions, lags[inside])
    error = together if together > COLLECTIVE * apart else apart
    # What moves all particles together widens every error alike.
    wider = error / apart if apart > 0 else 1.0
    exponent = _exponent(lags[inside], msd[inside], curves[:, inside], shares)
    return EinsteinFit(
        lags=lags,
        msd=msd,
        msd_error=_errors(curves, shares) * wider,
        window=(int(first), int(last)),
        slope=Estimate(float(line[1] @ msd[inside]), error),
        intercept=float(line[0] @ msd[inside]),
        exponent=Estimate(exponent.value, exponent.error * wider),
    )


def _segments(n_particles: int) -> int:
    """Segments of time that make enough units of few particles."""
    return min(MOST_SEGMENTS, max(1, math.ceil(FEWEST_UNITS / (3 * n_particles))))


def _unit_curves(
    positions: Array, lags: NDArray[np.int64], segments: int
) -> tuple[Array, Array]:
    """MSD (three-dimensional, Å²) of every unit, and its share of the mean."""
    n_frames, n_particles, _ = positions.shape
    length = n_frames // segments
    if segments > 1:
        pieces = positions[: segments * length].reshape(segments, length, -1)
        series = np.concatenate(list(pieces), axis=1)
    else:
        series = positions.reshape(n_frames, -1)
    n_columns = series.shape[1]
    if n_particles >= FEWEST_UNITS:
        particle = np.arange(n_columns) // 3
        n_units = min(MOST_UNITS, n_particles)
        units = particle * n_units // n_particles
    else:
        units = np.arange(n_columns)
    members = np.bincount(units)
    return 3 * squared_displacements(series, units, lags), members / n_columns


def _errors(curves: Array, shares: Array) -> Array:
    """Standard error of the mean of units with given shares."""
    n_units = len(curves)
    deviation = curves - shares @ curves
    variance = (shares**2) @ deviation**2 * n_units / (n_units - 1)
    errors: Array = np.sqrt(variance)
    return errors


def _collective_error(positions: Array, lags: NDArray[np.int64]) -> float:
    """Standard error of the slope from its scatter over time origins, Å²/frame."""
    chosen = lags[np.linspace(0, len(lags) - 1, N_ORIGIN_LAGS).round().astype(int)]
    chosen = np.unique(chosen)
    n_origins = len(positions) - int(chosen[-1])
    weights = _line_weights(chosen)[1]
    slopes = np.zeros(n_origins)
    step = max(1, BLOCK // (3 * len(positions)))
    for first in range(0, positions.shape[1], step):
        block = np.ascontiguousarray(positions[:, first : first + step])
        block = block.reshape(len(positions), -1)
        for lag, weight in zip(chosen, weights, strict=True):
            moves = block[lag : lag + n_origins] - block[:n_origins]
            slopes += weight * np.einsum("ij,ij->i", moves, moves)
    slopes /= positions.shape[1]
    inefficiency = statistical_inefficiency(slopes)
    lost = min(inefficiency / n_origins, 0.5)
    return math.sqrt(slopes.var() / (1 - lost) * inefficiency / n_origins)


def _line_weights(lags: NDArray[np.int64]) -> Array:
    """Rows that give intercept and slope of a line when applied to the MSD."""
    time = lags.astype(np.float64)
    design = np.stack([np.ones_like(time), time], axis=1) / time[:, None]
    weights: Array = np.linalg.pinv(design) / time
    return weights


def _window(
    lags: NDArray[np.int64], msd: Array, curves: Array, shares: Array
) -> tuple[int, int]:
    """First and last lag of the diffusive regime."""
    longest = int(lags[-1])
    starts = lags[2 * lags <= longest]
    if not (msd > 0).all() or starts.size < 2:
        return int(lags[0]), longest
    slopes, errors = _local_exponents(lags, starts, msd, curves, shares)
    diffusive = np.abs(slopes - 1) <= np.maximum(TOLERANCE, 2 * errors)
    for k, start in enumerate(starts):
        # Room for three lags, and for the line to show a bend.
        if np.count_nonzero((lags >= start) & (lags <= longest)) < 3:
            break
        if diffusive[k:][starts[k:] <= STAY * start].all():
            end = min(longest, max(DECADE * int(start), int(start) + 10))
            return int(start), end
    return max(1, longest // STAY), longest


def _local_exponents(
    lags: NDArray[np.int64],
    starts: NDArray[np.int64],
    msd: Array,
    curves: Array,
    shares: Array,
) -> tuple[Array, Array]:
    """ln[M(2t)/M(t)]/ln 2 with standard errors, at the starts."""
    n = len(starts)
    log_msd, log_lags, doubled = np.log(msd), np.log(lags), np.log(2 * starts)
    slopes = (np.interp(doubled, log_lags, log_msd) - log_msd[:n]) / math.log(2)
    relative = curves / msd
    later = np.array([np.interp(doubled, log_lags, unit) for unit in relative])
    return slopes, _errors((later - relative[:, :n]) / math.log(2), shares)


def _exponent(
    lags: NDArray[np.int64], msd: Array, curves: Array, shares: Array
) -> Estimate:
    """Log-log slope of the window, error to first order in the noise."""
    if not (msd > 0).all():
        return Estimate(math.nan, math.nan)
    design = np.stack([np.ones(len(lags)), np.log(lags)], axis=1)
    weights = np.linalg.pinv(design)[1]
    units = (curves / msd) @ weights
    return Estimate(
        float(weights @ np.log(msd)), float(_errors(units[:, None], shares)[0])
    )
