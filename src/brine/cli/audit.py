"""``brine audit``."""

from typing import Annotated

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered

ERRORS_FOUND = 1


@answered
def audit(
    data: Annotated[
        list[str], typer.Argument(help="Files, folders or globs with labelled frames.")
    ],
    every: Annotated[int, typer.Option(min=1, help="Take every n-th frame.")] = 1,
    fingerprint: Annotated[
        str | None, typer.Option(help="Level of theory of the labels.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find what is wrong with labels; exit code 1 when something must be fixed.

    Example: `brine audit frames/*.extxyz`
    """
    from brine.datasets import audit as audit_dataset
    from brine.datasets import read_dataset

    with reporting("audit", quiet=json) as report:
        report("reading", {})
        dataset = read_dataset(*data, fingerprint=fingerprint, every=every)
        found = audit_dataset(dataset, report=report)
    if json:
        from json import dumps

        typer.echo(dumps(found.to_json(), indent=1))
    else:
        from brine.cli.tables import print_audit

        print_audit(found)
    if not found.ok:
        raise typer.Exit(ERRORS_FOUND)
