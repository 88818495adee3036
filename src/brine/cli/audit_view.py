"""An audit as tables for the terminal."""

import os
from pathlib import PurePath

from rich import box
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from brine.datasets import Audit

STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}
ABSENT = "–"


def audit_tables(audit: Audit) -> list[RenderableType]:
    """What `audit` found: files, contacts, findings and the verdict in one line."""
    folder = _common_folder([summary.source for summary in audit.files])
    parts: list[RenderableType] = [
        _content(audit, folder),
        _labels(audit, folder),
        _contacts(audit, folder),
    ]
    if audit.findings:
        parts.append(_findings(audit, folder))
    parts.append(_assumptions(audit))
    parts.append(_verdict(audit))
    return parts


def _common_folder(sources: list[str]) -> str:
    """The folder that holds all files, with a slash; empty if there is none."""
    parents = {str(PurePath(source).parent) for source in sources}
    absolute = {os.path.isabs(parent) for parent in parents}
    if len(sources) < 2 or len(absolute) > 1:
        return ""
    folder = os.path.commonpath(parents)
    return "" if folder in ("", ".") else folder.rstrip("/") + "/"


def _table(title: str, *numbers: str) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    table.add_column("file", overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table


def _content(audit: Audit, folder: str) -> Table:
    table = _table(
        f"{audit.n_frames} frames" + (f" in {escape(folder)}" if folder else ""),
        *("frames", "compositions", "density g/mL", "energy eV/atom", "missing"),
    )
    for summary in audit.files:
        compositions = list(summary.compositions)
        missing = [
            label if n == summary.n_frames else f"{n} {label}"
            for label, n in summary.missing.items()
            if n
        ]
        table.add_row(
            escape(summary.source.removeprefix(folder)),
            str(summary.n_frames),
            ", ".join(compositions[:2]) + (" …" if len(compositions) > 2 else ""),
            _range(summary.density, 3),
            _range(summary.energy_per_atom, 3),
            ", ".join(missing) or ABSENT,
        )
    return table


def _labels(audit: Audit, folder: str) -> Table:
    table = _table(
        "Forces (eV/Å), pressure (GPa), O–H (Å), and frames that need a look",
        *("rms", "max", "net", "pressure", "O–H"),
        *("doubles", "outliers", "broken"),
    )
    for summary in audit.files:
        table.add_row(
            escape(summary.source.removeprefix(folder)),
            _number(summary.force_rms, 2),
            _number(summary.force_max, 1),
            _number(summary.net_force_max, 2),
            _range(summary.pressure, 2),
            _number(summary.hydroxyl_distance, 3),
            str(summary.duplicates),
            str(summary.outliers),
            str(summary.broken_molecules),
        )
    return table


def _contacts(audit: Audit, folder: str) -> Table:
    """Shortest distance of every pair of elements over all files."""
    shortest: dict[str, tuple[float, str]] = {}
    for summary in audit.files:
        for pair, distance in summary.closest.items():
            found = (distance, summary.source)
            shortest[pair] = min(shortest.get(pair, found), found)
    table = Table(
        title="Shortest distances",
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
    )
    for heading in ("pair", "Å", "file"):
        table.add_column(heading, overflow="fold")
    for pair, (distance, source) in shortest.items():
        table.add_row(pair, f"{distance:.2f}", escape(source.removeprefix(folder)))
    return table


def _findings(audit: Audit, folder: str) -> Table:
    table = Table(
        title="Findings", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD
    )
    table.add_column("")
    table.add_column("file", overflow="fold", max_width=24)
    table.add_column("what", overflow="fold", ratio=1)
    for finding in audit.findings:
        table.add_row(
            Text(finding.severity, style=STYLES[finding.severity]),
            escape((finding.source or "all").removeprefix(folder)),
            escape(finding.message),
        )
    return table


def _assumptions(audit: Audit) -> Text:
    lines = ["Assumed of units and signs:"]
    lines += [f"  {line}" for line in audit.assumptions]
    lines.append(f"Level of theory: {audit.fingerprint}")
    return Text("\n".join(lines))


def _verdict(audit: Audit) -> Text:
    count = {
        severity: sum(f.severity == severity for f in audit.findings)
        for severity in STYLES
    }
    if audit.ok:
        text = f"Nothing must be fixed; {count['warning']} warning(s) to look at."
        return Text(text, style="bold green")
    return Text(f"{count['error']} error(s) must be fixed.", style="bold red")


def _range(values: tuple[float, float] | None, digits: int) -> str:
    if values is None:
        return ABSENT
    low, high = (f"{value:.{digits}f}" for value in values)
    return low if low == high else f"{low} … {high}"


def _number(value: float | None, digits: int) -> str:
    return ABSENT if value is None else f"{value:.{digits}f}"
