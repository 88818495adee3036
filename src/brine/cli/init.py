"""``brine init``."""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

from brine.cli.failures import answered
from brine.errors import InputError, OutputError


def templates() -> dict[str, str]:
    """Text of every protocol that can be written, by name."""
    folder = files("brine.cli") / "templates"
    return {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in sorted(folder.iterdir(), key=lambda e: e.name)
        if entry.name.endswith(".yaml")
    }


@answered
def init(
    template: Annotated[
        str, typer.Argument(help="water, water-dft, nacl-water or li2zncl4")
    ],
    path: Annotated[
        Path | None, typer.Argument(help="Where; TEMPLATE.yaml by default.")
    ] = None,
) -> None:
    """Write a protocol to start from.

    Example: `brine init water && brine run water.yaml --out water`
    """
    from brine.settings import FileLabels, did_you_mean, load_protocol

    known = templates()
    if template not in known:
        raise InputError(
            f"`TEMPLATE` must be one of {', '.join(known)}, got {template!r}."
            + did_you_mean(template, known)
        )
    target = path or Path(f"{template}.yaml")
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(known[template])
    except FileExistsError:
        raise InputError(
            f"{target} exists and is not overwritten; give another path."
        ) from None
    except OSError as error:
        # What stands there is half a protocol, or none.
        if target.is_file() and not target.is_symlink():
            target.unlink()
        raise OutputError(
            f"{target} cannot be written: {error.strerror}; give another path."
        ) from error
    typer.echo(f"{target} written; run it with: brine run {target} --out {target.stem}")
    protocol = load_protocol(target)
    if isinstance(protocol.labels, FileLabels):
        typer.echo(
            f"Put your labelled frames where its `labels.paths` says first: "
            f"{', '.join(protocol.labels.paths)}, beside it."
        )
