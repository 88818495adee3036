"""How far apart two frames of the same atoms are."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brine.datasets.dataset import Dataset
from brine.errors import InputError

SMALLEST_VOLUME = 1e-6
"""Å³: a periodic cell with less has none."""
WORK_ELEMENTS = 2_000_000
"""Numbers held at a time while displacements are summed."""


def comparable_sets(dataset: Dataset) -> list[NDArray[np.int64]]:
    """Frames sorted into sets that have the same atoms in the same order."""
    sets: dict[bytes, list[int]] = {}
    for k in range(len(dataset)):
        key = dataset.numbers[dataset.atoms_of(k)].tobytes()
        key += dataset.periodic[k].tobytes()
        sets.setdefault(key, []).append(k)
    return [np.array(frames, dtype=np.int64) for frames in sets.values()]


@dataclass(frozen=True, eq=False)
class Reduced:
    """Positions of comparable frames in units of their cells, where periodic.

    Attributes
    ----------
    positions : (n_frames, n_atoms, 3) array of float32
        Fractional where periodic, else Å.
    cells : (n_frames, 3, 3) array, Å
        Rows; the identity where nothing is periodic.
    periodic : bool
    """

    positions: NDArray[np.float32]
    cells: NDArray[np.float64]
    periodic: bool


def reduced_positions(dataset: Dataset, frames: NDArray[np.int64]) -> Reduced:
    """Comparable `frames` ready for `displacements`.

    Boxes that are not periodic in all directions are compared without images.

    Raises
    ------
    InputError
        A periodic cell has no volume; the message names file and frame.
    """
    positions = np.array([dataset.positions[dataset.atoms_of(k)] for k in frames])
    periodic = bool(dataset.periodic[frames].all())
    if not periodic:
        identity = np.broadcast_to(np.eye(3), (len(frames), 3, 3))
        return Reduced(positions.astype(np.float32), identity, False)
    cells = dataset.cells[frames]
    flat = np.flatnonzero(np.abs(np.linalg.det(cells)) < SMALLEST_VOLUME)
    if flat.size:
        k = frames[flat[0]]
        raise InputError(
            f"{dataset.source_names[dataset.source[k]]}, frame "
            f"{dataset.source_frame[k]}: a periodic cell must have a volume, got "
            f"{dataset.cells[k].tolist()}."
        )
    fractional = np.linalg.solve(cells.transpose(0, 2, 1), positions.transpose(0, 2, 1))
    wrapped = fractional.transpose(0, 2, 1) % 1.0
    return Reduced(wrapped.astype(np.float32), cells, True)


def displacements(
    first: Reduced, second: Reduced
) -> Iterator[tuple[int, NDArray[np.float64]]]:
    r"""RMS displacement of each frame of `first` from all of `second`, in Å.

    .. math:: d_{ab} = \sqrt{\tfrac1N \sum_i |C_a\,[s_i^a - s_i^b]|^2}

    with fractional positions :math:`s`, whose difference is rounded to the nearest
    image, and the cell :math:`C_a` of the first frame. Where boxes are very skewed the
    rounded image need not be the nearest.

    Yields
    ------
    index, distances : int, (n_second,) array, Å
    """
    n_atoms = first.positions.shape[1]
    block = max(1, WORK_ELEMENTS // max(3 * n_atoms, 1))
    for index, (reference, cell) in enumerate(
        zip(first.positions, first.cells, strict=True)
    ):
        metric = (cell @ cell.T).astype(np.float32)
        parts = []
        for start in range(0, len(second.positions), block):
            difference = second.positions[start : start + block] - reference
            if first.periodic:
                difference -= np.rint(difference)
            parts.append(_squared_lengths(difference, metric))
        squares = np.concatenate(parts) if parts else np.empty(0)
        yield index, np.sqrt(np.maximum(squares, 0) / max(n_atoms, 1))


def displacement_matrix(frames: Reduced) -> NDArray[np.float64]:
    """(n_frames, n_frames) array, Å: RMS displacement of any two frames."""
    n_frames = len(frames.positions)
    matrix = np.zeros((n_frames, n_frames))
    for k in range(n_frames - 1):
        one = Reduced(
            frames.positions[k : k + 1], frames.cells[k : k + 1], frames.periodic
        )
        rest = Reduced(
            frames.positions[k + 1 :], frames.cells[k + 1 :], frames.periodic
        )
        for _, distances in displacements(one, rest):
            matrix[k, k + 1 :] = matrix[k + 1 :, k] = distances
    return matrix


def _squared_lengths(
    difference: NDArray[np.float32], metric: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Sum over atoms of d·G·d, through the (3, 3) matrix of second moments."""
    moments = np.matmul(difference.transpose(0, 2, 1), difference)
    squares: NDArray[np.float64] = np.einsum(
        "kab,ab->k", moments.astype(np.float64), metric
    )
    return squares
