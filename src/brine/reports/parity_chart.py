"""Predictions against labels: points where they are few, their density where many."""

import numpy as np
from numpy.typing import NDArray

from brine.reports.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Line,
    frame,
    legend,
    line_chart,
    svg,
)
from brine.reports.scales import Axis, Scale

MOST_DOTS = 1200
"""More points are counted in cells."""
CELLS = 110
SHADES = 7

Values = NDArray[np.float64]


def parity_chart(
    labelled: Values,
    predicted: Values,
    *,
    unit: str,
    title: str,
    colour: int = 0,
    noise: float | None = None,
) -> str:
    """SVG of `predicted` against `labelled` about the line where both are equal.

    Parameters
    ----------
    labelled, predicted : (n,) array
    unit, title : str
    colour : int
        Index into the page's colours.
    noise : float, optional
        Of the labels: lines this far above and below the one where both are equal.
    """
    keep = np.isfinite(labelled) & np.isfinite(predicted)
    labelled, predicted = labelled[keep], predicted[keep]
    both = np.concatenate([labelled, predicted])
    low, high = (float(both.min()), float(both.max())) if both.size else (0.0, 1.0)
    air = 0.03 * (high - low) or 1.0
    ends = low - air, high + air
    across = np.array(ends)
    diagonal = Line("", across, across, colour=-1, style="dashed")
    band = [
        Line("", across, across + shift, colour=-1, style="dotted")
        for shift in ((-noise, noise) if noise else ())
    ]
    x, y = Axis(f"labelled, {unit}", *ends), Axis(f"predicted, {unit}", *ends)
    if len(labelled) <= MOST_DOTS:
        points = Line(title, labelled, predicted, colour=colour, style="points")
        return line_chart([diagonal, *band, points], x=x, y=y, title=f"Parity: {title}")
    horizontal = Scale(*ends, LEFT, WIDTH - RIGHT)
    vertical = Scale(*ends, HEIGHT - BOTTOM, TOP)
    inner = frame(horizontal, vertical, x.label, y.label)
    inner += _cells(labelled, predicted, ends, colour)
    inner += f'<path class="stroke dashed muted" d="M{LEFT} {HEIGHT - BOTTOM}'
    inner += f'L{WIDTH - RIGHT} {TOP}"/>'
    for line in band:
        path = "L".join(
            f"{horizontal(a):.1f} {vertical(b):.1f}"
            for a, b in zip(line.x, line.y, strict=True)
        )
        inner += f'<path class="stroke dotted muted" d="M{path}"/>'
    inner += legend([(f"{title}, {len(labelled):,} values", colour, "points")])
    return svg(inner, title=f"Parity: {title}")


def _cells(
    labelled: Values, predicted: Values, ends: tuple[float, float], colour: int
) -> str:
    """Rectangles whose opacity grows with the logarithm of the count."""
    edges = np.linspace(*ends, CELLS + 1)
    counts = np.histogram2d(labelled, predicted, bins=(edges, edges))[0]
    shade = np.zeros_like(counts, dtype=int)
    filled = counts > 0
    fraction = np.log1p(counts[filled]) / np.log1p(counts.max())
    shade[filled] = np.clip(np.ceil(fraction * SHADES), 1, SHADES).astype(int)
    width = (WIDTH - RIGHT - LEFT) / CELLS
    height = (HEIGHT - BOTTOM - TOP) / CELLS
    groups = []
    for level in range(1, SHADES + 1):
        squares = "".join(
            f"M{LEFT + i * width:.1f} {HEIGHT - BOTTOM - (j + 1) * height:.1f}"
            f"h{width:.1f}v{height:.1f}h-{width:.1f}z"
            for i, j in zip(*np.nonzero(shade == level), strict=True)
        )
        opacity = 0.15 + 0.85 * level / SHADES
        groups.append(
            f'<path class="cell c{colour % 5}" opacity="{opacity:.2f}" d="{squares}"/>'
        )
    return "".join(groups)
