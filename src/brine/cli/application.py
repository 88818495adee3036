"""The command ``brine``."""

from typing import Annotated

import typer

from brine import __version__
from brine.cli.audit import audit
from brine.cli.build import build
from brine.cli.converge import converge
from brine.cli.doctor import doctor
from brine.cli.init import init
from brine.cli.keys import keys
from brine.cli.label import label
from brine.cli.lint import lint
from brine.cli.md import md
from brine.cli.observe import observe
from brine.cli.report import report
from brine.cli.run import run
from brine.cli.train import train
from brine.threads import prefer_wide_blas

app = typer.Typer(
    name="brine",
    help="Machine-learned force fields of liquids that have proved themselves in "
    "molecular dynamics.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

COMMANDS = (
    *(init, keys, build, converge, label, audit, lint),
    *(run, train, md, observe, report, doctor),
)
for command in COMMANDS:
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"brine {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_print_version,
            is_eager=True,
            help="Print the version and stop.",
        ),
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    prefer_wide_blas()
    app()
