"""Steps that give labelled frames, audit them and split them."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from glob import glob
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from brine.datasets import (
    Dataset,
    Finding,
    Split,
    audit,
    load_dataset,
    measure_leak,
    random_split,
    read_dataset,
    save_dataset,
    split_by_composition,
    split_by_group,
    split_by_last_part,
    split_by_time_block,
    time_order,
)
from brine.errors import DataFileError, InputError
from brine.settings import (
    CompositionSplit,
    FileLabels,
    GroupSplit,
    OracleLabels,
    RandomSplit,
    SPCFwOracle,
    TimeBlockSplit,
)
from brine.settings import Split as SplitSettings
from brine.workflow.sampling import labelled_by_oracle
from brine.workflow.step import Task
from brine.workflow.store import write_atomically

DATASET = "dataset.npz"
AUDIT = "audit.json"
SPLITS = "splits.json"
KEPT = "kept"
"""Folder of single labels beside the steps: none is lost when labelling is interrupted,
and none is made again when more are asked for."""
RUNS = "runs"
"""Folder of Born–Oppenheimer runs, which go on after an interruption."""
MAIN = "main"
"""Name of the split that the verdict rests on."""
SPLIT_SETTINGS: TypeAdapter[SplitSettings] = TypeAdapter(SplitSettings)


def read_labels(task: Task) -> None:
    """Read the labelled frames from files."""
    settings = FileLabels.model_validate(task.inputs["labels"])
    dataset = read_files(settings, Path(task.places["base"]))
    save_dataset(dataset, task.folder / DATASET)


def read_files(settings: FileLabels, base: Path) -> Dataset:
    """The labelled frames of files, with names relative to `base`."""
    dataset = read_dataset(
        *(base / path for path in settings.paths),
        fingerprint=settings.fingerprint,
        every=settings.every,
    )
    return _named_from(dataset, base)


def make_labels(task: Task) -> None:
    """Sample frames with the oracle and label them."""
    content = dict(task.inputs["labels"])
    for who, machine in json.loads(task.places.get("machine", "{}")).items():
        content[who] = content[who] | machine
    settings = OracleLabels.model_validate(content)
    cheap = isinstance(settings.oracle, SPCFwOracle)
    dataset = labelled_by_oracle(
        settings,
        task.inputs,
        workers=task.threads,
        kept=None if cheap else task.folder.parents[1] / KEPT,
        runs=task.folder / RUNS,
        report=task.report,
    )
    save_dataset(dataset, task.folder / DATASET)


def audit_labels(task: Task) -> None:
    """Look for what is wrong with the labels."""
    found = audit(load_dataset(task.needs["labels"] / DATASET))
    write_atomically(task.folder / AUDIT, json.dumps(found.to_json(), indent=1))


def make_splits(task: Task) -> None:
    """Choose training and held-out frames, and measure the leak between them."""
    dataset = load_dataset(task.needs["labels"] / DATASET)
    found: dict[str, dict[str, Any]] = {}
    for number, (name, content) in enumerate(task.inputs["splits"].items()):
        settings = SPLIT_SETTINGS.validate_python(content)
        try:
            split = _split(dataset, settings, task)
        except InputError as error:
            key = "split" if name == MAIN else f"compare_splits.{name}"
            raise InputError(f"{key}: {error}") from error
        if task.inputs["from_oracle"]:
            split = without_scaled_copies(dataset, split)
        found[name] = {
            "train": split.train.tolist(),
            "test": split.test.tolist(),
            "kind": split.kind,
            "random": split.random,
            "note": split.note,
            "leak": measure_leak(dataset, split).to_json(),
        }
        task.report(
            f"split {name}", {"done": (number + 1) / len(task.inputs["splits"])}
        )
    write_atomically(task.folder / SPLITS, json.dumps(found))


def read_splits(folder: Path) -> dict[str, Split]:
    """The splits in the result `folder` of `make_splits`, by name."""
    content = json.loads((folder / SPLITS).read_text(encoding="utf-8"))
    return {
        name: Split(
            train=np.array(entry["train"], dtype=np.int64),
            test=np.array(entry["test"], dtype=np.int64),
            kind=entry["kind"],
            random=entry["random"],
            note=entry["note"],
        )
        for name, entry in content.items()
    }


def without_scaled_copies(dataset: Dataset, split: Split) -> Split:
    """`split` with nothing held out but frames as the oracle's runs visited them.

    Copies that a sampling plan has scaled have a source of their own; their forces
    are far larger and would hide every other error.
    """
    groups = np.array(dataset.group_names)[dataset.group[split.test]]
    sources = np.array(dataset.source_names)[dataset.source[split.test]]
    return replace(split, test=split.test[groups == sources])


def read_leak(folder: Path, split: str) -> dict[str, Any]:
    """What `measure_leak` found for `split`, in the result of `make_splits`."""
    content = json.loads((folder / SPLITS).read_text(encoding="utf-8"))
    leak: dict[str, Any] = content[split]["leak"]
    return leak


def read_findings(folder: Path) -> list[Finding]:
    """What `audit_labels` found."""
    content = json.loads((folder / AUDIT).read_text(encoding="utf-8"))
    return [
        Finding(**{**entry, "frames": tuple(entry["frames"])})
        for entry in content["findings"]
    ]


def fit_step(split: str) -> str:
    """Name of the step that fits to the training frames of `split`."""
    return "fit" if split == MAIN else f"fit-{split}"


def held_out_step(split: str) -> str:
    """Name of the step that predicts the held-out frames of `split`."""
    return "held-out" if split == MAIN else f"held-out-{split}"


def file_digests(patterns: Sequence[str], base: Path) -> dict[str, str]:
    """SHA-256 of every file that `patterns` mean, by path relative to `base`.

    Raises
    ------
    DataFileError
        A pattern matches nothing.
    """
    digests: dict[str, str] = {}
    for pattern in patterns:
        found = glob(str(base / pattern), recursive=True) if _is_glob(pattern) else []
        matches = [Path(path) for path in sorted(found)]
        for path in matches or [base / pattern]:
            if not path.exists():
                raise DataFileError(
                    f"{path} does not exist; paths in a protocol are relative to the "
                    "protocol's own folder."
                )
            files = sorted(path.rglob("*")) if path.is_dir() else [path]
            for file in files:
                if file.is_file():
                    name = os.path.relpath(file, base)
                    digests[name] = hashlib.sha256(file.read_bytes()).hexdigest()
    return digests


def _is_glob(pattern: str) -> bool:
    return any(sign in pattern for sign in "*?[")


def _named_from(dataset: Dataset, base: Path) -> Dataset:
    """`dataset` with names of files and groups relative to `base`."""

    def shortened(name: str) -> str:
        return os.path.relpath(name, base) if os.path.isabs(name) else name

    return replace(
        dataset,
        source_names=tuple(map(shortened, dataset.source_names)),
        group_names=tuple(map(shortened, dataset.group_names)),
    )


def _split(dataset: Dataset, settings: SplitSettings, task: Task) -> Split:
    match settings:
        case TimeBlockSplit():
            return split_by_time_block(
                dataset,
                train=settings.train,
                gap=settings.gap,
                test=settings.test,
                order=_order(dataset, settings.order, task.places),
            )
        case GroupSplit():
            return split_by_group(dataset, settings.test)
        case CompositionSplit():
            return split_by_composition(dataset, settings.held_out)
        case RandomSplit():
            return random_split(
                dataset, fraction=settings.fraction, seed=task.inputs["seed"]
            )
    return split_by_last_part(
        dataset, fraction=settings.fraction, gap_fraction=settings.gap_fraction
    )


def _order(
    dataset: Dataset, order: str, places: Mapping[str, str]
) -> NDArray[np.int64] | None:
    if order == "as-read":
        return None
    if order == "rebuilt":
        found = time_order(dataset)
        if found is None:
            raise InputError(
                "`order` is `rebuilt`, but the frames are as far from each other "
                "as any two: no order in time can be seen; use `as-read`."
            )
        return found.frames
    return order_from_file(dataset, Path(places["base"]) / order)


def order_from_file(dataset: Dataset, path: Path) -> NDArray[np.int64]:
    """Frames of `dataset` in the order of the lines ``source frame`` of a file.

    Raises
    ------
    DataFileError
        A line is not of that form or names a frame that the dataset does not have.
    """
    places = {
        (source, int(frame)): k
        for k, (source, frame) in enumerate(
            zip(dataset.source, dataset.source_frame, strict=True)
        )
    }
    order = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        found = _frame(words, dataset.source_names, places)
        if found is None:
            raise DataFileError(
                f"{path}, line {number}: `{line}` must be `source frame` for a frame "
                "that was read."
            )
        order.append(found)
    return np.array(order, dtype=np.int64)


def _frame(
    words: Sequence[str], names: Sequence[str], places: Mapping[tuple[int, int], int]
) -> int | None:
    if len(words) != 2 or not words[1].isdecimal():
        return None
    parts = tuple(Path(words[0]).parts)
    for k, name in enumerate(names):
        if Path(name).parts[-len(parts) :] == parts:
            return places.get((k, int(words[1])))
    return None
