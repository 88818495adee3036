"""``brine report``."""

from pathlib import Path
from typing import Annotated

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered


@answered
def report(
    folder: Annotated[Path, typer.Argument(help="What `brine run --out` made.")],
    json: Annotated[bool, typer.Option("--json", help="Print the verdict.")] = False,
) -> None:
    """Write the verdict and the report of a finished run once more.

    Example: `brine report water`
    """
    from brine.cli.tables import print_verdict
    from brine.workflow import rewrite_report

    with reporting("report", quiet=json) as progress:
        verdict = rewrite_report(folder, report=progress)
    if json:
        typer.echo(verdict.to_json())
    else:
        print_verdict(verdict, folder)
