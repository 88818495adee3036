"""Small charts as static SVG: crisp text, no script, colours from the page's style.

Every chart has the same frame of 440 × 300 units, so that text keeps a readable
size on a phone and charts line up in a grid on a laptop.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from brine.reports.scales import Axis, Scale, scale_for, tick_labels

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 30, 44
MOST_POINTS = 500
"""A line is thinned to twice this many, keeping its extremes."""
CHARACTER = 6.1
"""Width of a character of the legend"""

Values = NDArray[np.float64]
Style = Literal["solid", "wide", "dashed", "dotted", "points", "marked", "faint"]


@dataclass(frozen=True, eq=False)
class Line:
    """A curve or a set of points.

    Attributes
    ----------
    name : str
        For the legend; empty to leave it out.
    x, y : (n,) array
    colour : int
        Index into the page's colours; -1 is the muted one.
    style : Style
        ``marked`` is a line with points.
    error : (n,) array or None
        Half height of the band about a line, of the bars at points.
    """

    name: str
    x: Values
    y: Values
    colour: int = 0
    style: Style = "solid"
    error: Values | None = None


@dataclass(frozen=True)
class Mark:
    """A straight line across the chart that says something.

    Attributes
    ----------
    value : float
    direction : ``across`` (constant y) or ``up`` (constant x)
    label : str
    """

    value: float
    direction: Literal["across", "up"]
    label: str = ""


@dataclass(frozen=True)
class Span:
    """A shaded range of x.

    Attributes
    ----------
    low, high : float
    """

    low: float
    high: float


def line_chart(
    lines: Sequence[Line],
    *,
    x: Axis,
    y: Axis,
    marks: Sequence[Mark] = (),
    spans: Sequence[Span] = (),
    title: str = "",
) -> str:
    """SVG of curves and points on common axes.

    Parameters
    ----------
    lines : sequence of Line
    x, y : Axis
    marks : sequence of Mark
    spans : sequence of Span
    title : str
        Read out instead of the picture.
    """
    horizontal = scale_for(x, [ln.x for ln in lines], place=(LEFT, WIDTH - RIGHT))
    ys = [ln.y for ln in lines]
    ys += [ln.y + s * ln.error for ln in lines if ln.error is not None for s in (1, -1)]
    ys += [np.array([m.value]) for m in marks if m.direction == "across"]
    vertical = scale_for(y, ys, place=(HEIGHT - BOTTOM, TOP))
    parts = [frame(horizontal, vertical, x.label, y.label)]
    parts += [_span(span, horizontal) for span in spans]
    drawn_marks = [_mark(mark, horizontal, vertical) for mark in marks]
    parts += [stroke for stroke, _ in drawn_marks]
    drawn = "".join(_line(line, horizontal, vertical) for line in lines)
    parts.append(f'<g clip-path="url(#plot)">{drawn}</g>')
    parts += [label for _, label in drawn_marks]
    parts.append(legend([(ln.name, ln.colour, ln.style) for ln in lines if ln.name]))
    return svg("".join(parts), title=title)


def svg(inner: str, *, title: str, height: int = HEIGHT) -> str:
    """The chart's outermost element."""
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">{inner}</svg>'
    )


def frame(horizontal: Scale, vertical: Scale, x_label: str, y_label: str) -> str:
    """Grid, ticks and labels of both axes."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    ticks = vertical.ticks(5)
    for value, text in zip(ticks, tick_labels(ticks, vertical.kind), strict=True):
        place = float(vertical(value))
        parts.append(f'<path class="grid" d="M{LEFT} {place:.1f}H{right}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 6}" y="{place + 4:.1f}" '
            f'text-anchor="end">{text}</text>'
        )
    ticks = horizontal.ticks(6)
    for value, text in zip(ticks, tick_labels(ticks, horizontal.kind), strict=True):
        place = float(horizontal(value))
        parts.append(f'<path class="grid" d="M{place:.1f} {TOP}V{bottom}"/>')
        parts.append(
            f'<text class="tick" x="{place:.1f}" y="{bottom + 16}" '
            f'text-anchor="middle">{text}</text>'
        )
    parts.append(f'<path class="axis" d="M{LEFT} {bottom}H{right}"/>')
    parts.append(
        f'<text class="label" x="{(LEFT + right) / 2:.0f}" y="{HEIGHT - 8}" '
        f'text-anchor="middle">{escape(x_label)}</text>'
    )
    middle = (TOP + bottom) / 2
    parts.append(
        f'<text class="label" transform="translate(13 {middle:.0f}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_label)}</text>'
    )
    return "".join(parts)


def legend(entries: Sequence[tuple[str, int, str]]) -> str:
    """Names with their strokes, in one row above the plot."""
    parts, place = [], float(LEFT)
    for name, colour, style in entries:
        kind = "dot" if style == "points" else f"stroke {style}"
        if kind == "dot":
            parts.append(
                f'<circle class="dot {_ink(colour)}" cx="{place + 8:.0f}" '
                'cy="14" r="3"/>'
            )
        else:
            parts.append(
                f'<path class="{kind} {_ink(colour)}" d="M{place:.0f} 14h16"/>'
            )
        parts.append(
            f'<text class="key" x="{place + 21:.0f}" y="18">{escape(name)}</text>'
        )
        place += 21 + CHARACTER * len(name) + 14
    return "".join(parts)


def clip_path() -> str:
    """The plot's inside, defined once on a page and used by every chart."""
    return (
        '<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>'
        f'<clipPath id="plot"><rect x="{LEFT}" y="{TOP - 4}" '
        f'width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM + 4}"/>'
        "</clipPath></defs></svg>"
    )


