"""``brine lint``."""

from collections.abc import Iterable
from dataclasses import asdict
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brine.cli.display import warn
from brine.cli.failures import answered

if TYPE_CHECKING:
    from brine.workflow.advice import Advice


@answered
def lint(
    protocol: Annotated[Path, typer.Argument(help="The protocol, a YAML file.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a protocol would regret, before anything runs.

    Example: `brine lint water.yaml`
    """
    from brine.errors import SettingsError
    from brine.settings import load_protocol
    from brine.workflow import lint as advice_on

    settings = load_protocol(protocol)
    try:
        found = advice_on(settings, protocol.parent)
    except SettingsError as error:
        raise SettingsError(f"{protocol}: {error}") from None
    if json:
        typer.echo(dumps([asdict(advice) for advice in found]))
        return
    print_advice(found)
    if not found:
        typer.echo(f"{protocol}: nothing to say against it.")


def print_advice(found: Iterable["Advice"]) -> None:
    """Each piece of advice on standard error."""
    for advice in found:
        warn(advice.key, advice.message)
