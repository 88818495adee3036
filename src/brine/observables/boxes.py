"""Volumes, heights and fractional coordinates of the boxes of a trajectory."""

import numpy as np
from numpy.typing import NDArray

from brine.errors import InputError


def cell_volumes(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Volume of every box, Å³.

    Parameters
    ----------
    cells : (n_frames, 3, 3) array, Å

    Raises
    ------
    InputError
        A box has no volume.
    """
    volumes: NDArray[np.float64] = np.abs(np.linalg.det(cells))
    bad = np.flatnonzero(~(volumes > 1e-6))
    if bad.size:
        raise InputError(
            f"the box must be periodic in three directions, got the cell "
            f"{np.asarray(cells)[bad[0]].tolist()} in frame {bad[0]}."
        )
    return volumes


def smallest_height(cells: NDArray[np.float64]) -> float:
    """Smallest distance between opposite faces of any of the boxes, Å.

    Parameters
    ----------
    cells : (n_frames, 3, 3) array, Å

    Raises
    ------
    InputError
        A box has no volume.
    """
    cell_volumes(cells)
    # Columns of the inverse are the face normals over the heights.
    normals = np.linalg.norm(np.linalg.inv(cells), axis=1)
    return float(1 / normals.max())
