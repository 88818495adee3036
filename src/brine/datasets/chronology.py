"""The order in time of frames that were shuffled, rebuilt from displacements."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from brine.datasets.dataset import Dataset
from brine.datasets.displacements import (
    comparable_sets,
    displacement_matrix,
    reduced_positions,
)

STEP_SHARE = 0.5
"""Consecutive frames must be nearer than this share of the distance of any two."""
LINK_SHARE = 0.6
"""Trajectories farther apart than this share of it are ordered one by one."""
NEIGHBOURS = 5
"""Nearest frames that set the local length scale of the similarity."""
WINDOW = 20
"""Frames over which the spectral order is refined."""
LONG_CHAIN = 10
"""Frames from which on a chain counts as a trajectory."""
CHAINED_SHARE = 0.8
"""This share of the frames must lie in long chains, or there is no order."""
MAX_PASSES = 10
"""Refinements along the whole path, at most."""
MAX_FRAMES = 2000
"""Frames of one set ordered at most: work grows with their cube."""


@dataclass(frozen=True, eq=False)
class TimeOrder:
    """Frames in the order of time; whether forwards or backwards is unknown.

    Attributes
    ----------
    frames : (n_frames,) array of int
        Indices into the dataset, one chain after the other.
    chains : tuple of (n,) arrays of int
        The trajectories found: each continuous in itself.
    step : float, Å
        Median RMS displacement between consecutive frames.
    independent : float, Å
        Median RMS displacement of any two comparable frames.
    """

    frames: NDArray[np.int64]
    chains: tuple[NDArray[np.int64], ...]
    step: float
    independent: float


def time_order(dataset: Dataset) -> TimeOrder | None:
    """The order in which a trajectory visited the frames, or None.

    Consecutive frames of a trajectory are near each other, so the eigenvector of
    the second smallest eigenvalue of the graph Laplacian of their similarities
    (the Fiedler vector) runs along time; the order is then refined by reversing
    short stretches where that shortens the path. Sets of different atoms are
    ordered apart.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    order : TimeOrder or None
        None when the frames of some set are as far from each other as any two:
        they are independent, or the steps between them too long to tell.
    """
    chains: list[NDArray[np.int64]] = []
    steps: list[float] = []
    scales: list[float] = []
    for frames in comparable_sets(dataset):
        if not LONG_CHAIN <= len(frames) <= MAX_FRAMES:
            return None
        matrix = displacement_matrix(reduced_positions(dataset, frames))
        scale = float(np.median(matrix[np.triu_indices(len(frames), 1)]))
        orders = order_from_displacements(matrix)
        chained = sum(len(o) for o in orders if len(o) >= LONG_CHAIN)
        if chained < CHAINED_SHARE * len(frames):
            return None
        jumps = np.concatenate([matrix[o[:-1], o[1:]] for o in orders if len(o) > 1])
        if np.median(jumps) > STEP_SHARE * scale:
            return None
        chains += [frames[o] for o in orders]
        steps.append(float(np.median(jumps)))
        scales.append(scale)
    if not chains:
        return None
    return TimeOrder(
        np.concatenate(chains),
        tuple(chains),
        float(np.median(steps)),
        float(np.median(scales)),
    )


def order_from_displacements(matrix: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """The chains that frames form, each in the order of time.

    Parameters
    ----------
    matrix : (n_frames, n_frames) array, Å
        RMS displacement of any two frames.
    """
    scale = np.median(matrix[np.triu_indices(len(matrix), 1)])
    count, label = connected_components(matrix < LINK_SHARE * scale, directed=False)
    chains = [np.flatnonzero(label == k) for k in range(count)]
    return [chain[_chain_order(matrix[np.ix_(chain, chain)])] for chain in chains]


def _chain_order(matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    if len(matrix) < 3:
        return np.arange(len(matrix))
    return _refined(_spectral_order(matrix), matrix)


def _spectral_order(matrix: NDArray[np.float64]) -> NDArray[np.int64]:
    nearest = min(NEIGHBOURS, len(matrix) - 1)
    width = np.sort(matrix, axis=1)[:, nearest] + 1e-12
    similarity = np.exp(-np.square(matrix) / (width[:, None] * width[None, :]))
    np.fill_diagonal(similarity, 0.0)
    degree = similarity.sum(axis=1) + 1e-300
    root = np.sqrt(degree)
    laplacian = np.eye(len(matrix)) - similarity / (root[:, None] * root[None, :])
    _, vectors = np.linalg.eigh(laplacian)
    return np.argsort(vectors[:, 1] / root, kind="stable")


def _refined(
    order: NDArray[np.int64], matrix: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Reverse stretches of up to `WINDOW` frames while that shortens the path."""
    # A stop before the first and after the last frame costs nothing to reach, so
    # that the ends of the path may be reversed as well.
    n_frames = len(order)
    padded = np.zeros((n_frames + 1, n_frames + 1))
    padded[:n_frames, :n_frames] = matrix
    path = np.concatenate([[n_frames], order, [n_frames]])
    for _ in range(MAX_PASSES):
        if not _reverse_stretches(path, padded):
            break
    return path[1:-1]


def _reverse_stretches(path: NDArray[np.int64], matrix: NDArray[np.float64]) -> bool:
    """Shorten `path` in place, once along its length; whether anything changed."""
    changed = False
    for start in range(1, len(path) - 2):
        stop = np.arange(start + 1, min(start + WINDOW, len(path) - 1))
        before, first = path[start - 1], path[start]
        last, after = path[stop], path[stop + 1]
        gain = matrix[before, first] + matrix[last, after]
        gain = gain - matrix[before, last] - matrix[first, after]
        best = int(np.argmax(gain))
        if gain[best] > 1e-9:
            path[start : stop[best] + 1] = path[start : stop[best] + 1][::-1]
            changed = True
    return changed
