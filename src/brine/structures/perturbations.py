"""Strained, shrunken and rattled copies of a structure."""

import numpy as np
from ase import Atoms
from ase.data import atomic_masses as standard_masses

from brine.errors import InputError
from brine.structures.molecules import molecular_centres, whole_and_labels


def scale_cell(atoms: Atoms, factor: float) -> Atoms:
    """A copy with the cell and every position scaled by `factor` in length.

    Bonds are scaled too: this is how repulsion at short range is sampled.

    Raises
    ------
    InputError
        `factor` is not positive.
    """
    _check_factor(factor)
    scaled = atoms.copy()
    scaled.set_cell(atoms.cell.array * factor, scale_atoms=False)
    scaled.positions = atoms.positions * factor
    return scaled


def scale_molecules(atoms: Atoms, factor: float) -> Atoms:
    """A copy with the cell and every molecule's centre scaled by `factor` in length.

    Molecules stay rigid, and come out whole; monatomic ions are molecules.

    Raises
    ------
    InputError
        `factor` is not positive.
    """
    _check_factor(factor)
    positions, labels = whole_and_labels(atoms)
    centres = molecular_centres(positions, labels, standard_masses[atoms.numbers])
    scaled = atoms.copy()
    scaled.set_cell(atoms.cell.array * factor, scale_atoms=False)
    scaled.positions = positions + (factor - 1.0) * centres[labels]
    return scaled


def rattle(atoms: Atoms, *, deviation: float, rng: np.random.Generator) -> Atoms:
    """A copy with every coordinate moved by a normal deviate.

    Parameters
    ----------
    atoms : ase.Atoms
    deviation : float, Å
        Standard deviation of each coordinate's displacement.
    rng : numpy.random.Generator

    Raises
    ------
    InputError
        `deviation` is negative.
    """
    if not deviation >= 0:
        raise InputError(f"`deviation` must not be negative, got {deviation}.")
    rattled = atoms.copy()
    rattled.positions = atoms.positions + rng.normal(
        scale=deviation, size=(len(atoms), 3)
    )
    return rattled


def _check_factor(factor: float) -> None:
    if not (np.isfinite(factor) and factor > 0):
        raise InputError(f"`factor` must be positive, got {factor}.")
