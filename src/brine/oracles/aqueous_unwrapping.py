"""Molecules followed across the boundary of a box that may breathe."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def unwrapped(frames: Array, cells: Array, heads: NDArray[np.int64]) -> Array:
    """Whole molecules followed across the boundary.

    OpenMM's barostat puts molecules back into the box when it moves the volume. The
    steps of each molecule's first atom are made minimal in the cell of their own time,
    and the lattice vectors that this takes are counted. Images lie on the lattice of
    their own frame, so that distances between molecules stay what they are.

    Parameters
    ----------
    frames : (n_frames, n_atoms, 3) array, Å
        Whole molecules.
    cells : (n_frames, 3, 3) array, Å
        Lower triangular.
    heads : (n_atoms,) array of int
        For each atom the first atom of its molecule.
    """
    first = np.unique(heads)
    steps = np.diff(frames[:, first], axis=0)
    images = np.zeros((len(frames), len(first), 3))
    for axis in (2, 1, 0):
        row = cells[1:, None, axis]
        crossed = np.round(steps[..., axis : axis + 1] / row[..., axis, None])
        steps = steps - crossed * row
        images[1:, :, axis] = -np.cumsum(crossed[..., 0], axis=0)
    return np.asarray(frames + (images @ cells)[:, np.searchsorted(first, heads)])
