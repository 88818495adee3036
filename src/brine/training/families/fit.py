"""Training another package's model to a dataset, as a potential of brine."""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from typing import Final

import numpy as np

import brine
from brine.datasets import Dataset, split_by_last_part
from brine.errors import (
    BrineError,
    InputError,
    MissingLabelError,
    MissingPackageError,
)
from brine.potentials.foreign import ForeignPotential
from brine.processes import run_child
from brine.settings.potential import TrainedElsewhere
from brine.structures.progress import Report, silent
from brine.threads import thread_count
from brine.training.families.deepmd import DeePMDTrainer
from brine.training.families.nequip import NequIPTrainer
from brine.training.families.trainer import Order, Point, Trainer

TRAINERS: Final[dict[str, Callable[[], Trainer]]] = {
    "nequip": lambda: NequIPTrainer("nequip"),
    "allegro": lambda: NequIPTrainer("allegro"),
    "deepmd": DeePMDTrainer,
}
NEEDS: Final = {
    "nequip": ("nequip",),
    "allegro": ("nequip", "allegro"),
    "deepmd": ("deepmd", "tensorflow"),
}
"""Modules that must be there, by family."""
EXTRA: Final = {"nequip": "nequip", "allegro": "nequip", "deepmd": "deepmd"}
"""brine's extra that installs a family."""
TOLD_AND_SAID: Final = (
    *("config.yaml", "input.json", "zbl.txt"),
    *("log.txt", "lcurve.out", "metrics.csv"),
)
MARK: Final = "fit.json"
"""What a folder's checkpoints belong to."""
TIMED_STEPS: Final = 40
"""Of a first short training that tells how long a step takes."""
DEFAULT_EPOCHS: Final = 100
SHARE_OF_TRAINING: Final = 0.9
"""Of the time of a fit, for its progress: the rest freezes or compiles."""


@dataclass(frozen=True)
class TrainedModel:
    """A model and how its training went.

    Attributes
    ----------
    potential : ForeignPotential
    n_steps : int
        Batches.
    points : tuple of Point
        Errors on the validation frames on the way.
    """

    potential: ForeignPotential
    n_steps: int
    points: tuple[Point, ...]


def fit_elsewhere(
    dataset: Dataset,
    settings: TrainedElsewhere,
    folder: Path,
    *,
    seed: int = 0,
    report: Report = silent,
) -> TrainedModel:
    """The model that the package of `settings` trains on `dataset`.

    Parameters
    ----------
    dataset : Dataset
        The last `validation_share` of each source is only looked at.
    settings : NequIPSettings, AllegroSettings or DeePMDSettings
    folder : Path
        For inputs, checkpoints, logs. A fit of the same frames, settings and seed goes
        on from there; what another one has left there is removed.
    seed : int
    report : Report

    Raises
    ------
    MissingPackageError
        The package is not installed.
    MissingLabelError
        No frame has an energy, or none has forces.
    InputError
        A label is not finite.
    BrineError
        The package's program stopped with an error, which the message repeats.
    """
    check_installed(settings.kind)
    trainer = TRAINERS[settings.kind]()
    _begin(folder, dataset, settings, seed)
    order = _order(trainer, _usable(dataset), settings, folder, seed)
    trainer.write_inputs(order)
    _train(trainer, order, report)
    provenance = {
        "brine": brine.__version__,
        "data_hash": dataset.content_hash,
        "fingerprint": dataset.fingerprint,
        "n_frames": len(dataset),
        "settings": settings.model_dump(mode="json"),
        "steps": order.n_steps,
    }
    potential = _finish(trainer, order, provenance)
    report("fit", {"done": 1.0})
    seen = [p for p in trainer.points(order.folder) if not math.isnan(p.force)]
    return TrainedModel(potential, order.n_steps, tuple(seen))


def remove_weights(folder: Path) -> None:
    """Leave in `folder` only what the package was told and what it said."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path.name not in TOLD_AND_SAID:
            path.unlink()


def check_installed(kind: str) -> None:
    """Refuse a family whose package is not there.

    Raises
    ------
    MissingPackageError
        It is not.
    """
    for name in NEEDS[kind]:
        if find_spec(name) is None:
            raise MissingPackageError(
                f"`potential.kind` {kind} needs the package {name}, got none; run "
                f"`pip install 'brine[{EXTRA[kind]}]'`."
            )


def _begin(
    folder: Path, dataset: Dataset, settings: TrainedElsewhere, seed: int
) -> None:
    """Make `folder` this fit's own."""
    asked = [dataset.content_hash, settings.model_dump_json(), seed, brine.__version__]
    mark = folder / MARK
    if mark.exists() and mark.read_text() != json.dumps(asked):
        rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(json.dumps(asked))


