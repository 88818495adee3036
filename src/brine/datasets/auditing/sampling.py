"""Frames that are copies or neighbours in time of each other."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brine.datasets.auditing.findings import BlockSplit, Finding, named, per_source
from brine.datasets.chronology import time_order
from brine.datasets.dataset import Dataset
from brine.datasets.displacements import (
    SMALLEST_VOLUME,
    comparable_sets,
    displacement_matrix,
    reduced_positions,
)
from brine.datasets.leak import MAX_FRAMES, Leak, judge_distances

SAME = 1e-3
"""Å: frames nearer than this are the same frame."""
BLOCKS = (0.75, 0.05)
"""Shares of the frames to train on and to leave out; the rest is held out."""
MAX_PAIRS = 1000
"""Near pairs compared at most in one set of comparable frames."""
CLOSE = 0.12
"""Å: frames near enough for the energy difference to follow from the forces."""


@dataclass(frozen=True, eq=False)
class Sampling:
    """How frames lie to each other.

    Attributes
    ----------
    duplicates : (n,) array of int
        Frames that repeat an earlier one.
    group_leaks : dict of str to Leak
        For every group its distance to the other groups, where comparable.
    overall : Leak or None
        Distance of each frame to its nearest other, whatever its group.
    close_pairs : (n, 2) array of int
        Frames near enough to compare energies with forces.
    """

    duplicates: NDArray[np.int64]
    group_leaks: dict[str, Leak]
    overall: Leak | None
    close_pairs: NDArray[np.int64]


def measure_sampling(dataset: Dataset) -> Sampling:
    """Distances between all frames with the same atoms."""
    finite = np.ones(len(dataset), dtype=bool)
    bad = dataset.not_finite()
    finite[np.concatenate([bad["positions"], bad["cells"]])] = False
    finite &= ~_degenerate(dataset)
    nearest = np.full(len(dataset), np.nan)
    across = np.full(len(dataset), np.nan)
    scale = np.full(len(dataset), np.nan)
    duplicates: list[NDArray[np.int64]] = []
    close: list[NDArray[np.int64]] = []
    for frames in comparable_sets(dataset):
        chosen = frames[finite[frames]]
        chosen = chosen[:: -(-len(chosen) // MAX_FRAMES) or 1]
        if len(chosen) < 2:
            continue
        matrix = displacement_matrix(reduced_positions(dataset, chosen))
        scale[chosen] = np.median(matrix[np.triu_indices(len(chosen), 1)])
        pairs = _near_pairs(dataset, chosen, matrix)
        close.append(chosen[pairs[:: -(-len(pairs) // MAX_PAIRS) or 1]])
        same = matrix[pairs[:, 0], pairs[:, 1]] < SAME
        duplicates.append(np.unique(chosen[pairs[same, 1]]))
        np.fill_diagonal(matrix, np.inf)
        nearest[chosen] = matrix.min(axis=1)
        groups = dataset.group[chosen]
        matrix[groups[:, None] == groups[None, :]] = np.inf
        across[chosen] = matrix.min(axis=1)
    across[np.isinf(across)] = np.nan
    return Sampling(
        duplicates=_joined(duplicates),
        group_leaks=_group_leaks(dataset, across, scale),
        overall=_leak(nearest, scale),
        close_pairs=np.concatenate(close) if close else np.empty((0, 2), np.int64),
    )


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.sort(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)


def _degenerate(dataset: Dataset) -> NDArray[np.bool_]:
    volume = np.abs(np.linalg.det(np.nan_to_num(dataset.cells)))
    return np.asarray(dataset.periodic.all(axis=1) & (volume < SMALLEST_VOLUME))


def _near_pairs(
    dataset: Dataset, frames: NDArray[np.int64], matrix: NDArray[np.float64]
) -> NDArray[np.int64]:
    """(n_pairs, 2) array: near frames in the same box, the earlier one first."""
    pairs = np.argwhere(np.triu(matrix < CLOSE, 1))
    first, second = (
        dataset.cells[frames[pairs[:, 0]]],
        dataset.cells[frames[pairs[:, 1]]],
    )
    same_box = np.abs(first - second).max(axis=(1, 2), initial=0.0) < 1e-6
    return np.asarray(pairs[same_box])


def _group_leaks(
    dataset: Dataset, across: NDArray[np.float64], scale: NDArray[np.float64]
) -> dict[str, Leak]:
    leaks = {}
    for index, name in enumerate(dataset.group_names):
        here = dataset.group == index
        leak = _leak(across[here], scale[here])
        if leak is not None:
            leaks[name] = leak
    return leaks


def _leak(nearest: NDArray[np.float64], scale: NDArray[np.float64]) -> Leak | None:
    known = np.isfinite(nearest)
    return judge_distances(nearest[known], scale[known]) if known.any() else None


def offered_block_split(dataset: Dataset, sampling: Sampling) -> BlockSplit | None:
    """A split in time, where groups leak and the order can be rebuilt."""
    if not any(leak.leaks for leak in sampling.group_leaks.values()):
        return None
    if len(comparable_sets(dataset)) > 1:
        return None
    order = time_order(dataset)
    if order is None:
        return None
    n_frames = len(order.frames)
    train, gap = (round(share * n_frames) for share in BLOCKS)
    frames = tuple(int(k) for k in order.frames)
    return BlockSplit(train, gap, n_frames - train - gap, frames)


def sampling_findings(
    dataset: Dataset, sampling: Sampling, split: BlockSplit | None
) -> Iterator[Finding]:
    """Duplicates, groups that leak, correlated frames, energies against forces."""
    for source, frames in per_source(dataset, sampling.duplicates):
        yield Finding(
            "warning",
            "duplicates",
            f"{named(frames)} repeat an earlier frame (within {SAME} Å).",
            source,
            frames,
        )
    yield from _leak_findings(dataset, sampling, split)
    yield from _energy_follows_forces(dataset, sampling)


def _leak_findings(
    dataset: Dataset, sampling: Sampling, split: BlockSplit | None
) -> Iterator[Finding]:
    leaking = {name: k for name, k in sampling.group_leaks.items() if k.leaks}
    if leaking:
        worst = min(leaking.values(), key=lambda leak: leak.median)
        names = ", ".join(name.split("/")[-1] for name in leaking)
        offer = (
            f"hold out a block of the rebuilt time order instead (first {split.train} "
            f"to train, {split.gap} left out, last {split.test} held out)"
            if split
            else "hold out all groups that share a trajectory, or a whole composition"
        )
        yield Finding(
            "warning",
            "leak",
            f"Groups {names} share trajectories with other groups: frames are "
            f"{worst.median:.2f} Å (median; least {worst.least:.3f} Å) from the "
            f"nearest frame of another group where any two are "
            f"{worst.independent:.2f} Å apart. Errors on such a group flatter; "
            f"{offer}.",
        )
    elif sampling.overall is not None and sampling.overall.leaks:
        yield Finding(
            "note",
            "correlated_frames",
            f"Neighbouring frames are alike ({sampling.overall.median:.2f} Å where any "
            f"two are {sampling.overall.independent:.2f} Å apart): never split at "
            "random.",
        )


def _energy_follows_forces(dataset: Dataset, sampling: Sampling) -> Iterator[Finding]:
    """Between near frames the energy differs by −F·Δr, F the mean of both."""
    known = np.isfinite(dataset.energy) & dataset.has_forces
    measured, expected = [], []
    for a, b in sampling.close_pairs:
        if not (known[a] and known[b]):
            continue
        first, second = dataset.atoms_of(a), dataset.atoms_of(b)
        step = dataset.positions[second] - dataset.positions[first]
        if dataset.periodic[a].all():
            fractional = np.linalg.solve(dataset.cells[a].T, step.T).T
            step = (fractional - np.rint(fractional)) @ dataset.cells[a]
        mean = (dataset.forces[first] + dataset.forces[second]) / 2
        work = -float(np.sum(mean * step))
        if np.isfinite(work):
            measured.append(dataset.energy[b] - dataset.energy[a])
            expected.append(work)
    if len(measured) < 5 or not np.any(expected):
        return
    ratio = float(np.dot(measured, expected) / np.dot(expected, expected))
    residual = np.linalg.norm(np.array(measured) - ratio * np.array(expected))
    error = residual / np.linalg.norm(expected) / np.sqrt(len(measured) - 1)
    message = (
        f"In {len(measured)} pairs of near frames energies differ by {ratio:.3g} ± "
        f"{error:.1g} times what the forces say"
    )
    if abs(ratio - 1) > max(0.4, 4 * error):
        yield Finding(
            "error",
            "energy_forces_disagree",
            f"{message}, where 1 is right: their units differ, or they come from "
            "different calculations.",
        )
    else:
        yield Finding("note", "energy_matches_forces", f"{message}: they agree.")
