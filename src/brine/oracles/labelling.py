"""Frames and an oracle to a labelled dataset."""

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets.dataset import Dataset
from brine.errors import InputError
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
        Frames labelled at a time; as many as there are cores where absent.
    report : Report

    Raises
    ------
    InputError
        There is no frame, not one group and source for each, or a frame the oracle
        cannot label (the message names it).
    """
    named = list(groups) if sources is None else list(sources)
    if not frames or len(groups) != len(frames) or len(named) != len(frames):
        raise InputError(
            "there must be a group and a source for each frame, got "
            f"{len(frames)} frames, {len(groups)} groups and {len(named)} sources."
        )
    workers = workers or len(available_cores())
    pieces = np.array_split(np.arange(len(frames)), min(len(frames), workers))
    labels = side_by_side(
        [_labeller(oracle, frames, piece) for piece in pieces],
        task="labelling",
        workers=workers,
        report=report,
    )
    return _dataset(
        frames, [one for piece in labels for one in piece], groups, named, oracle
    )


def _labeller(
    oracle: Oracle, frames: Sequence[Atoms], piece: NDArray[np.int64]
) -> Callable[[Report], list[Labels]]:
    def label(report: Report) -> list[Labels]:
        labels = []
        for done, k in enumerate(piece):
            try:
                labels.append(oracle.label(frames[k]))
            except InputError as error:
                raise InputError(f"frame {k} cannot be labelled: {error}") from error
            if done % PIECE == 0:
                report("labelling", {"done": done / len(piece)})
        return labels

    return label


def _dataset(
    frames: Sequence[Atoms],
    labels: Sequence[Labels],
    groups: Sequence[str],
    sources: Sequence[str],
    oracle: Oracle,
) -> Dataset:
    n_frames = len(frames)
    group_names = tuple(dict.fromkeys(groups))
    source_names = tuple(dict.fromkeys(sources))
    source = np.array([source_names.index(name) for name in sources])
    earlier = [int((source[:k] == source[k]).sum()) for k in range(n_frames)]
    present = np.ones(n_frames, dtype=bool)
    return Dataset(
        offsets=np.cumsum([0, *(len(frame) for frame in frames)]),
        numbers=np.concatenate([frame.numbers for frame in frames]).astype(np.int64),
        positions=np.concatenate([frame.positions for frame in frames]),
        cells=np.array([frame.cell.array for frame in frames]),
        periodic=np.array([frame.pbc for frame in frames]),
        energy=np.array([one.energy for one in labels]),
        forces=np.concatenate([one.forces for one in labels]),
        stress=np.array([one.stress for one in labels]),
        has_energy=present,
        has_forces=present,
        has_stress=present,
        group=np.array([group_names.index(name) for name in groups]),
        group_names=group_names,
        source=source,
        source_names=source_names,
        source_frame=np.array(earlier),
        fingerprint=oracle.fingerprint,
        assumptions=("labels of an oracle: eV, Å, stress in eV/Å³ tension positive",),
    )
