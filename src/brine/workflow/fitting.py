"""Steps that fit the potential and measure its errors on held-out frames."""

import json
from pathlib import Path

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray
from pydantic import TypeAdapter

from brine.datasets import Dataset, Split, load_dataset
from brine.errors import InputError, PotentialFileError
from brine.potentials import Potential, load
from brine.settings import ModelPotential, NativeSettings, PotentialSettings
from brine.training import (
    HeldOutErrors,
    LearningCurve,
    Predictions,
    calibrate,
    fit,
    held_out_errors,
    predict,
)
from brine.training.families import fit_elsewhere, remove_weights
from brine.workflow.labelling import DATASET, MAIN, read_splits
from brine.workflow.simulating import POTENTIAL
from brine.workflow.step import Task
from brine.workflow.store import write_atomically

SETTINGS: TypeAdapter[PotentialSettings] = TypeAdapter(PotentialSettings)
PREDICTIONS = "predictions.npz"
CURVE = "learning-curve.json"
TRAINING = "training"
"""What a family's own package was told and what it said."""
CHECKPOINT, POINTS = "training.npz", "points.json"
"""What an interrupted fit goes on from, and the curve so far."""
CALIBRATION_FRAMES = 40
"""Held-out frames with forces, evenly spread: every other one calibrates, the rest
show how well that went."""


def fit_potential(task: Task) -> None:
    """Fit to the training frames of one split, calibrated on held-out ones."""
    dataset, split = _split(task)
    settings = SETTINGS.validate_python(task.inputs["potential"])
    if isinstance(settings, ModelPotential):
        try:
            potential = load(Path(task.places["base"]) / settings.path)
            check_elements(potential, dataset, settings.path)
        except PotentialFileError as error:
            raise PotentialFileError(f"`potential.path`: {error}") from None
        potential.save(task.folder / POTENTIAL)
        return
    training = dataset.select(split.train)
    if isinstance(settings, NativeSettings):
        _fit_native(task, settings, training, dataset.select(split.test))
        return
    folder = task.folder / TRAINING
    found = fit_elsewhere(
        training, settings, folder, seed=task.inputs["seed"], report=task.report
    )
    found.potential.save(task.folder / POTENTIAL)
    points = [(p.step, p.energy, p.force) for p in found.points]
    _write_curve(task.folder, "steps", found.n_steps, points)
    remove_weights(folder)


def _fit_native(
    task: Task, settings: NativeSettings, training: Dataset, held_out: Dataset
) -> None:
    """Fit and calibrate, with a curve of held-out errors on the way."""
    checkpoint, earlier = task.folder / CHECKPOINT, task.folder / POINTS
    points = json.loads(earlier.read_text(encoding="utf-8")) if earlier.exists() else []

    def watch(amount: int, potential: Potential) -> None:
        errors = held_out_errors(held_out, predict(potential, held_out))
        points[:] = [p for p in points if p[0] < amount] + [(amount, *_point(errors))]
        write_atomically(earlier, json.dumps(points))

    potential = fit(
        training,
        settings,
        seed=task.inputs["seed"],
        # The report draws one curve, of the split that the verdict rests on.
        watch=watch if task.inputs["split"] == MAIN else None,
        checkpoint=checkpoint,
        report=task.report,
    )
    learning = held_out.select(_spread(held_out)[::2])
    if learning.has_forces.any():
        potential = calibrate(potential, learning, report=task.report)
    potential.save(task.folder / POTENTIAL)
    unit, amount = {
        "linear": ("training frames", len(training)),
        "neural": ("epochs", settings.epochs),
    }[settings.readout]
    _write_curve(task.folder, unit, amount, points)
    for file in (earlier, checkpoint):
        file.unlink(missing_ok=True)


def _write_curve(
    folder: Path, unit: str, amount: int, points: list[tuple[int, float, float]]
) -> None:
    curve = {"unit": unit, "amount": amount, "points": points}
    write_atomically(folder / CURVE, json.dumps(curve))


def check_elements(potential: Potential, dataset: Dataset, name: str) -> None:
    """Refuse a model that lacks an element of the labels.

    Raises
    ------
    InputError
        It does.
    """
    unknown = sorted(set(dataset.elements) - set(potential.elements))
    if unknown:
        raise InputError(
            f"`potential.path`: {name} must know every element of the labels, got none "
            f"for {', '.join(chemical_symbols[z] for z in unknown)}; take a model of "
            "the same elements."
        )


def predict_held_out(task: Task) -> None:
    """Predict the held-out frames of one split, with uncertainties of a few."""
    dataset, split = _split(task)
    held_out = dataset.select(split.test)
    potential = load(task.needs[task.inputs["fit"]] / POTENTIAL)
    found = predict(potential, held_out, report=task.report)
    frames = _spread(held_out)[1::2]
    np.savez(
        task.folder / PREDICTIONS,
        energy=found.energy,
        forces=found.forces,
        stress=found.stress,
        uncertain_frames=frames,
        force_deviations=_deviations(potential, held_out, frames),
    )


def read_learning_curve(folder: Path, errors: HeldOutErrors) -> LearningCurve | None:
    """The curve in `folder`, completed by the `errors` of the fit itself.

    None for a model that was trained elsewhere.
    """
    if not (folder / CURVE).exists():
        return None
    curve = json.loads((folder / CURVE).read_text(encoding="utf-8"))
    points = [*curve["points"], (curve["amount"], *_point(errors))]
    table = np.array(points, dtype=float)
    return LearningCurve(
        table[:, 0].astype(int), curve["unit"], table[:, 1], table[:, 2]
    )


def read_predictions(folder: Path) -> Predictions:
    """The predictions in the result `folder` of `predict_held_out`."""
    with np.load(folder / PREDICTIONS) as arrays:
        return Predictions(arrays["energy"], arrays["forces"], arrays["stress"])


def _split(task: Task) -> tuple[Dataset, Split]:
    dataset = load_dataset(task.needs["labels"] / DATASET)
    return dataset, read_splits(task.needs["splits"])[task.inputs["split"]]


def _spread(held_out: Dataset) -> NDArray[np.int64]:
    """Frames with forces, evenly spread, at most `CALIBRATION_FRAMES`."""
    labelled = np.flatnonzero(held_out.has_forces)
    return labelled[:: max(1, len(labelled) // CALIBRATION_FRAMES)]


def _deviations(
    potential: Potential, dataset: Dataset, frames: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n, 3) array, eV/Å: of the atoms of `frames`; empty where there are none."""
    found = [potential.uncertainty(dataset.frame(int(k))) for k in frames]
    known = [u.forces for u in found if u is not None]
    complete = known and len(known) == len(frames)
    return np.concatenate(known) if complete else np.empty((0, 3))


def _point(errors: HeldOutErrors) -> tuple[float, float]:
    energy = errors.energy.rmse_centred if errors.energy else float("nan")
    force = errors.forces.rmse if errors.forces else float("nan")
    return energy, force
