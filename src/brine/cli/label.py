"""``brine label``."""

from pathlib import Path
from typing import Annotated

import typer

from brine.cli.audit import ERRORS_FOUND
from brine.cli.display import display
from brine.cli.failures import answered


@answered
def label(
    protocol: Annotated[Path, typer.Argument(help="The protocol, a YAML file.")],
    out: Annotated[
        Path, typer.Option(help="Folder for the labels; `brine run` goes on in it.")
    ],
    cores: Annotated[
        int | None, typer.Option(min=1, help="Cores to use; all by default.")
    ] = None,
) -> None:
    """Make the labels of a protocol and audit them; run again to continue.

    Example: `brine label water.yaml --out water`
    """
    from brine.cli.tables import print_audit
    from brine.datasets import audit
    from brine.errors import SettingsError
    from brine.settings import load_protocol
    from brine.workflow import label_protocol

    settings = load_protocol(protocol)
    try:
        with display(quiet=False) as watcher:
            labels = label_protocol(
                settings, out, base=protocol.parent, cores=cores, watcher=watcher
            )
    except SettingsError as error:
        raise SettingsError(f"{protocol}: {error}") from None
    found = audit(labels)
    print_audit(found)
    typer.echo(f"Labels: {out / 'labels.extxyz'}")
    if not found.ok:
        raise typer.Exit(ERRORS_FOUND)
