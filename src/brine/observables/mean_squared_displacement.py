r"""Mean squared displacements by Fourier transform.

.. math::
    M(k) = \frac{1}{T - k} \sum_{t} |r(t + k) - r(t)|^2
         = \frac{1}{T - k} \sum_{t} \left[|r(t + k)|^2 + |r(t)|^2\right] - 2 C(k)

where the autocorrelation :math:`C(k)` of zero-padded positions is the inverse
transform of their power spectrum (Calandrini et al. 2011, 10.1051/sfn/201112010).
Atoms are taken in blocks, so that memory does not grow with their number.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from brine.errors import InputError, ShapeError
from brine.threads import thread_count

BLOCK = 160_000
"""Numbers that one thread transforms at once: they fit its cache."""

_Sums: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]


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
    n_frames = len(series)
    if not len(lags) or lags.min() < 0 or lags.max() >= n_frames:
        raise InputError(
            f"lags must lie between 0 and {n_frames - 1} frames, got "
            f"{lags.min(initial=0)} to {lags.max(initial=0)}."
        )
    length = fft.next_fast_len(n_frames + int(lags.max()), real=True)
    power, squares = _sums_within_units(series, units, length)
    correlation = fft.irfft(power, n=length, axis=1)[:, lags]
    sums = np.pad(np.cumsum(squares, axis=1), ((0, 0), (1, 0)))
    both = sums[:, n_frames - lags] + sums[:, -1:] - sums[:, lags]
    members = np.bincount(units)[:, None]
    msd: NDArray[np.float64] = (both - 2 * correlation) / (n_frames - lags) / members
    # Rounding leaves a tiny number, of either sign, at lag zero.
    msd[:, lags == 0] = 0
    return np.maximum(msd, 0)


def _sums_within_units(
    series: NDArray[np.float64], units: NDArray[np.integer], length: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power spectra and squares of the columns, each summed within its unit.

    Blocks go to whoever is free and are added in order: any number of threads gives
    the same bits.
    """
    order = np.argsort(units, kind="stable")
    step = max(1, BLOCK // length)
    blocks = [order[first : first + step] for first in range(0, len(order), step)]
    n_units = int(units.max()) + 1
    power = np.zeros((n_units, length // 2 + 1))
    squares = np.zeros((n_units, len(series)))

    def sums(columns: NDArray[np.integer]) -> list[tuple[int, _Sums]]:
        return list(_sums_of_block(series, columns, units[columns], length))

    with ThreadPoolExecutor(thread_count()) as pool:
        for found in pool.map(sums, blocks):
            for unit, (of_power, of_squares) in found:
                power[unit] += of_power
                squares[unit] += of_squares
    return power, squares


def _sums_of_block(
    series: NDArray[np.float64],
    columns: NDArray[np.integer],
    units: NDArray[np.integer],
    length: int,
) -> Iterator[tuple[int, _Sums]]:
    """The same of a few columns that stand unit by unit."""
    n_frames = len(series)
    padded = np.zeros((len(columns), length))
    block = padded[:, :n_frames]
    block[:] = series[:, columns].T
    block -= block.mean(axis=1, keepdims=True)
    starts = np.flatnonzero(np.diff(units, prepend=-1))
    spans = [slice(*ends) for ends in pairwise([*starts, len(units)])]
    squares = [np.einsum("ij,ij->j", block[s], block[s]) for s in spans]
    spectrum = fft.rfft(padded, axis=1, overwrite_x=True).view(np.float64)
    for span, of_squares in zip(spans, squares, strict=True):
        parts = np.einsum("ij,ij->j", spectrum[span], spectrum[span])
        yield int(units[span.start]), (parts[0::2] + parts[1::2], of_squares)
