"""The first maximum and minimum of a noisy g(r), and their errors.

Extrema are located on a smoothed curve and then fitted on the raw one by a cubic
around the top (or bottom), so that neither the noise of single bins nor the
smoothing moves them.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from brine.errors import InputError
from brine.observables.estimate import Estimate

Curve = NDArray[np.float64]

SMOOTHING = 0.06
"""Å, standard deviation of the Gaussian that locates extrema"""
TOP = 0.2
"""Part of the height of a peak that is fitted"""
BOTTOM = 0.10
"""Part of the rise out of a minimum that is fitted"""


class Peak(NamedTuple):
    """Where an extremum is and how high."""

    position: Estimate
    """Å"""
    height: Estimate


class Window(NamedTuple):
    """Bins ``first`` to ``last - 1`` around an extremum; sign -1 for a minimum."""

    first: int
    last: int
    sign: int


def maximum_window(r: Curve, g: Curve, noise: float) -> Window:
    """Bins around the first maximum that stands out of the noise.

    Parameters
    ----------
    r, g : (n_bins,) arrays, Å and 1
    noise : float
        Typical standard error of a bin.

    Raises
    ------
    InputError
        There is no maximum above one.
    """
    smooth, noise = _smoothed(r, g, noise)
    top = _first_top(smooth, noise)
    first, last = _stretch(smooth >= (1 - TOP) * smooth[top], top)
    return Window(first, last, 1)


def minimum_window(r: Curve, g: Curve, noise: float) -> Window:
    """Bins around the minimum between the first two maxima.

    Parameters
    ----------
    r, g : (n_bins,) arrays, Å and 1
    noise : float
        Typical standard error of a bin.

    Raises
    ------
    InputError
        There is no maximum, or g(r) does not rise again after it.
    """
    smooth, noise = _smoothed(r, g, noise)
    top = _first_top(smooth, noise)
    after = smooth[top:]
    depth = np.minimum.accumulate(after)
    risen = np.flatnonzero(after - depth > max(0.02 * after[0], 4 * noise))
    if not risen.size:
        raise InputError(
            f"g(r) does not rise again after its first maximum at {r[top]:.2f} Å; "
            "give a `cutoff`, a larger `r_max` or more frames."
        )
    # The next maximum: up to where the curve has fallen again, or ends.
    rise = np.maximum.accumulate(after[risen[0] :])
    fallen = np.flatnonzero(rise - after[risen[0] :] > max(0.02 * after[0], 4 * noise))
    end = risen[0] + (fallen[0] if fallen.size else len(rise))
    bottom = top + int(np.argmin(after[:end]))
    lip = min(smooth[top], float(after[risen[0] : end].max()))
    level = smooth[bottom] + BOTTOM * (lip - smooth[bottom])
    first, last = _stretch(smooth <= level, bottom)
    return Window(first, last, -1)


def extremum(r: Curve, g: Curve, window: Window) -> tuple[float, float]:
    """Position (Å) and height of the extremum inside a window, by a cubic fit.

    A flat stretch (an empty gap after a tight shell) gives its middle; where the
    cubic has no extremum of the right kind inside, the outermost bin counts.

    Parameters
    ----------
    r, g : (n_bins,) arrays, Å and 1
    window : Window
    """
    x, y = r[window.first : window.last], window.sign * g[window.first : window.last]
    middle, half = 0.5 * (x[0] + x[-1]), max(0.5 * (x[-1] - x[0]), 1e-12)
    if np.ptp(y) <= 0.01 and window.sign < 0:
        return float(middle), float(g[window.first : window.last].mean())
    if len(x) >= 5:
        curve = np.polynomial.Polynomial.fit(x, y, 3, domain=[x[0], x[-1]])
        slope, bend = curve.deriv(), curve.deriv(2)
        roots = [
            root.real
            for root in slope.roots()
            if abs(root.imag) < 1e-9
            and abs(root.real - middle) <= half
            and bend(root.real) < 0
        ]
        if roots:
            return float(roots[0]), float(window.sign * curve(roots[0]))
    best = int(np.argmax(y))
    return float(x[best]), float(window.sign * y[best])


def jackknife(
    measure: Callable[[Curve], NDArray[np.float64]], blocks: Curve
) -> NDArray[np.float64]:
    r"""Standard errors of functions of a mean over blocks.

    .. math:: \sigma^2 = \frac{n - 1}{n} \sum_k (f_{(k)} - \bar f)^2

    with :math:`f_{(k)}` measured on the mean of all blocks but one.

    Parameters
    ----------
    measure : callable
        Takes a mean of blocks, gives an array of numbers.
    blocks : (n_blocks, ...) array
        Independent, of equal weight.

    Returns
    -------
    errors : array shaped like what `measure` gives; ``nan`` for a single block.
    """
    n = len(blocks)
    if n < 2:
        return np.full(np.shape(measure(blocks[0])), np.nan)
    total = blocks.sum(axis=0)
    values = np.array([measure((total - block) / (n - 1)) for block in blocks])
    errors: NDArray[np.float64] = np.sqrt((n - 1) * values.var(axis=0))
    return errors


def _smoothed(r: Curve, g: Curve, noise: float) -> tuple[Curve, float]:
    """Smoothed curve and what is left of the noise in it."""
    width = SMOOTHING / float(r[1] - r[0]) if len(r) > 1 else 0.0
    smooth: Curve = gaussian_filter1d(g, width, mode="nearest")
    return smooth, noise / np.sqrt(max(1.0, 2 * np.sqrt(np.pi) * width))


def _first_top(smooth: Curve, noise: float) -> int:
    tallest = float(smooth.max(initial=0.0))
    tops, _ = find_peaks(smooth, height=1.0, prominence=max(0.1 * tallest, 4 * noise))
    if not tops.size:
        raise InputError(
            f"g(r) has no maximum above one (its largest value is {tallest:.2f}); "
            "there is no first shell."
        )
    return int(tops[0])


def _stretch(inside: NDArray[np.bool_], centre: int) -> tuple[int, int]:
    """Contiguous bins around `centre` that are inside, at least two on each side."""
    left = np.flatnonzero(~inside[:centre])
    right = np.flatnonzero(~inside[centre:])
    first = int(left[-1]) + 1 if left.size else 0
    last = centre + (int(right[0]) if right.size else len(inside) - centre)
    return max(min(first, centre - 2), 0), min(max(last, centre + 3), len(inside))
