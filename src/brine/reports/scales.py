"""Axes of charts: from values to places, and the ticks between."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal["linear", "log", "asinh"]


@dataclass(frozen=True)
class Axis:
    """What an axis shows.

    Attributes
    ----------
    label : str
        With its unit.
    low, high : float or None
        Ends; from the data where None.
    kind : ``linear``, ``log`` or ``asinh``
        The last is linear about zero and logarithmic far from it.
    """

    label: str
    low: float | None = None
    high: float | None = None
    kind: Kind = "linear"


@dataclass(frozen=True)
class Scale:
    """An axis laid out on paper.

    Attributes
    ----------
    low, high : float
        Values at the ends.
    start, end : float
        Places of the ends.
    kind : ``linear``, ``log`` or ``asinh``
    """

    low: float
    high: float
    start: float
    end: float
    kind: Kind = "linear"

    def __call__(self, values: ArrayLike) -> NDArray[np.float64]:
        """Places of `values`."""
        low, high = _bend(np.array([self.low, self.high]), self.kind)
        bent = _bend(np.asarray(values, dtype=np.float64), self.kind)
        return np.asarray(
            self.start + (bent - low) / (high - low) * (self.end - self.start)
        )

    def ticks(self, most: int = 6) -> list[float]:
        """Round values between the ends, about `most` of them."""
        if self.kind == "log":
            return _log_ticks(self.low, self.high)
        if self.kind == "asinh":
            decades = [s * 10.0**k for k in range(5) for s in (1, -1)]
            return sorted(t for t in [0.0, *decades] if self.low <= t <= self.high)
        return _linear_ticks(self.low, self.high, most)


def scale_for(
    axis: Axis, values: Sequence[ArrayLike], *, place: tuple[float, float]
) -> Scale:
    """The scale of `axis` that shows all `values` between the places of `place`."""
    parts = [np.ravel(np.asarray(v, dtype=np.float64)) for v in values]
    every = np.concatenate(parts) if parts else np.empty(0)
    every = every[np.isfinite(every)]
    if axis.kind == "log":
        every = every[every > 0]
    low, high = (every.min(), every.max()) if every.size else (0.0, 1.0)
    low, high = _widened(float(low), float(high), axis.kind)
    return Scale(
        axis.low if axis.low is not None else low,
        axis.high if axis.high is not None else high,
        *place,
        axis.kind,
    )


def tick_labels(values: Sequence[float], kind: Kind) -> list[str]:
    """Short numbers, on a linear axis all with the same number of decimals."""
    if kind != "linear" or any(abs(v) >= 1e5 or 0 < abs(v) < 1e-3 for v in values):
        return [tick_label(value) for value in values]
    texts = [f"{round(value, 9):f}".rstrip("0") for value in values]
    decimals = max((len(t.split(".")[1]) for t in texts), default=0)
    return [f"{value:.{decimals}f}".replace("-", "−") for value in values]


def tick_label(value: float) -> str:
    """A short number with a true minus sign."""
    if value and (abs(value) >= 1e5 or abs(value) < 1e-3):
        exponent = math.floor(math.log10(abs(value)))
        mantissa = value / 10.0**exponent
        text = f"{mantissa:.3g}e{exponent}"
    else:
        text = f"{value:.10g}" if abs(value) < 1e4 else f"{value:.0f}"
        text = f"{float(text):.6g}" if abs(value) < 1e5 else text
    return text.replace("-", "−")


def _bend(values: NDArray[np.float64], kind: Kind) -> NDArray[np.float64]:
    if kind == "log":
        return np.asarray(np.log10(np.maximum(values, 1e-300)))
    if kind == "asinh":
        return np.asarray(np.arcsinh(values))
    return values


def _widened(low: float, high: float, kind: Kind) -> tuple[float, float]:
    """The range with a little air, never empty."""
    if kind == "log":
        return low / 1.15, high * 1.15
    span = high - low
    air = 0.05 * span if span > 1e-12 * max(abs(low), abs(high), 1e-300) else 0.0
    air = air or max(abs(low) * 0.05, 1e-6)
    return low - air, high + air


def _linear_ticks(low: float, high: float, most: int) -> list[float]:
    raw = (high - low) / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for multiples in ((1,), (1, 3), (1, 2, 5), (1, 2, 3, 4, 5, 6, 8)):
        ticks = [m * 10.0**d for d in decades for m in multiples]
        ticks = [t for t in ticks if low <= t <= high]
        if len(ticks) >= 4:
            return ticks
    return ticks
