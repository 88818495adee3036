"""``brine run``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brine.cli.display import display
from brine.cli.failures import answered
from brine.cli.lint import print_advice

if TYPE_CHECKING:
    from brine.settings import SweepProtocol

NOT_ACCEPTED = 3


@answered
def run(
    protocol: Annotated[Path, typer.Argument(help="The protocol, a YAML file.")],
    out: Annotated[Path, typer.Option(help="Folder for everything that is made.")],
    cores: Annotated[
        int | None, typer.Option(min=1, help="Cores to use; all by default.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit code 3 unless accepted.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print the verdict as JSON, nothing else.")
    ] = False,
) -> None:
    """Go from labels to a verdict; run again after any interruption to continue.

    Example: `brine run water.yaml --out water`
    """
    from brine.cli.tables import print_verdict
    from brine.errors import SettingsError
    from brine.settings import load_protocol, load_sweep
    from brine.workflow import lint, run_protocol

    settings, sweep = load_protocol(protocol), load_sweep(protocol)
    if sweep is not None:
        states = _run_sweep(sweep, out, protocol.parent, cores, json=json)
        if states == {"failed"}:
            raise typer.Exit(1)
        if strict and "accepted" not in states:
            raise typer.Exit(NOT_ACCEPTED)
        return
    try:
        print_advice(lint(settings, protocol.parent))
        with display(quiet=json) as watcher:
            verdict = run_protocol(
                settings, out, base=protocol.parent, cores=cores, watcher=watcher
            )
    except SettingsError as error:
        raise SettingsError(f"{protocol}: {error}") from None
    if json:
        typer.echo(verdict.to_json())
    else:
        print_verdict(verdict, out)
    if strict and not verdict.accepted:
        raise typer.Exit(NOT_ACCEPTED)


def _run_sweep(
    sweep: "SweepProtocol", out: Path, base: Path, cores: int | None, *, json: bool
) -> set[str]:
    """What became of the members."""
    from brine.cli.tables import print_sweep
    from brine.workflow import run_sweep

    with display(quiet=json) as watcher:
        result = run_sweep(sweep, out, base=base, cores=cores, watcher=watcher)
    if json:
        typer.echo((out / "sweep.json").read_text(encoding="utf-8"))
    else:
        print_sweep(result, out)
    return {member.state for member in result.members}
