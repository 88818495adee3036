"""What a potential says of every frame of a dataset, as plain columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from brine.datasets.dataset import Dataset
from brine.errors import ShapeError
from brine.potentials.potential import Potential
from brine.structures.progress import Report, silent


@dataclass(frozen=True, eq=False)
class Predictions:
    """Energies, forces and stresses in the order of a `Dataset`.

    Attributes
    ----------
    energy : (n_frames,) array, eV
    forces : (n_atoms_total, 3) array, eV/Å
    stress : (n_frames, 3, 3) array, eV/Å³
        Cauchy stress, tension positive; NaN without a periodic cell.
    """

    energy: NDArray[np.float64]
    forces: NDArray[np.float64]
    stress: NDArray[np.float64]

    def check_shapes(self, dataset: Dataset) -> None:
        """Refuse predictions that belong to other frames.

        Raises
        ------
        ShapeError
            A column is not as long as the dataset's.
        """
        for name in ("energy", "forces", "stress"):
            found, expected = getattr(self, name).shape, getattr(dataset, name).shape
            if found != expected:
                raise ShapeError(
                    f"`predictions.{name}` must have shape {expected}, got {found}; "
                    "predict the same frames in the same order."
                )


def predict(
    potential: Potential,
    dataset: Dataset,
    *,
    report: Report = silent,
) -> Predictions:
    """Energy, forces and stress of every frame of `dataset`.

    Parameters
    ----------
    potential : Potential
    dataset : Dataset
    report : Report
        Told ``done`` after each frame.
    """
    energy = np.full(len(dataset), np.nan)
    forces = np.full_like(dataset.forces, np.nan)
    stress = np.full((len(dataset), 3, 3), np.nan)
    for k in range(len(dataset)):
        evaluation = potential.evaluate(dataset.frame(k))
        energy[k] = evaluation.energy
        forces[dataset.atoms_of(k)] = evaluation.forces
        stress[k] = evaluation.stress
        report("predict", {"done": (k + 1) / len(dataset)})
    return Predictions(energy, forces, stress)
