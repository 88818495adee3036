"""The page of a sweep: who is accepted, who fails, and how little errors say of it."""

import math
from html import escape
from pathlib import Path

import numpy as np

from brine.reports.charts import Line, clip_path, line_chart
from brine.reports.figures import figure
from brine.reports.scales import Axis
from brine.reports.style import STYLE
from brine.reports.sweep_result import MemberResult, SweepResult
from brine.reports.tables import gate_title, typeset
from brine.validation.numbers import with_error

SHOWN = ("stability", "density", "rdf", "diffusion")
"""Gates whose numbers stand in the table."""


def write_sweep_report(path: Path, result: SweepResult) -> None:
    """Write the HTML page of `result`, all of it or nothing."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(sweep_page(result), encoding="utf-8")
    partial.replace(path)


def sweep_page(result: SweepResult) -> str:
    """The whole HTML text."""
    body = "".join(
        (
            f"<header><h1>{escape(result.name)}</h1></header>",
            _banner(result),
            _table(result),
            _chart(result),
            _others(result),
        )
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(result.name)} – sweep</title><style>{STYLE}</style></head>"
        f"<body>{clip_path()}<main>{body}</main></body></html>\n"
    )


def _banner(result: SweepResult) -> str:
    accepted = [member for member in result.judged if member.state == "accepted"]
    kind = "verdict accepted" if accepted else "verdict"
    word = f"{len(accepted)} of {len(result.members)} accepted"
    counts = [
        f"{n} {state}"
        for state in ("not accepted", "pruned", "failed")
        if (n := sum(member.state == state for member in result.members))
    ]
    note = f"<p>{', '.join(counts)}.</p>" if counts else ""
    return f'<div class="{kind}"><strong>{word}</strong>{note}</div>'


def _table(result: SweepResult) -> str:
    """Members in rows; a gate's number stands on the colour of its status."""
    if not result.judged:
        return ""
    heads = ["Model", "Gates", "Forces, meV/Å", "Energy, meV/atom"]
    heads += [_gate_head(result, name) for name in SHOWN]
    heads += ["Training, min", "µs per atom and step"]
    head = "".join(f"<th>{text}</th>" for text in heads)
    rows = "".join(_row(member) for member in result.judged)
    return (
        "<section><h2>Models</h2><p>Fewest failed gates first; each name leads to its "
        f'report.</p><div class="card"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _row(member: MemberResult) -> str:
    name = escape(member.name)
    badge = "pass" if member.state == "accepted" else "fail"
    word = f"{member.n_failed} of {len(member.gates)} fail"
    if not member.n_failed:
        word = member.state
    numbers = [
        *map(_number, (member.force_error, member.energy_error)),
        *(_gate(member, gate) for gate in SHOWN),
        *map(_number, (member.training_seconds / 60, member.step_cost)),
    ]
    return (
        f'<tr><td><a href="members/{name}/report.html">{name}</a></td>'
        f'<td><span class="badge {badge}">{word}</span></td>'
        + "".join(f'<td class="number">{text}</td>' for text in numbers)
        + "</tr>"
    )


def _gate_head(result: SweepResult, name: str) -> str:
    units = {m.values[name][2] for m in result.judged if name in m.values}
    unit = typeset(f", {units.pop()}") if len(units) == 1 and any(units) else ""
    return f"{escape(gate_title(name))}{unit}"


def _gate(member: MemberResult, name: str) -> str:
    status = member.gates.get(name, "")
    text = "–"
    if name in member.values:
        value, error, _ = member.values[name]
        text = with_error(value, error)
    return f'<span class="badge {status}">{text}</span>'


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}"


def _chart(result: SweepResult) -> str:
    if len(result.judged) < 2:
        return ""
    lines = []
    for colour, state in ((2, "accepted"), (3, "not accepted")):
        members = [m for m in result.judged if m.state == state]
        if members:
            errors = np.array([m.force_error for m in members])
            failed = np.array([float(m.n_failed) for m in members])
            lines.append(Line(state, errors, failed, colour=colour, style="points"))
    chart = line_chart(
        lines,
        x=Axis("held-out force error, meV/Å"),
        y=Axis("gates that fail"),
        title="Failed gates against held-out force error",
    )
    rank = result.rank_correlation
    note = "" if math.isnan(rank) else f"Spearman's rank correlation {rank:.2f}"
    shown = figure("What held-out errors say of the verdict", chart, note)
    return f'<section><div class="figures">{shown}</div></section>'


def _others(result: SweepResult) -> str:
    rows = "".join(
        f"<tr><td>{escape(m.name)}</td><td>{m.state}</td>"
        f"<td>{_number(m.force_error)}</td><td>{escape(m.cause)}</td></tr>"
        for m in result.members
        if not m.gates
    )
    if not rows:
        return ""
    head = "<tr><th>model</th><th></th><th>forces, meV/Å</th><th>why</th></tr>"
    return (
        "<section><h2>Without a verdict</h2>"
        f'<div class="card"><table>{head}{rows}</table></div></section>'
    )
