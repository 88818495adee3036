"""Frames and an oracle to a labelled dataset."""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets.assembly import NO_LABELS
from brine.datasets.dataset import Dataset
from brine.errors import InputError, UnconvergedError
from brine.oracles.cores import available_cores, side_by_side
from brine.oracles.oracle import Labels, Oracle
from brine.structures.progress import Report, silent

PIECE = 8
"""Frames labelled between two reports."""


def label_frames(
    oracle: Oracle,
    frames: Sequence[Atoms],
    *,
    groups: Sequence[str],
    sources: Sequence[str] | None = None,
    workers: int | None = None,
    kept: Path | None = None,
    report: Report = silent,
) -> Dataset:
    """The labelled dataset of `frames`, in their order.

    Parameters
    ----------
    oracle : Oracle
    frames : sequence of ase.Atoms
    groups : sequence of str
        For each frame the run that it came from.
    sources : sequence of str, optional
        For each frame a name finer than its group; the groups where absent.
    workers : int, optional
        Frames labelled at a time; as many as keep all cores busy where absent.
    kept : Path, optional
        Folder where each label is kept as soon as it is made, and looked for before.
    report : Report

    A frame whose label did not converge has none in the dataset, and `assumptions`
    says why.

    Raises
    ------
    InputError
        There is no frame, not one group and source for each, a frame the oracle
        cannot label (the message names it), or no label converged.
    """
    named = list(groups) if sources is None else list(sources)
    if not frames or len(groups) != len(frames) or len(named) != len(frames):
        raise InputError(
            "there must be a group and a source for each frame, got "
            f"{len(frames)} frames, {len(groups)} groups and {len(named)} sources."
        )
    workers = workers or max(1, len(available_cores()) // oracle.cores)
    keeper = _Keeper(oracle, kept)
    pieces = np.array_split(np.arange(len(frames)), min(len(frames), workers))
    labels = side_by_side(
        [_labeller(keeper, frames, piece) for piece in pieces],
        task="labelling",
        workers=workers,
        report=report,
    )
    return _dataset(
        frames, [one for piece in labels for one in piece], groups, named, oracle
    )


@dataclass(frozen=True)
class _Keeper:
    """An oracle that finds the labels it has made before."""

    oracle: Oracle
    folder: Path | None

    def label(self, atoms: Atoms) -> Labels | UnconvergedError:
        path = self._path(atoms)
        if path is not None and (stored := _stored(path)) is not None:
            return stored
        try:
            labels = self.oracle.label(atoms)
        except UnconvergedError as error:
            return error
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            half = path.with_suffix(".half")
            with half.open("wb") as file:
                np.savez(
                    file,
                    energy=labels.energy,
                    forces=labels.forces,
                    stress=labels.stress,
                )
                file.flush()
                os.fsync(file.fileno())
            os.replace(half, path)
        return labels

    def _path(self, atoms: Atoms) -> Path | None:
        if self.folder is None:
            return None
        digest = hashlib.sha256(self.oracle.fingerprint.encode())
        for array in (atoms.numbers, atoms.positions, atoms.cell.array):
            digest.update(np.ascontiguousarray(array).tobytes())
        return self.folder / f"{digest.hexdigest()[:24]}.npz"


def _stored(path: Path) -> Labels | None:
    """What is in the file `path`; None where it is absent or damaged."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            return Labels(float(stored["energy"]), stored["forces"], stored["stress"])
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return None


def _labeller(
    keeper: _Keeper, frames: Sequence[Atoms], piece: NDArray[np.int64]
) -> Callable[[Report], list[Labels | UnconvergedError]]:
    def label(report: Report) -> list[Labels | UnconvergedError]:
        labels = []
        for done, k in enumerate(piece):
            try:
                labels.append(keeper.label(frames[k]))
            except InputError as error:
                raise InputError(f"frame {k} cannot be labelled: {error}") from error
            if done % PIECE == 0:
                report("labelling", {"done": done / len(piece)})
        return labels

    return label


def _dataset(
    frames: Sequence[Atoms],
    labels: Sequence[Labels | UnconvergedError],
    groups: Sequence[str],
    sources: Sequence[str],
    oracle: Oracle,
) -> Dataset:
    n_frames = len(frames)
    group_names = tuple(dict.fromkeys(groups))
    source_names = tuple(dict.fromkeys(sources))
    source = np.array([source_names.index(name) for name in sources])
    earlier = [int((source[:k] == source[k]).sum()) for k in range(n_frames)]
    present = np.array([isinstance(one, Labels) for one in labels])
    filled = [
        one if isinstance(one, Labels) else _no_labels(len(frame))
        for one, frame in zip(labels, frames, strict=True)
    ]
    failures = {k: one for k, one in enumerate(labels) if not isinstance(one, Labels)}
    if len(failures) == n_frames:
        raise InputError(f"no label converged; of frame 0: {failures[0]}")
    return Dataset(
        offsets=np.cumsum([0, *(len(frame) for frame in frames)]),
        numbers=np.concatenate([frame.numbers for frame in frames]).astype(np.int64),
        positions=np.concatenate([frame.positions for frame in frames]),
        cells=np.array([frame.cell.array for frame in frames]),
        periodic=np.array([frame.pbc for frame in frames]),
        energy=np.array([one.energy for one in filled]),
        forces=np.concatenate([one.forces for one in filled]),
        stress=np.array([one.stress for one in filled]),
        has_energy=present,
        has_forces=present,
        has_stress=present,
        group=np.array([group_names.index(name) for name in groups]),
        group_names=group_names,
        source=source,
        source_names=source_names,
        source_frame=np.array(earlier),
        fingerprint=oracle.fingerprint,
        assumptions=(
            "labels of an oracle: eV, Å, stress in eV/Å³ tension positive",
            *(
                f"frame {earlier[k]} of {sources[k]}{NO_LABELS}{error}"
                for k, error in failures.items()
            ),
        ),
    )


def _no_labels(n_atoms: int) -> Labels:
    return Labels(np.nan, np.full((n_atoms, 3), np.nan), np.full((3, 3), np.nan))
