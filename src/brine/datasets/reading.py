"""Labelled frames from files of every format, read into one dataset."""

import glob
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from brine.datasets.assembly import UNSTATED
from brine.datasets.dataset import Dataset, concatenate
from brine.datasets.readers.ase_files import read_ase
from brine.datasets.readers.deepmd import read_deepmd
from brine.datasets.readers.dpdata_files import read_dpdata
from brine.datasets.readers.n2p2 import read_n2p2
from brine.datasets.readers.sniffing import datasets_in, kind_of
from brine.datasets.storage import load_dataset
from brine.errors import DataFileError, InputError


def read_dataset(
    *paths: str | Path, fingerprint: str | None = None, every: int = 1
) -> Dataset:
    """All labelled frames of `paths`, converted to Å, eV and eV/Å³.

    Formats are recognised from the content: extended XYZ and whatever ASE reads,
    DeePMD ``npy``, n2p2, VASP OUTCAR and vasprun.xml, CP2K, and brine's own
    ``.npz``. What was assumed about units and signs is in ``assumptions``. Labels
    that are not finite are kept for the audit to name; ask
    `Dataset.require_finite` before training.

    Parameters
    ----------
    *paths : str or Path
        Files, glob patterns, DeePMD systems, or folders that hold any of them.
        One file or system is one group unless the file names groups itself.
    fingerprint : str, optional
        Level of theory of the labels in files that do not state one.
    every : int
        Keep frames 0, `every`, 2·`every`, … of each file or system.

    Raises
    ------
    DataFileError
        A path does not exist or cannot be read; the message names file and frame.
    InputError
        `every` is not positive, or the files state different levels of theory.

    Examples
    --------
    >>> dataset = read_dataset("run/*.extxyz", "deepmd/", every=5)  # doctest: +SKIP
    """
    if every < 1:
        raise InputError(f"`every` must be at least 1, got {every}.")
    if not paths:
        raise InputError("`paths` must name at least one file, got none.")
    found = list(dict.fromkeys(p for given in paths for p in _expanded(str(given))))
    parts = [_read_one(path) for path in found]
    parts = [part.select(np.arange(0, len(part), every)) for part in parts]
    return concatenate(_same_level_of_theory(parts, fingerprint))


def _same_level_of_theory(
    parts: list[Dataset], fingerprint: str | None
) -> list[Dataset]:
    """`parts` with `fingerprint` where their files state none."""
    parts = [
        replace(part, fingerprint=fingerprint)
        if fingerprint is not None and part.fingerprint == UNSTATED
        else part
        for part in parts
    ]
    stated = {part.fingerprint: part.source_names[0] for part in parts}
    if fingerprint is not None:
        stated.setdefault(fingerprint, "the argument `fingerprint`")
    if len(stated) > 1:
        named = ", ".join(f"{key!r} ({source})" for key, source in stated.items())
        raise InputError(
            f"labels of different levels of theory must not mix, got {named}; read "
            "them apart, or name the fingerprint of files that state none."
        )
    return parts


def _expanded(given: str) -> Iterator[Path]:
    path = Path(given).expanduser()
    if path.exists():
        matches = [path]
    else:
        matches = [Path(p) for p in sorted(glob.glob(str(path), recursive=True))]
    if not matches:
        raise DataFileError(
            f"{given} must be a file, a folder or a pattern that matches some; "
            "nothing is there."
        )
    for match in matches:
        if match.is_dir() and kind_of(match) is None:
            inside = datasets_in(match)
            if not inside:
                raise DataFileError(
                    f"{match} holds no labelled frames that brine can read; "
                    "name the files themselves."
                )
            yield from inside
        else:
            yield match


def _read_one(path: Path) -> Dataset:
    name = str(path)
    kind = kind_of(path)
    if kind == "brine":
        return load_dataset(path)
    if kind == "deepmd":
        return read_deepmd(path, name=name)
    if kind == "n2p2":
        return read_n2p2(path, name=name)
    if kind is None or kind == "ase":
        return read_ase(path, name=name)
    return read_dpdata(path, name=name, kind=kind)
