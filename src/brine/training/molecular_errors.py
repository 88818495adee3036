"""Force errors split into the motions of whole molecules.

Covalent forces are about ten times the forces between molecules, and hide their
errors; density and diffusion are decided by the latter.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from brine.errors import ShapeError
from brine.training.errors import MILLI, root_mean_square


@dataclass(frozen=True)
class MotionErrors:
    """Errors of the part of the forces that drives one kind of motion.

    Attributes
    ----------
    rmse : float, meV/Å
        Over force components of all atoms.
    label_rms : float, meV/Å
        The same part of the labels.
    """

    rmse: float
    label_rms: float

    @property
    def relative(self) -> float:
        """Error over label, without unit; NaN where the labels have no such part."""
        return self.rmse / self.label_rms if self.label_rms > 0 else float("nan")


@dataclass(frozen=True)
class MolecularErrors:
    """Force errors that move, turn and deform molecules.

    Attributes
    ----------
    n_molecules : int
    translation, rotation, vibration : MotionErrors
    """

    n_molecules: int
    translation: MotionErrors
    rotation: MotionErrors
    vibration: MotionErrors


def molecular_errors(
    predicted: ArrayLike,
    labelled: ArrayLike,
    *,
    positions: ArrayLike,
    masses: ArrayLike,
    molecules: ArrayLike,
) -> MolecularErrors:
    """Force errors split into molecular translation, rotation and vibration.

    Parameters
    ----------
    predicted, labelled : (n_atoms, 3) array, eV/Å
    positions : (n_atoms, 3) array, Å
        Molecules must be whole, not cut by the periodic boundary.
    masses : (n_atoms,) array, amu
    molecules : (n_atoms,) array of int
        Which molecule each atom belongs to; molecules of different frames have
        different numbers.

    Raises
    ------
    ShapeError
        An array has another number of atoms.
    """
    label = np.asarray(labelled, dtype=np.float64)
    error = np.asarray(predicted, dtype=np.float64) - label
    parts = [
        split_forces(
            forces * MILLI, positions=positions, masses=masses, molecules=molecules
        )
        for forces in (error, label)
    ]
    translation, rotation, vibration = (
        MotionErrors(root_mean_square(a), root_mean_square(b))
        for a, b in zip(*parts, strict=True)
    )
    return MolecularErrors(
        n_molecules=len(np.unique(np.asarray(molecules))),
        translation=translation,
        rotation=rotation,
        vibration=vibration,
    )


def split_forces(
    forces: ArrayLike, *, positions: ArrayLike, masses: ArrayLike, molecules: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    r"""Forces that translate, rotate and deform each molecule; they add up to `forces`.

    .. math::
        f_i^{trans} = \frac{m_i}{M} \sum_j f_j, \quad
        f_i^{rot} = m_i\, (I^{-1} \tau) \times (r_i - R), \quad
        f_i^{vib} = f_i - f_i^{trans} - f_i^{rot}

    with the torque :math:`\tau` and the inertia tensor :math:`I` about the centre
    of mass :math:`R`: the forces that give the rigid molecule its accelerations.
    The vibrational part has neither net force nor torque. A linear molecule has no
    rotation about its axis, a single atom none at all.

    Parameters
    ----------
    forces, positions : (n_atoms, 3) array
        Molecules must be whole.
    masses : (n_atoms,) array, amu
    molecules : (n_atoms,) array of int

    Raises
    ------
    ShapeError
        An array has another number of atoms.
    """
    force, position = (np.asarray(a, dtype=np.float64) for a in (forces, positions))
    mass = np.asarray(masses, dtype=np.float64)[:, None]
    index = np.unique(np.asarray(molecules), return_inverse=True)[1]
    if not len(force) == len(position) == len(mass) == len(index):
        raise ShapeError(
            "`forces`, `positions`, `masses` and `molecules` must have one number of "
            f"atoms, got {len(force)}, {len(position)}, {len(mass)}, {len(index)}."
        )
    total_mass = _sums(mass, index)
    arm = position - (_sums(mass * position, index) / total_mass)[index]
    translation = mass * (_sums(force, index) / total_mass)[index]
    torque = _sums(np.cross(arm, force), index)
    squares = np.einsum("ij,ij->i", arm, arm)[:, None, None] * np.eye(3)
    inertia = _sums(
        mass[:, :, None] * (squares - arm[:, :, None] * arm[:, None, :]), index
    )
    acceleration = np.einsum(
        "mij,mj->mi", np.linalg.pinv(inertia, rcond=1e-6, hermitian=True), torque
    )
    rotation = mass * np.cross(acceleration[index], arm)
    return translation, rotation, force - translation - rotation


def _sums(values: NDArray[np.float64], index: NDArray[np.int64]) -> NDArray[np.float64]:
    """Sums of `values` over the atoms of each molecule."""
    sums = np.zeros((int(index.max(initial=-1)) + 1, *values.shape[1:]))
    np.add.at(sums, index, values)
    return sums
