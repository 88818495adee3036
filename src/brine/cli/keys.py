"""``brine keys``."""

from typing import Annotated

import typer

from brine.cli.failures import answered


@answered
def keys(
    section: Annotated[
        str, typer.Argument(help="Only of this section, such as labels.sampling.")
    ] = "",
) -> None:
    """List every key of a protocol with its default and its meaning, as Markdown.

    Example: `brine keys dynamics`
    """
    from brine.settings.keys import protocol_keys

    typer.echo(protocol_keys(section), nl=False)
