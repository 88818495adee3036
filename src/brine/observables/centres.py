"""Trajectories of the centres of mass of molecules."""

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import ShapeError
from brine.structures.trajectory import Trajectory


def molecule_centres(
    trajectory: Trajectory, molecules: NDArray[np.integer]
) -> Trajectory:
    """Centres of mass of molecules, with their masses and atomic number zero.

    Every atom is taken at its image nearest to the first atom of its molecule, so a
    molecule must reach less than half the box from there.

    Parameters
    ----------
    trajectory : Trajectory
    molecules : (n_atoms,) array of int
        Equal labels make one molecule; molecules come in the order of their labels.

    Raises
    ------
    ShapeError
        There is not one label for each atom.
    """
    if np.shape(molecules) != trajectory.numbers.shape:
        raise ShapeError(
            f"`molecules` must have one label per atom, shape "
            f"{trajectory.numbers.shape}, got {np.shape(molecules)}."
        )
    labels, first, index = np.unique(molecules, return_index=True, return_inverse=True)
    masses = np.bincount(index, weights=trajectory.masses).astype(np.float64)
    share = trajectory.masses / masses[index]
    centres = np.array(trajectory.positions[:, first], dtype=np.float64)
    periodic = bool(trajectory.cells.any())
    inverse = np.linalg.inv(trajectory.cells) if periodic else None
    # One atom of every molecule at a time: as many rounds as the largest has atoms.
    order = np.argsort(index, kind="stable")
    rank = np.empty(len(index), dtype=np.int64)
    rank[order] = np.arange(len(index)) - np.searchsorted(index[order], index[order])
    anchors = centres.copy()
    for k in range(1, int(rank.max(initial=0)) + 1):
        atoms = np.flatnonzero(rank == k)
        arms = trajectory.positions[:, atoms] - anchors[:, index[atoms]]
        if inverse is not None:
            arms -= np.round(arms @ inverse) @ trajectory.cells
        centres[:, index[atoms]] += share[atoms][:, None] * arms
    return Trajectory(
        numbers=np.zeros(len(labels), dtype=np.int64),
        masses=masses,
        positions=centres,
        cells=trajectory.cells,
        times=trajectory.times,
        unwrapped=trajectory.unwrapped,
    )


def molecule_formulas(
    numbers: NDArray[np.integer], molecules: NDArray[np.integer]
) -> list[str]:
    """Formula of every molecule (Hill order: ``H2O``), in the order of the labels.

    Parameters
    ----------
    numbers : (n_atoms,) array of int
        Atomic numbers.
    molecules : (n_atoms,) array of int
    """
    labels, index = np.unique(molecules, return_inverse=True)
    elements, kind = np.unique(numbers, return_inverse=True)
    counts = np.zeros((len(labels), len(elements)), dtype=np.int64)
    np.add.at(counts, (index, kind), 1)
    known: dict[bytes, str] = {}
    formulas = []
    for row in counts:
        key = row.tobytes()
        if key not in known:
            known[key] = Atoms(np.repeat(elements, row)).get_chemical_formula("hill")
        formulas.append(known[key])
    return formulas
