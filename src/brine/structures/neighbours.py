"""Pairs of atoms closer than a cutoff, images included."""

from typing import NamedTuple

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import InputError
from brine.native import _native


class NeighbourPairs(NamedTuple):
    """Every ordered pair: ``(i, j)`` and ``(j, i)`` are both here."""

    centre: NDArray[np.int32]
    """(n_pairs,) array, sorted"""
    neighbour: NDArray[np.int32]
    """(n_pairs,) array"""
    vectors: NDArray[np.float64]
    """(n_pairs, 3) array, Å, from the centre to the neighbour"""
    distances: NDArray[np.float64]
    """(n_pairs,) array, Å"""


def neighbour_pairs(atoms: Atoms, cutoff: float) -> NeighbourPairs:
    """Ordered pairs of atoms (or of atoms and images) closer than `cutoff`.

    Boxes may be triclinic, smaller than the cutoff, or not periodic at all; an
    atom is a neighbour of its own images, never of itself.

    Parameters
    ----------
    atoms : ase.Atoms
    cutoff : float, Å

    Raises
    ------
    InputError
        The cutoff is not positive, a position is not finite, or a periodic cell
        has no volume.
    """
    if not cutoff > 0:
        raise InputError(f"`cutoff` must be positive, got {cutoff}.")
    positions = np.ascontiguousarray(atoms.positions, dtype=np.float64)
    cell = np.ascontiguousarray(atoms.cell.array, dtype=np.float64)
    periodic = np.ascontiguousarray(atoms.pbc, dtype=np.bool_)
    check_geometry(positions, cell, periodic)
    centre, neighbour, shift = _native.neighbour_pairs(
        positions, cell, periodic, float(cutoff)
    )
    vectors = positions[neighbour] + shift @ cell - positions[centre]
    return NeighbourPairs(centre, neighbour, vectors, np.linalg.norm(vectors, axis=1))


def check_geometry(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    periodic: NDArray[np.bool_],
) -> None:
    """Refuse positions that are not finite and periodic cells without volume.

    Raises
    ------
    InputError
        With the atom, or the cell, that is wrong.
    """
    bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
    if bad.size:
        raise InputError(
            f"positions must be finite, got {positions[bad[0]]} for atom {bad[0]}."
        )
    if not np.isfinite(cell).all():
        raise InputError(f"the cell must be finite, got {cell.tolist()}.")
    rows = cell[periodic]
    if len(rows) and np.linalg.matrix_rank(rows, tol=1e-6) < len(rows):
        raise InputError(
            f"a periodic cell must have a volume, got rows {cell.tolist()}; "
            "set pbc to False for isolated molecules."
        )
