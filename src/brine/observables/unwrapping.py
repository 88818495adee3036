r"""Continuous positions from wrapped ones, valid when the box changes.

The toroidal-view-preserving scheme (von Bülow, Bullerjahn and Hummer 2020,
10.1063/5.0008316) adds up the displacements of the *wrapped* atom, each of them
taken to the nearest image in the box of the later frame:

.. math::
    u_{i+1} = u_i + (w_{i+1} - w_i)
              - \mathrm{round}\!\left[(w_{i+1} - w_i) L_{i+1}^{-1}\right] L_{i+1}

Adding lattice vectors to the wrapped position instead, as most programs write it,
turns every change of the box into motion of atoms that are far from the first box.
Positions written so are still good here: the lattice vectors are taken off first.
"""

import numpy as np
from numpy.typing import NDArray

from brine.errors import InputError
from brine.structures.trajectory import Trajectory

FARTHEST = 0.4
"""Of the box between two frames; beyond half the image is ambiguous"""
BLOCK = 4_000_000
"""Coordinates unwrapped at once"""


def unwrapped_positions(trajectory: Trajectory) -> NDArray[np.float64]:
    """Positions whose differences are displacements, whatever the box does.

    Unwrapped positions in a constant box are returned as they are.

    Parameters
    ----------
    trajectory : Trajectory
        A box of zeros means there is none.

    Returns
    -------
    positions : (n_frames, n_atoms, 3) array, Å

    Raises
    ------
    InputError
        An atom of a wrapped trajectory moves so far between two frames that its
        image is ambiguous, or only some boxes have a volume.
    """
    cells = np.asarray(trajectory.cells, dtype=np.float64)
    positions = np.asarray(trajectory.positions, dtype=np.float64)
    if len(cells) < 2 or not cells.any():
        return positions
    constant = bool((cells == cells[0]).all())
    if constant and trajectory.unwrapped:
        return positions
    if (np.abs(np.linalg.det(cells)) < 1e-6).any():
        raise InputError(
            "positions can be unwrapped in boxes that are periodic in three "
            "directions only; give an unwrapped trajectory."
        )
    result = np.empty_like(positions)
    step = max(1, BLOCK // (3 * len(cells)))
    for first in range(0, positions.shape[1], step):
        atoms = slice(first, first + step)
        moves = _displacements(positions[:, atoms], cells, constant)
        if not trajectory.unwrapped:
            moves = _nearest(moves, cells[1:], first)
        result[0, atoms] = positions[0, atoms]
        np.cumsum(moves, axis=0, out=result[1:, atoms])
        result[1:, atoms] += positions[0, atoms]
    return result


def _displacements(
    positions: NDArray[np.float64], cells: NDArray[np.float64], constant: bool
) -> NDArray[np.float64]:
    """Displacements of the wrapped atoms, up to lattice vectors of the later box."""
    moves = np.diff(positions, axis=0)
    if not constant:
        images = np.floor(positions[:-1] @ np.linalg.inv(cells[:-1]))
        moves -= images @ np.diff(cells, axis=0)
    return moves


def _nearest(
    moves: NDArray[np.float64], cells: NDArray[np.float64], first: int
) -> NDArray[np.float64]:
    fractions = moves @ np.linalg.inv(cells)
    fractions -= np.round(fractions)
    farthest = np.abs(fractions).max(axis=(0, 2), initial=0)
    if (farthest > FARTHEST).any():
        atom = int(np.argmax(farthest))
        raise InputError(
            f"frames must be close enough to follow every atom, but atom "
            f"{first + atom} moves by {farthest[atom]:.2f} of the box between two "
            "frames; write frames more often, or unwrapped positions."
        )
    nearest: NDArray[np.float64] = fractions @ cells
    return nearest


def without_drift(
    positions: NDArray[np.float64], masses: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Positions relative to the centre of mass, which stays where it was at first.

    Parameters
    ----------
    positions : (n_frames, n_atoms, 3) array, Å
        Unwrapped.
    masses : (n_atoms,) array, amu
    """
    centre = np.einsum("a,fak->fk", masses / masses.sum(), positions)
    moved: NDArray[np.float64] = positions - (centre - centre[0])[:, None]
    return moved