def thinned(x: Values, y: Values) -> tuple[Values, Values]:
    """A line with at most ``2 * MOST_POINTS`` points that keeps its extremes."""
    keep = np.isfinite(x) & np.isfinite(y)
    x, y = x[keep], y[keep]
    if len(x) <= 2 * MOST_POINTS:
        return x, y
    edges = np.linspace(0, len(x), MOST_POINTS + 1).astype(int)
    chosen = {0, len(x) - 1}
    for low, high in pairwise(edges):
        chosen |= {low + int(y[low:high].argmin()), low + int(y[low:high].argmax())}
    order = sorted(chosen)
    return x[order], y[order]


def _ink(colour: int) -> str:
    return "muted" if colour < 0 else f"c{colour % 5}"


def _line(line: Line, horizontal: Scale, vertical: Scale) -> str:
    ink = _ink(line.colour)
    parts = []
    if line.error is not None and line.style not in ("points", "marked"):
        parts.append(_band(line, horizontal, vertical, ink))
    if line.style not in ("points",):
        x, y = thinned(line.x, line.y)
        points = _places(horizontal(x), vertical(y))
        if points:
            parts.append(f'<path class="stroke {line.style} {ink}" d="M{points}"/>')
    if line.style in ("points", "marked"):
        parts.append(_points(line, horizontal, vertical, ink))
    return "".join(parts)


def _places(x: Values, y: Values) -> str:
    x, y = np.clip(x, -999, 1999), np.clip(y, -999, 1999)
    return " ".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _band(line: Line, horizontal: Scale, vertical: Scale, ink: str) -> str:
    assert line.error is not None
    keep = np.isfinite(line.y) & np.isfinite(line.error)
    x, y, half = line.x[keep], line.y[keep], line.error[keep]
    if len(x) < 2:
        return ""
    upper = _places(horizontal(x), vertical(y + half))
    lower = _places(horizontal(x[::-1]), vertical((y - half)[::-1]))
    return f'<path class="band {ink}" d="M{upper} {lower}Z"/>'


def _points(line: Line, horizontal: Scale, vertical: Scale, ink: str) -> str:
    parts = []
    for k in np.flatnonzero(np.isfinite(line.x) & np.isfinite(line.y)):
        a, b = float(horizontal(line.x[k])), float(vertical(line.y[k]))
        if line.error is not None and np.isfinite(line.error[k]):
            ends = vertical(line.y[k] + np.array([-1, 1]) * line.error[k])
            parts.append(
                f'<path class="bar {ink}" d="M{a:.1f} {ends[0]:.1f}V{ends[1]:.1f}"/>'
            )
        parts.append(f'<circle class="dot {ink}" cx="{a:.1f}" cy="{b:.1f}" r="2.6"/>')
    return "".join(parts)


def _span(span: Span, horizontal: Scale) -> str:
    ends = np.clip(horizontal([span.low, span.high]), LEFT, WIDTH - RIGHT)
    return (
        f'<rect class="span" x="{ends[0]:.1f}" y="{TOP}" '
        f'width="{max(ends[1] - ends[0], 0):.1f}" height="{HEIGHT - TOP - BOTTOM}"/>'
    )


def _mark(mark: Mark, horizontal: Scale, vertical: Scale) -> tuple[str, str]:
    """Its stroke, and its label, which is drawn on top of the lines."""
    text = escape(mark.label)
    if mark.direction == "across":
        place = float(vertical(mark.value))
        return (
            f'<path class="mark" d="M{LEFT} {place:.1f}H{WIDTH - RIGHT}"/>',
            f'<text class="note" x="{WIDTH - RIGHT - 4}" y="{place - 5:.1f}" '
            f'text-anchor="end">{text}</text>',
        )
    place = float(horizontal(mark.value))
    if not LEFT <= place <= WIDTH - RIGHT:
        return "", ""
    end = place > (LEFT + WIDTH - RIGHT) / 2
    return (
        f'<path class="mark" d="M{place:.1f} {TOP}V{HEIGHT - BOTTOM}"/>',
        f'<text class="note" x="{place + (-5 if end else 5):.1f}" y="{TOP + 12}" '
        f'text-anchor="{"end" if end else "start"}">{text}</text>',
    )
