"""Progress on the screen: bars in a terminal, lines elsewhere, nothing for JSON."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from brine.structures.progress import Report
    from brine.workflow.events import Event, Watcher

SECONDS_BETWEEN_LINES = 15.0

FORMATS: Mapping[str, str] = {
    "steps_per_s": "{:.0f} steps/s",
    "frames_per_s": "{:.0f} frames/s",
    "ns_per_day": "{:.2f} ns/day",
    "temperature_K": "{:.0f} K",
    "pressure_bar": "{:.0f} bar",
    "density_g_per_mL": "{:.3f} g/mL",
    "potential_energy_eV": "{:.2f} eV",
    "energy_eV": "{:.2f} eV",
    "force_error_meV_per_A": "{:.1f} meV/Å",
}
HIDDEN = ("done", "time_left_s", "seconds", "step", "time_fs")


@contextmanager
def display(*, quiet: bool) -> Iterator["Watcher"]:
    """Show events on stderr while the block lasts."""
    from brine.workflow.events import nobody

    if quiet:
        yield nobody
    elif sys.stderr.isatty():
        with _bars() as progress:
            yield _Bars(progress).show
    else:
        yield _Lines().show


@contextmanager
def reporting(name: str, *, quiet: bool) -> Iterator["Report"]:
    """A report that shows the progress of a single piece of work called `name`."""
    from brine.workflow.events import Event

    with display(quiet=quiet) as watcher:
        started = time.monotonic()
        watcher(Event(name, "started"))

        def report(task: str, numbers: Mapping[str, float]) -> None:
            watcher(Event(name, "progress", task, numbers))

        yield report
        seconds = time.monotonic() - started
        watcher(Event(name, "finished", numbers={"seconds": seconds}))


def warn(subject: str, message: str) -> None:
    """A sentence on standard error that does not stop anything."""
    typer.secho(f"{subject}: ", fg="yellow", nl=False, err=True)
    typer.echo(message, err=True)


def sentence(numbers: Mapping[str, float]) -> str:
    """Numbers with their units, for one line."""
    parts = [
        FORMATS.get(name, f"{name} {{:.4g}}").format(value)
        for name, value in numbers.items()
        if name not in HIDDEN and value == value
    ]
    return ", ".join(parts)


class _Bars:
    """One bar for each running step, one line for each that ended."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.rows: dict[str, TaskID] = {}

    def show(self, event: "Event") -> None:
        """Draw `event`."""
        match event.kind:
            case "found":
                self.progress.console.print(f"[dim]✓ {event.step} (stored)[/dim]")
            case "started":
                row = self.progress.add_task(event.step, total=None, text="")
                self.rows[event.step] = row
            case "progress" if event.step in self.rows:
                done = event.numbers.get("done")
                text = ", ".join(filter(None, (event.task, sentence(event.numbers))))
                self.progress.update(
                    self.rows[event.step],
                    total=1.0 if done is not None else None,
                    completed=done,
                    text=text,
                )
            case "finished":
                self.progress.remove_task(self.rows.pop(event.step))
                seconds = event.numbers["seconds"]
                self.progress.console.print(
                    f"✓ {event.step} [dim]{seconds:.1f} s[/dim]"
                )
            case "failed":
                self.progress.remove_task(self.rows.pop(event.step))
                self.progress.console.print(f"[red]✗ {event.step} failed[/red]")


class _Lines:
    """A line when a step starts, now and then while it runs, and when it ends."""

    def __init__(self) -> None:
        self.last: dict[str, float] = {}

    def show(self, event: "Event") -> None:
        """Print `event`."""
        now = time.monotonic()
        match event.kind:
            case "progress":
                if now - self.last.get(event.step, now) < SECONDS_BETWEEN_LINES:
                    return
                done = event.numbers.get("done", 0.0)
                text = f"{100 * done:.0f} % {event.task} {sentence(event.numbers)}"
            case "finished":
                text = f"done in {event.numbers['seconds']:.1f} s"
            case "found":
                text = "stored already"
            case _:
                text = event.kind
        self.last[event.step] = now
        print(f"{event.step}: {text}", file=sys.stderr, flush=True)


def _bars() -> Progress:
    return Progress(
        TextColumn("{task.description:14s}"),
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[text]}[/dim]"),
        console=Console(stderr=True),
        transient=True,
    )