def _usable(dataset: Dataset) -> Dataset:
    for label, known in (
        ("an energy", dataset.has_energy),
        ("forces", dataset.has_forces),
    ):
        if not known.any():
            raise MissingLabelError(
                f"training needs frames with {label}, got none among {len(dataset)}; "
                "label them, or choose other files in `labels`."
            )
    return dataset.require_finite()


def _order(
    trainer: Trainer,
    dataset: Dataset,
    settings: TrainedElsewhere,
    folder: Path,
    seed: int,
) -> Order:
    parts = _parts(dataset, settings.validation_share)
    order = Order(settings, *parts, folder.resolve(), n_steps=TIMED_STEPS, seed=seed)
    return replace(order, n_steps=_n_steps(trainer, order))


def _parts(dataset: Dataset, share: float) -> tuple[Dataset, Dataset]:
    """Frames to train on and to look at; short sources give one frame here and there.

    A single frame is both.
    """
    try:
        split = split_by_last_part(dataset, fraction=share, gap_fraction=0.0)
    except InputError:
        every = max(2, round(1 / share))
        chosen = np.arange(len(dataset)) % every == min(every, len(dataset)) - 1
        rest = ~chosen if len(dataset) > 1 else chosen
        parts = [dataset.select(np.flatnonzero(k)) for k in (rest, chosen)]
        return parts[0], parts[1]
    return dataset.select(split.train), dataset.select(split.test)


def _n_steps(trainer: Trainer, order: Order) -> int:
    settings = order.settings
    if settings.steps is not None:
        return settings.steps
    batches = math.ceil(len(order.training) / settings.batch_size)
    if settings.minutes is None:
        return (settings.epochs or DEFAULT_EPOCHS) * batches
    known = order.folder / "steps.json"
    if not known.exists():
        seconds = _seconds_per_step(trainer, order)
        known.write_text(json.dumps(max(1, round(60 * settings.minutes / seconds))))
    n_steps: int = json.loads(known.read_text())
    # Whole epochs: the last weights are looked at, too.
    return max(n_steps // batches, 1) * batches if n_steps > batches else n_steps


def _seconds_per_step(trainer: Trainer, order: Order) -> float:
    """Of a short training, from its first sign of progress to its last."""
    short = replace(order, folder=order.folder / "timing")
    short.folder.mkdir(exist_ok=True)
    trainer.write_inputs(short)
    seen: list[tuple[float, int]] = []

    def watch() -> None:
        points = trainer.points(short.folder)
        if points and (not seen or points[-1].step > seen[-1][1]):
            seen.append((time.monotonic(), points[-1].step))

    _run(trainer, short, trainer.train_command(short.folder), watch)
    if not seen:
        raise InputError(
            f"`potential.minutes` needs {trainer.name}'s log to tell how long a step "
            f"takes, got none of {TIMED_STEPS} steps; leave its file out of "
            "`potential.extra`, or give `steps`."
        )
    (begin, first), (end, last) = seen[0], seen[-1]
    return (end - begin) / (last - first) if last > first else 1.0


def _train(trainer: Trainer, order: Order, report: Report) -> None:
    """Until every step is done; what an earlier attempt has done is kept."""
    done = order.folder / "trained.json"
    if done.exists():
        return

    def watch() -> None:
        points = trainer.points(order.folder)
        if points:
            share = SHARE_OF_TRAINING * points[-1].step / order.n_steps
            numbers = {"done": min(share, SHARE_OF_TRAINING)}
            errors = [p.force for p in points if not math.isnan(p.force)]
            if errors:
                numbers["force_error_meV_per_A"] = 1000 * errors[-1]
            report("fit", numbers)

    _run(trainer, order, trainer.train_command(order.folder), watch)
    done.write_text(json.dumps(order.n_steps))


def _finish(
    trainer: Trainer, order: Order, provenance: Mapping[str, object]
) -> ForeignPotential:
    """The model; without what cannot be compressed or packaged.

    What an attempt that was killed has left of a file is no model.
    """
    while stale := trainer.model(order.folder) or trainer.source(order.folder):
        stale.unlink()
    for command in trainer.finish_commands(order):
        try:
            _run(trainer, order, command, lambda: None)
        except BrineError:
            if trainer.model(order.folder) is None:
                raise
    model, source = trainer.model(order.folder), trainer.source(order.folder)
    assert model is not None
    package = source.read_bytes() if source else b""
    return ForeignPotential(model.name, model.read_bytes(), provenance, package)


def _run(
    trainer: Trainer, order: Order, command: list[str], watch: Callable[[], None]
) -> None:
    given = " with `potential.extra`" if order.settings.extra else ""
    run_child(
        command,
        order.folder,
        name=trainer.name + given,
        log=order.folder / "log.txt",
        environment=trainer.environment(thread_count()),
        watch=watch,
    )
