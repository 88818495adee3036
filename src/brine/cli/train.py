"""``brine train``."""

import os
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Annotated

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered
from brine.errors import InputError, OutputError

if TYPE_CHECKING:
    from brine.datasets import Dataset
    from brine.settings import NativeSettings, TrainedElsewhere
    from brine.training import HeldOutErrors


@answered
def train(
    data: Annotated[
        list[str], typer.Argument(help="Files, folders or globs with labelled frames.")
    ],
    out: Annotated[Path, typer.Option(help="The potential to write.")],
    protocol: Annotated[
        Path | None,
        typer.Option(help="Take `potential` from this protocol, not the defaults."),
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Take every n-th frame.")] = 1,
    held_out: Annotated[
        float,
        typer.Option(min=0.0, max=0.9, help="Hold out this last part of every file."),
    ] = 0.2,
    fingerprint: Annotated[
        str | None, typer.Option(help="Level of theory of the labels.")
    ] = None,
    unaudited: Annotated[
        bool, typer.Option(help="Train on labels even if the audit finds them wrong.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Fit a potential to labelled frames, once the audit lets them pass.

    Example: `brine train frames/*.extxyz --out water.brine`
    """
    from brine.datasets import read_dataset, split_by_last_part
    from brine.potentials import NativePotential, Potential
    from brine.settings import NativeSettings
    from brine.training import calibrate, fit, held_out_errors, predict
    from brine.training.families import fit_elsewhere

    _refuse_unwritable(out)
    settings = _settings(protocol)
    with reporting("train", quiet=json) as report:
        dataset = read_dataset(*data, fingerprint=fingerprint, every=every)
        if not unaudited:
            _refuse_wrong_labels(dataset)
        training, test = dataset, None
        if held_out:
            split = split_by_last_part(dataset, fraction=held_out)
            training, test = dataset.select(split.train), dataset.select(split.test)
        checkpoint = out.with_name(out.name + ".training")
        potential: Potential
        if isinstance(settings, NativeSettings):
            if checkpoint.is_dir():
                rmtree(checkpoint)
            potential = fit(training, settings, checkpoint=checkpoint, report=report)
        else:
            found = fit_elsewhere(training, settings, checkpoint, report=report)
            potential = found.potential
        errors = None
        if test is not None:
            errors = held_out_errors(test, predict(potential, test, report=report))
            if isinstance(potential, NativePotential) and test.has_forces.any():
                potential = calibrate(potential, test, report=report)
        potential.save(out)
        _remove(checkpoint)
    _answer(out, len(training), errors, json=json)


def _settings(protocol: Path | None) -> "NativeSettings | TrainedElsewhere":
    """Of the one potential that `protocol` describes."""
    from brine.settings import (
        ModelPotential,
        NativeSettings,
        load_protocol,
        load_sweep,
    )

    if protocol is None:
        return NativeSettings()
    if load_sweep(protocol):
        raise InputError(
            f"{protocol} must describe one potential, got a `sweep` of several; train "
            "them with `brine run`, or take `sweep` out of a copy."
        )
    settings = load_protocol(protocol).potential
    if isinstance(settings, ModelPotential):
        raise InputError(
            f"{protocol}: `potential.kind` must be one that can be trained, got "
            f"`{settings.kind}`; leave out `--protocol`, or judge the model with "
            "`brine run`."
        )
    return settings


def _remove(checkpoint: Path) -> None:
    """The native family keeps a file, other packages fill a folder."""
    if checkpoint.is_dir():
        rmtree(checkpoint)
    checkpoint.unlink(missing_ok=True)


def _answer(
    out: Path, n_frames: int, errors: "HeldOutErrors | None", *, json: bool
) -> None:
    if json:
        from dataclasses import asdict
        from json import dumps

        content = {"potential": str(out), "frames": n_frames}
        typer.echo(dumps(content | ({"errors": asdict(errors)} if errors else {})))
        return
    from brine.cli.tables import print_errors

    if errors is not None:
        print_errors(errors)
    typer.echo(f"{out} written, trained on {n_frames} frames")


def _refuse_unwritable(out: Path) -> None:
    from brine.potentials.foreign import is_foreign

    if is_foreign(out):
        raise OutputError(
            f"{out} must not be called like another package's model, for it would be "
            f"read as one; write {out.with_suffix('.brine')}."
        )
    usable = out.is_file() or not out.exists()
    if not (usable and os.access(out.parent, os.W_OK)):
        raise OutputError(
            f"{out} cannot be written; `--out` must name a file in a folder that "
            "exists and that you may write to."
        )


def _refuse_wrong_labels(dataset: "Dataset") -> None:
    from brine.datasets import audit

    errors = [f for f in audit(dataset).findings if f.severity == "error"]
    if errors:
        where = f"{errors[0].source}: " if errors[0].source else ""
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise InputError(
            f"{where}{errors[0].message.rstrip('.')}{more}; mend the labels (`brine "
            "audit` shows everything), or train on them as they are with --unaudited."
        )
