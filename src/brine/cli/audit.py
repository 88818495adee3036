"""``brine audit``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered

if TYPE_CHECKING:
    from brine.oracles import Oracle

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
    oracle: Annotated[
        Path | None,
        typer.Option(help="A protocol whose `labels.oracle` labels some frames again."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find what is wrong with labels; exit code 1 when something must be fixed.

    Example: `brine audit frames/*.extxyz`
    """
    from brine.datasets import audit as audit_dataset
    from brine.datasets import read_dataset

    judge = _oracle_of(oracle) if oracle is not None else None
    with reporting("audit", quiet=json) as report:
        report("reading", {})
        dataset = read_dataset(*data, fingerprint=fingerprint, every=every)
        found = audit_dataset(dataset, report=report)
        if judge is not None:
            from brine.oracles.second_opinion import second_opinion

            more = second_opinion(dataset, judge, report=report)
            found = found.with_findings(more)
    if json:
        from json import dumps

        typer.echo(dumps(found.to_json(), indent=1))
    else:
        from brine.cli.tables import print_audit

        print_audit(found)
    if not found.ok:
        raise typer.Exit(ERRORS_FOUND)


def _oracle_of(protocol: Path) -> "Oracle":
    from brine.errors import InputError
    from brine.settings import load_protocol
    from brine.workflow.sampling import oracle_of

    try:
        return oracle_of(load_protocol(protocol), protocol.parent)
    except InputError as error:
        raise InputError(f"{protocol}, given as `--oracle`: {error}") from None
