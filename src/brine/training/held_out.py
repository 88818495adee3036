"""All errors of a potential on frames it was not trained on."""

from dataclasses import dataclass

import numpy as np
from ase.data import atomic_masses
from numpy.typing import NDArray

from brine.datasets import Dataset, compositions
from brine.structures.molecules import whole_and_labels
from brine.training.errors import (
    EnergyErrors,
    ForceErrors,
    StressErrors,
    energy_errors,
    force_errors,
    stress_errors,
)
from brine.training.molecular_errors import MolecularErrors, molecular_errors
from brine.training.predictions import Predictions


@dataclass(frozen=True)
class HeldOutErrors:
    """Errors by kind of label; None where no frame has that label.

    Attributes
    ----------
    energy : EnergyErrors or None
    forces : ForceErrors or None
    stress : StressErrors or None
    molecular : MolecularErrors or None
        The split of the force errors into molecular motions.
    """

    energy: EnergyErrors | None
    forces: ForceErrors | None
    stress: StressErrors | None
    molecular: MolecularErrors | None = None


def held_out_errors(dataset: Dataset, predictions: Predictions) -> HeldOutErrors:
    """Errors of `predictions` against every label that `dataset` has.

    Raises
    ------
    ShapeError
        The predictions belong to other frames.
    """
    predictions.check_shapes(dataset)
    return HeldOutErrors(
        energy=_energy(dataset, predictions),
        forces=_forces(dataset, predictions),
        stress=_stress(dataset, predictions),
        molecular=_molecular(dataset, predictions),
    )


def atoms_with_forces(dataset: Dataset) -> NDArray[np.bool_]:
    """(n_atoms_total,) array: atoms of frames whose forces are labelled."""
    return np.repeat(dataset.has_forces, dataset.n_atoms)


def _energy(dataset: Dataset, predictions: Predictions) -> EnergyErrors | None:
    rows = np.flatnonzero(dataset.has_energy)
    if not rows.size:
        return None
    volumes = np.abs(np.linalg.det(dataset.cells[rows]))
    names = compositions(dataset)
    return energy_errors(
        predictions.energy[rows],
        dataset.energy[rows],
        n_atoms=dataset.n_atoms[rows],
        volumes=np.where(dataset.periodic[rows].all(axis=1), volumes, np.nan),
        compositions=[names[k] for k in rows],
    )


def _forces(dataset: Dataset, predictions: Predictions) -> ForceErrors | None:
    rows = atoms_with_forces(dataset)
    if not rows.any():
        return None
    return force_errors(
        predictions.forces[rows], dataset.forces[rows], numbers=dataset.numbers[rows]
    )


def _molecular(dataset: Dataset, predictions: Predictions) -> MolecularErrors | None:
    rows = atoms_with_forces(dataset)
    if not rows.any():
        return None
    positions, molecules, first = [], [], 0
    for k in np.flatnonzero(dataset.has_forces):
        whole, labels = whole_and_labels(dataset.frame(int(k)))
        positions.append(whole)
        molecules.append(labels + first)
        first += len(labels)
    return molecular_errors(
        predictions.forces[rows],
        dataset.forces[rows],
        positions=np.concatenate(positions),
        masses=atomic_masses[dataset.numbers[rows]],
        molecules=np.concatenate(molecules),
    )


def _stress(dataset: Dataset, predictions: Predictions) -> StressErrors | None:
    rows = dataset.has_stress
    if not rows.any():
        return None
    return stress_errors(predictions.stress[rows], dataset.stress[rows])
