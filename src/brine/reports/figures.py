"""From the parts of a report's content to its figures."""

from html import escape

import numpy as np

from brine.reports.charts import Line, Mark, Span, Style, line_chart
from brine.reports.content import (
    Calibration,
    Curve,
    DisplacementFigure,
    LeakFigure,
    Parity,
    RdfFigure,
    TimeSeries,
)
from brine.reports.parity_chart import MOST_DOTS, parity_chart
from brine.reports.scales import Axis
from brine.training.errors import LearningCurve
from brine.validation.dimers import DimerScan
from brine.validation.pressure_volume import PressureVolumeScan

CALIBRATION_BINS = 12
GIGAPASCAL = 1e4
"""bar"""


def figure(title: str, picture: str, note: str = "") -> str:
    """A picture with its caption."""
    return (
        f"<figure><figcaption><b>{escape(title)}</b>{escape(note)}</figcaption>"
        f"{picture}</figure>"
    )


def learning_figures(curve: LearningCurve) -> list[str]:
    """Force and energy errors against the amount of training."""
    panels = (
        ("Force error", curve.force_rmse, "force RMSE, meV/Å", 0),
        ("Energy error, mean removed", curve.energy_rmse, "energy RMSE, meV/atom", 1),
    )
    x = Axis(curve.unit, kind="log")
    amount = np.asarray(curve.amount, dtype=np.float64)
    figures = []
    for title, values, label, colour in panels:
        if not np.isfinite(values).any():
            continue
        line = Line("", amount, np.asarray(values), colour=colour, style="marked")
        picture = line_chart([line], x=x, y=Axis(label, kind="log"), title=title)
        figures.append(figure(title, picture, "held-out frames; both axes logarithmic"))
    return figures


def parity_figures(parity: Parity) -> list[str]:
    """One figure for all series where points are few, one for each where many."""
    figures = []
    for k, (name, (labelled, predicted)) in enumerate(parity.series.items()):
        error = np.asarray(predicted) - np.asarray(labelled)
        rmse = float(np.sqrt(np.nanmean(np.square(error)))) if error.size else np.nan
        picture = parity_chart(
            np.asarray(labelled, dtype=np.float64),
            np.asarray(predicted, dtype=np.float64),
            unit=parity.unit,
            title=name,
            colour=k,
            noise=parity.noise,
        )
        shading = "" if len(error) <= MOST_DOTS else "; shade counts logarithmically"
        note = f"RMSE {rmse:.3g} {parity.unit}{shading}"
        if parity.noise is not None:
            note += (
                f"; dotted: the labels' own noise, {parity.noise:.2g} {parity.unit}, "
                "below which no potential can come"
            )
        figures.append(figure(f"{parity.title}: {name}", picture, note))
    return figures


def calibration_figure(calibration: Calibration) -> str:
    """Errors that were made against errors that were predicted."""
    predicted = np.asarray(calibration.predicted, dtype=np.float64).ravel()
    errors = np.asarray(calibration.errors, dtype=np.float64).ravel()
    keep = np.isfinite(predicted) & np.isfinite(errors) & (predicted > 0)
    predicted, errors = predicted[keep], errors[keep]
    order = np.argsort(predicted)
    groups = [g for g in np.array_split(order, CALIBRATION_BINS) if g.size]
    x = np.array([np.sqrt(np.mean(predicted[g] ** 2)) for g in groups])
    y = np.array([np.sqrt(np.mean(errors[g] ** 2)) for g in groups])
    noise = y / np.sqrt([2 * g.size for g in groups])
    ends = np.array([min(x.min(), y.min()) / 1.2, max(x.max(), y.max()) * 1.2])
    inside = float(np.mean(np.abs(errors) <= predicted))
    axis = {"low": float(ends[0]), "high": float(ends[1])}
    picture = line_chart(
        [
            Line("perfect", ends, ends, colour=-1, style="dashed"),
            Line("found", x, y, style="points", error=noise),
        ],
        x=Axis("predicted standard deviation, meV/Å", kind="log", **axis),
        y=Axis("error made (RMS), meV/Å", kind="log", **axis),
        title="Calibration of the predicted uncertainty",
    )
    note = (
        f"{inside:.0%} of errors within one predicted standard deviation (68 % asked)"
    )
    return figure("Does it know its error?", picture, note)


def dimer_figure(scans: tuple[DimerScan, ...]) -> str:
    """Energies of pairs; dots mark the shortest distance in the data."""
    lines = []
    for k, scan in enumerate(scans):
        name = "–".join(scan.pair)
        lines.append(Line(name, scan.distances, scan.energies, colour=k))
        reach = np.clip(scan.supported, scan.distances[0], scan.distances[-1])
        height = np.interp(reach, scan.distances, scan.energies)
        dot = Line("", np.array([reach]), np.array([height]), colour=k, style="points")
        lines.append(dot)
    low = min(float(np.nanmin(s.energies)) for s in scans)
    high = max(float(np.nanmax(s.energies)) for s in scans)
    picture = line_chart(
        lines,
        x=Axis("distance, Å", low=0.4, high=float(scans[0].distances[-1])),
        y=Axis(
            "energy, eV", low=min(low * 1.3, -0.5), high=max(high, 1) * 2, kind="asinh"
        ),
        marks=[Mark(0.0, "across")],
        title="Dimer scans",
    )
    note = (
        "isolated pairs; dots: shortest distance in the data; inside it they must rise"
    )
    return figure("Two atoms brought together", picture, note)


