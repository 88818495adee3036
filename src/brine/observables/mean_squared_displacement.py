r"""Mean squared displacements by Fourier transform.

.. math::
    M(k) = \frac{1}{T - k} \sum_{t} |r(t + k) - r(t)|^2
         = \frac{1}{T - k} \sum_{t} \left[|r(t + k)|^2 + |r(t)|^2\right] - 2 C(k)

where the autocorrelation :math:`C(k)` of zero-padded positions is the inverse
transform of their power spectrum (Calandrini et al. 2011, 10.1051/sfn/201112010).
Atoms are taken in blocks, so that memory does not grow with their number.
"""

import os

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from brine.errors import InputError, ShapeError

BLOCK = 4_000_000
"""Numbers transformed at once"""


def mean_squared_displacement(
    positions: NDArray[np.float64], max_lag: int | None = None
) -> NDArray[np.float64]:
    """Average squared displacement over atoms and time origins.

    Parameters
    ----------
    positions : (n_frames, n_atoms, 3) array, Å
        Unwrapped: a jump across the periodic boundary counts as motion.
    max_lag : int or None, frames
        Longest lag, ``0 <= max_lag < n_frames``; all lags if None.

    Returns
    -------
    msd : (max_lag + 1,) array, Å²
        ``msd[k]`` is the value at a lag of ``k`` frames.

    Raises
    ------
    ShapeError
        `positions` is not ``(n_frames, n_atoms, 3)``, or has no atoms.
    InputError
        `max_lag` is out of range.
    """
    if positions.ndim != 3 or positions.shape[2] != 3 or not positions.shape[1]:
        raise ShapeError(
            "`positions` must have shape (n_frames, n_atoms, 3) with at least one "
            f"atom, got {positions.shape}."
        )
    series = positions.reshape(len(positions), -1)
    last = len(positions) - 1 if max_lag is None else max_lag
    units = np.zeros(series.shape[1], dtype=np.int64)
    curves = squared_displacements(series, units, np.arange(last + 1))
    msd: NDArray[np.float64] = 3 * curves[0]
    return msd


def squared_displacements(
    series: NDArray[np.float64],
    units: NDArray[np.integer],
    lags: NDArray[np.integer],
) -> NDArray[np.float64]:
    """Mean squared displacement of one coordinate, averaged within units.

    Parameters
    ----------
    series : (n_frames, n_columns) array, Å
        A column is one Cartesian coordinate of one particle.
    units : (n_columns,) array of int
        Unit of each column, from 0 without gaps.
    lags : (n_lags,) array of int, frames
        ``0 <= lag < n_frames``.

    Returns
    -------
    msd : (n_units, n_lags) array, Å²

    Raises
    ------
    InputError
        A lag is out of range.
    """
    n_frames, n_columns = series.shape
    if not len(lags) or lags.min() < 0 or lags.max() >= n_frames:
        raise InputError(
            f"lags must lie between 0 and {n_frames - 1} frames, got "
            f"{lags.min(initial=0)} to {lags.max(initial=0)}."
        )
    length = fft.next_fast_len(n_frames + int(lags.max()), real=True)
    n_units = int(units.max()) + 1
    power = np.zeros((n_units, length // 2 + 1))
    squares = np.zeros((n_units, n_frames))
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
    order = np.argsort(units, kind="stable")
    step = max(1, BLOCK // length)
    for first in range(0, n_columns, step):
        columns = order[first : first + step]
        block = np.ascontiguousarray(series[:, columns].T)
        block -= block.mean(axis=1, keepdims=True)
        spectrum = fft.rfft(block, n=length, axis=1, workers=workers)
        starts = np.flatnonzero(np.diff(units[columns], prepend=-1))
        here = units[columns][starts]
        # One unit of `block` at a time is contiguous: sum by segments.
        power[here] += np.add.reduceat(
            np.square(spectrum.real) + np.square(spectrum.imag), starts, axis=0
        )
        squares[here] += np.add.reduceat(np.square(block), starts, axis=0)
    correlation = fft.irfft(power, n=length, axis=1, workers=workers)[:, lags]
    sums = np.concatenate([np.zeros((n_units, 1)), np.cumsum(squares, axis=1)], axis=1)
    both = sums[:, n_frames - lags] + sums[:, -1:] - sums[:, lags]
    members = np.bincount(units, minlength=n_units)[:, None]
    msd: NDArray[np.float64] = (both - 2 * correlation) / (n_frames - lags) / members
    # Rounding leaves a tiny number, of either sign, at lag zero.
    msd[:, lags == 0] = 0
    return np.maximum(msd, 0)
