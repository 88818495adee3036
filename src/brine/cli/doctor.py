"""``brine doctor``."""

from dataclasses import asdict
from typing import Annotated

import typer

from brine.cli.failures import answered

MARKS = {
    "works": "[green]works[/]",
    "absent": "[dim]absent[/]",
    "fails": "[red]fails[/]",
}


@answered
def doctor(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Try every family, oracle and engine: one tiny fit, label or step of each.

    Takes some minutes where NequIP is installed, which compiles its models. Exit code
    1 where something that is installed fails.
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from brine.workflow.doctor import examine

    console = Console(stderr=True)
    found = []
    with console.status("trying", spinner="line") as status:
        for finding in examine():
            found.append(finding)
            status.update(f"{finding.kind} {finding.name} {finding.state}")
    if json:
        from json import dumps

        typer.echo(dumps([asdict(finding) for finding in found], ensure_ascii=False))
    else:
        table = Table("", "", "", "version", "what to do", box=None)
        for one in found:
            mark, remedy = MARKS[one.state], escape(one.remedy)
            table.add_row(one.kind, one.name, mark, escape(one.version), remedy)
        Console().print(table)
    if any(finding.state == "fails" for finding in found):
        raise typer.Exit(1)
