"""The page of a report: its sections, verdict first."""

from collections.abc import Iterable
from html import escape

from brine.reports.box_picture import box_picture
from brine.reports.charts import clip_path
from brine.reports.content import ReportContent, Reproduction
from brine.reports.figures import (
    calibration_figure,
    dimer_figure,
    displacement_figure,
    figure,
    leak_figure,
    learning_figures,
    parity_figures,
    pressure_volume_figure,
    rdf_figure,
    series_figures,
)
from brine.reports.style import STYLE
from brine.reports.tables import (
    error_table,
    finding_table,
    gate_table,
    gate_title,
    pair_table,
    typeset,
)
from brine.validation.verdict import Status, Verdict


def page(content: ReportContent) -> str:
    """The whole HTML text."""
    sections = (
        _header(content),
        _banner(content.verdict),
        _facts(content),
        _section("Gates", "", gate_table(content.verdict.gates)),
        _simulation(content),
        _accuracy(content),
        _scans(content),
        _labels(content),
        _reproduction(content.reproduction),
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(content.title)} – {_word(content.verdict)}</title>"
        f"<style>{STYLE}</style></head><body>{clip_path()}<main>"
        + "\n".join(section for section in sections if section)
        + "</main></body></html>\n"
    )


def _word(verdict: Verdict) -> str:
    return "Accepted" if verdict.accepted else "Not accepted"


def _header(content: ReportContent) -> str:
    fingerprint = content.reproduction.fingerprint if content.reproduction else ""
    under = f"<p>Labels: {escape(fingerprint)}</p>" if fingerprint else ""
    return f"<header><h1>{escape(content.title)}</h1>{under}</header>"


def _banner(verdict: Verdict) -> str:
    """The answer, in one glance, and what it rests on."""
    counts = {s: sum(g.status is s for g in verdict.gates) for s in Status}
    passed = f"{counts[Status.PASS]} of {len(verdict.gates)} gates pass"
    rest = [
        f"{counts[status]} {word}"
        for status, word in (
            (Status.FAIL, "failed"),
            (Status.UNDETERMINED, "undetermined"),
        )
        if counts[status]
    ]
    reasons = [
        f"<li><b>{escape(gate_title(g.name))}.</b> {typeset(g.reason)}</li>"
        for g in verdict.blocking
    ]
    causes = [f"<li>{typeset(text)}</li>" for text in verdict.diagnosis]
    parts = [f"<p>{', '.join([passed, *rest])}.</p>"]
    if reasons:
        parts.append(f"<ul>{''.join(reasons)}</ul>")
    if causes:
        parts.append(
            f"<p><b>Why, as far as the evidence says</b></p><ul>{''.join(causes)}</ul>"
        )
    kind = "verdict accepted" if verdict.accepted else "verdict"
    return (
        f'<div class="{kind}"><strong>{_word(verdict)}</strong>{"".join(parts)}</div>'
    )


def _facts(content: ReportContent) -> str:
    if not content.summary:
        return ""
    cells = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>"
        for name, text in content.summary.items()
    )
    return f'<dl class="facts">{cells}</dl>'


def _simulation(content: ReportContent) -> str:
    figures: list[str] = []
    if content.box is not None:
        formula = content.box.get_chemical_formula()
        picture = box_picture(content.box)
        figures.append(
            figure("The box", picture, f"{formula}, {len(content.box)} atoms")
        )
    figures += [rdf_figure(rdf) for rdf in content.rdfs]
    figures += [displacement_figure(msd) for msd in content.displacements]
    for series in content.series:
        figures += series_figures(series)
    return _section(
        "Molecular dynamics",
        "What the force field does when it runs, beside its reference.",
        _grid(figures),
    )


def _accuracy(content: ReportContent) -> str:
    table = ""
    columns = dict(content.other_errors)
    if content.errors is not None:
        columns = {"this split": content.errors, **columns}
    if columns:
        table = error_table(columns)
    figures: list[str] = []
    if content.learning_curve is not None:
        figures += learning_figures(content.learning_curve)
    for parity in content.parities:
        figures += parity_figures(parity)
    if content.calibration is not None:
        figures.append(calibration_figure(content.calibration))
    note = (
        "“of” gives the size of what is predicted: the root mean square of the labels."
    )
    return _section("Held-out errors", note, table + _grid(figures, below=bool(table)))


def _scans(content: ReportContent) -> str:
    figures = []
    if content.dimers:
        figures.append(dimer_figure(tuple(content.dimers)))
    if content.pressure_volume:
        figures.append(pressure_volume_figure(tuple(content.pressure_volume)))
    return _section(
        "Scans", "Where no label is, the energy must still make sense.", _grid(figures)
    )


def _labels(content: ReportContent) -> str:
    parts = []
    leak = content.leak
    if leak is not None:
        flag = (
            " (random: neighbouring frames are nearly the same)"
            if leak.is_random
            else ""
        )
        parts.append(f"<p>Split: {escape(leak.split)}{flag}.</p>")
        if len(leak.nearest):
            parts.append(_grid([leak_figure(leak)]))
    if content.findings:
        parts.append(f"<h3>Audit of the labels</h3>{finding_table(content.findings)}")
    return _section("Labels", "", "".join(parts))


def _reproduction(reproduction: Reproduction | None) -> str:
    if reproduction is None:
        return ""
    facts = {}
    if reproduction.command:
        facts["command"] = reproduction.command
    if reproduction.seed is not None:
        facts["seed"] = str(reproduction.seed)
    facts |= {f"data: {name}": h for name, h in reproduction.data_hashes.items()}
    facts |= dict(reproduction.versions)
    protocol = ""
    if reproduction.protocol:
        protocol = (
            "<details><summary>Resolved protocol</summary>"
            f"<pre>{escape(reproduction.protocol)}</pre></details>"
        )
    table = f'<div class="card">{pair_table(facts)}</div>' if facts else ""
    return _section("To reproduce this", "", protocol + table)


def _grid(figures: Iterable[str], *, below: bool = False) -> str:
    inside = "".join(figures)
    space = ' style="margin-top:18px"' if below else ""
    return f'<div class="figures"{space}>{inside}</div>' if inside else ""


def _section(title: str, note: str, body: str) -> str:
    if not body:
        return ""
    under = f"<p>{escape(note)}</p>" if note else ""
    return f"<section><h2>{escape(title)}</h2>{under}{body}</section>"