def pressure_volume_figure(scans: tuple[PressureVolumeScan, ...]) -> str:
    """Mean pressure against density."""
    names = {"molecules": "rigid molecules", "cell": "everything scaled"}
    lines = [
        Line(
            names[scan.moved],
            scan.densities.mean(axis=0),
            scan.mean_pressures / GIGAPASCAL,
            colour=k,
            style="marked",
            error=scan.pressure_errors / GIGAPASCAL,
        )
        for k, scan in enumerate(scans)
    ]
    picture = line_chart(
        lines,
        x=Axis("density, g/mL"),
        y=Axis("pressure without kinetic part, GPa"),
        marks=[Mark(0.0, "across")],
        title="Pressure against density",
    )
    count = len(scans[0].pressures)
    return figure("Pressure when squeezed", picture, f"mean of {count} scaled frames")


def series_figures(series: TimeSeries) -> list[str]:
    """Temperature and, where it moves, density in time."""
    figures = []
    marks: list[Mark] = []
    if np.isfinite(series.target_temperature):
        marks = [Mark(series.target_temperature, "across", "target")]
    picture = line_chart(
        _trace(series.times, series.temperature, 1),
        x=Axis("time, ps"),
        y=Axis("temperature, K"),
        marks=marks,
        title=f"Temperature, {series.title}",
    )
    figures.append(figure(f"Temperature, {series.title}", picture, _mean(series, "K")))
    density = series.density[np.isfinite(series.density)]
    if density.size and np.ptp(density) > 1e-6:
        marks = []
        if np.isfinite(series.reference_density):
            marks = [Mark(series.reference_density, "across", "reference")]
        picture = line_chart(
            _trace(series.times, series.density, 0),
            x=Axis("time, ps"),
            y=Axis("density, g/mL"),
            marks=marks,
            title=f"Density, {series.title}",
        )
        note = _mean(series, "g/mL")
        figures.append(figure(f"Density, {series.title}", picture, note))
    return figures


def rdf_figure(rdf: RdfFigure) -> str:
    """g(r) of the model, the reference and experiment."""
    curves: tuple[tuple[Curve | None, int, Style], ...] = (
        (rdf.experiment, -1, "dashed"),
        (rdf.reference, 1, "wide"),
    )
    lines = [
        Line(c.name, c.r, c.g, colour=colour, style=style, error=c.error)
        for c, colour, style in curves
        if c is not None
    ]
    model = rdf.model
    lines.append(Line(model.name, model.r, model.g, colour=0, error=model.error))
    title = f"g(r) of {'–'.join(rdf.pair)}"
    picture = line_chart(
        lines,
        x=Axis("distance, Å", low=0.0, high=float(model.r[-1])),
        y=Axis("g(r)", low=0.0, high=_rdf_top(rdf)),
        marks=[Mark(1.0, "across")],
        title=title,
    )
    return figure(title, picture, "bands: one standard error")


def displacement_figure(msd: DisplacementFigure) -> str:
    """Mean squared displacement with its fit."""
    window = np.array(msd.fit_window)
    lines = [Line("model", msd.times, msd.displacement, colour=0)]
    if msd.reference_times is not None and msd.reference_displacement is not None:
        lines.insert(
            0,
            Line(
                "reference", msd.reference_times, msd.reference_displacement, colour=1
            ),
        )
    fit = Line(
        "fit", window, msd.intercept + msd.slope * window, colour=2, style="dashed"
    )
    picture = line_chart(
        [*lines, fit],
        x=Axis("lag, ps", low=0.0),
        y=Axis("mean squared displacement, Å²", low=0.0),
        spans=[Span(*msd.fit_window)],
        title=f"Mean squared displacement of {msd.name}",
    )
    note = msd.note or "shaded: where the line is fitted"
    return figure(f"Displacement of {msd.name}", picture, note)


def leak_figure(leak: LeakFigure) -> str:
    """Share of held-out frames closer to a training frame than a distance."""
    nearest = np.sort(np.asarray(leak.nearest, dtype=np.float64))
    share = 100 * np.arange(1, len(nearest) + 1) / len(nearest)
    top = max(float(nearest[-1]), leak.independent) * 1.08
    picture = line_chart(
        [Line("", nearest, share, colour=1 if leak.leaks else 2)],
        x=Axis("distance to the nearest training frame, Å", low=0.0, high=top),
        y=Axis("held-out frames closer, %", low=0.0, high=104.0),
        marks=[Mark(leak.independent, "up", "independent frames")],
        title="Distance of held-out from training frames",
    )
    word = "near copies of training frames" if leak.leaks else "independent enough"
    return figure(
        "Leak of the split", picture, f"{leak.split}: held-out frames are {word}"
    )


def _trace(times: np.ndarray, values: np.ndarray, colour: int) -> list[Line]:
    """The values faintly, and their running mean where they are many."""
    width = len(values) // 40
    if width < 3:
        return [Line("", times, values, colour=colour)]
    kernel = np.ones(width) / width
    mean = np.convolve(values, kernel, mode="valid")
    middle = times[(width - 1) // 2 : (width - 1) // 2 + len(mean)]
    return [
        Line("", times, values, colour=colour, style="faint"),
        Line("", middle, mean, colour=colour),
    ]


def _mean(series: TimeSeries, unit: str) -> str:
    values = series.temperature if unit == "K" else series.density
    half = values[len(values) // 2 :]
    digits = 0 if unit == "K" else 3
    return f"mean of the second half {np.nanmean(half):.{digits}f} {unit}"


def _rdf_top(rdf: RdfFigure) -> float:
    """Above the intermolecular maxima; bonds inside 1.3 Å may run out of the top."""
    tops = [
        float(np.max(curve.g[curve.r > 1.3], initial=1.0))
        for curve in (rdf.model, rdf.reference, rdf.experiment)
        if curve is not None
    ]
    return 1.1 * max(tops)
