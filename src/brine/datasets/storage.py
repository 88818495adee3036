"""Datasets on disk: brine's own columnar file, and extended XYZ for others."""

import json
import os
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import ase.io
import numpy as np

from brine.datasets.dataset import Dataset
from brine.errors import DataFileError, InputError

FORMAT = "brine dataset"
VERSION = 1
METADATA = ("group_names", "source_names", "fingerprint", "assumptions")


def save_dataset(dataset: Dataset, path: str | Path) -> None:
    """Write `dataset` as one compressed ``.npz`` without pickled objects.

    The file appears whole or not at all.
    """
    path = Path(path)
    header = {name: getattr(dataset, name) for name in METADATA}
    header |= {"format": FORMAT, "version": VERSION}
    arrays = {
        field.name: getattr(dataset, field.name)
        for field in fields(dataset)
        if field.name not in METADATA
    }
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            np.savez_compressed(file, header=np.array(json.dumps(header)), **arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def load_dataset(path: str | Path) -> Dataset:
    """The dataset that `save_dataset` wrote.

    Raises
    ------
    DataFileError
        The file is damaged, not a dataset of brine, or from a newer version.
    """
    try:
        with Path(path).open("rb") as file:
            columns = np.load(file, allow_pickle=False)
            content = {name: columns[name] for name in columns.files}
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise DataFileError(f"{path} cannot be read as a dataset ({error}).") from error
    header = _header(content, path)
    arrays = {f.name for f in fields(Dataset)} - set(METADATA)
    missing = sorted(arrays - set(content))
    if missing:
        raise DataFileError(
            f"{path} must hold the column `{missing[0]}`; it is damaged."
        )
    return Dataset(
        **{name: content[name] for name in arrays},
        group_names=tuple(header["group_names"]),
        source_names=tuple(header["source_names"]),
        fingerprint=header["fingerprint"],
        assumptions=tuple(header["assumptions"]),
    )


def _header(content: dict[str, Any], path: str | Path) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(str(content["header"]))
    except (KeyError, ValueError):
        header = {}
    if header.get("format") != FORMAT:
        raise DataFileError(f"{path} is not a dataset of brine; name another file.")
    if header["version"] > VERSION:
        raise DataFileError(
            f"{path} has format version {header['version']}, this brine reads up to "
            f"{VERSION}; install a newer brine."
        )
    return header


def write_dataset(dataset: Dataset, path: str | Path) -> None:
    """Write `dataset` in the format that the suffix of `path` names.

    ``.npz`` is brine's own, complete; ``.xyz`` and ``.extxyz`` carry structures,
    labels, groups and the fingerprint, in Å, eV, eV/Å and eV/Å³ tension positive.

    Raises
    ------
    InputError
        The suffix is another one.
    """
    path = Path(path)
    if path.suffix == ".npz":
        save_dataset(dataset, path)
        return
    if path.suffix not in (".xyz", ".extxyz"):
        raise InputError(
            f"`path` must end in .npz, .xyz or .extxyz, got {str(path)!r}."
        )
    images = []
    for index, atoms in enumerate(dataset.frames()):
        atoms.info["group"] = dataset.group_names[dataset.group[index]]
        atoms.info["fingerprint"] = dataset.fingerprint
        images.append(atoms)
    ase.io.write(path, images, format="extxyz")
