"""Verdicts and errors as tables."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from brine.cli.audit_view import audit_tables
from brine.datasets import Audit
from brine.errors import InputError
from brine.observables import Observables
from brine.reports import SweepResult
from brine.training import HeldOutErrors
from brine.validation import Gate, Verdict

MARKS = {"pass": "[green]pass[/]", "fail": "[red]fail[/]"}


def print_verdict(verdict: Verdict, out: Path) -> None:
    """The gates, the verdict in one line, and where everything is."""
    console = Console()
    table = Table("gate", "status", "value", "reference", box=None)
    for gate in verdict.gates:
        mark = MARKS.get(gate.status.value, "[yellow]undetermined[/]")
        reference = _number(gate.reference, gate.reference_error)
        table.add_row(gate.name, mark, _value(gate), reference)
    console.print(table)
    for gate in verdict.gates:
        if gate.status.value != "pass":
            console.print(f"[bold]{gate.name}:[/] {escape(gate.reason)}")
    for sentence in verdict.diagnosis:
        console.print(f"[bold]Diagnosis:[/] {escape(sentence)}")
    word = "[green]accepted[/]" if verdict.accepted else "[red]not accepted[/]"
    console.print(f"[bold]Verdict: {word}[/]")
    console.print(f"Report: {out / 'report.html'}", soft_wrap=True)


def print_sweep(result: SweepResult, out: Path) -> None:
    """Every member: its errors, its verdict, or why it has none."""
    console = Console()
    table = Table("model", "forces meV/Å", "training", "verdict", "why", box=None)
    for member in (*result.judged, *(m for m in result.members if not m.gates)):
        colour = {"accepted": "green", "pruned": "dim"}.get(member.state, "red")
        error, seconds = member.force_error, member.training_seconds
        table.add_row(
            escape(member.name),
            f"{error:.1f}" if error == error else "",
            f"{seconds:.0f} s" if seconds == seconds else "",
            f"[{colour}]{member.state}[/]",
            escape(member.cause),
        )
    console.print(table)
    console.print(f"Report: {out / 'report.html'}", soft_wrap=True)


def print_errors(errors: HeldOutErrors) -> None:
    """Held-out errors, one line for each label."""
    console = Console()
    if errors.energy is not None:
        console.print(
            f"energy RMSE {errors.energy.rmse_centred:.3f} meV/atom (mean removed), "
            f"{errors.energy.rmse:.3f} with it"
        )
    if errors.forces is not None:
        console.print(f"force RMSE {errors.forces.rmse:.2f} meV/Å")
    if errors.stress is not None:
        console.print(f"pressure RMSE {errors.stress.pressure_rmse:.0f} bar")


def print_numbers(title: str, rows: Mapping[str, str]) -> None:
    """Names and values, two columns."""
    table = Table(title, "", box=None)
    for name, value in rows.items():
        table.add_row(name, value)
    Console().print(table)


def _value(gate: Gate) -> str:
    text = _number(gate.value, gate.error)
    return f"{text} {gate.unit}" if text and gate.unit else text


def _number(value: float | None, error: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if not error else f"{value:.4g} ± {error:.2g}"


def print_observables(found: Observables) -> None:
    """Density, first shells and diffusion."""
    rows: dict[str, str] = {"frames": f"{found.n_frames} (from {found.start})"}
    if found.density is not None:
        rows["density"] = f"{found.density} g/mL"
    for name, rdf in found.radial.items():
        with suppress(InputError):
            position, height = rdf.first_peak
            bonded = ", inside molecules" if name in found.intermolecular else ""
            rows[f"g({name}) first peak"] = f"{height} at {position} Å{bonded}"
    for name, rdf in found.intermolecular.items():
        with suppress(InputError):
            position, height = rdf.first_peak
            rows[f"g({name}) between molecules"] = f"{height} at {position} Å"
    for name, number in found.coordination.items():
        pair = name if name in found.radial else "-".join(reversed(name.split("-")))
        edge = found.radial[pair].first_minimum.position
        rows[f"coordination {name}"] = f"{number} within {edge} Å"
    for name, diffusion in found.diffusion.items():
        rows[f"D({name})"] = f"{diffusion.estimate} 1e-9 m²/s"
        if diffusion.corrected is not None:
            rows[f"D({name})"] += f", {diffusion.corrected} in an infinite box"
    print_numbers("observable", rows)
    for note in found.notes:
        Console().print(f"[yellow]{escape(note)}[/]")


def print_audit(audit: Audit) -> None:
    """What an audit found."""
    console = Console()
    for part in audit_tables(audit):
        console.print(part)
