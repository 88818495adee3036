"""Masses of the atoms as simulated."""

import numpy as np
from ase.data import atomic_masses as standard_masses
from numpy.typing import ArrayLike, NDArray

from brine.errors import InputError


def atomic_masses(
    numbers: ArrayLike,
    *,
    hydrogen: float | None = None,
    repartition: float | None = None,
    molecules: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Standard atomic weights, with heavy or repartitioned hydrogen on request.

    Neither changes structure or density in number; both change dynamics, so that a
    diffusion coefficient or a viscosity from such a run is another liquid's.

    Parameters
    ----------
    numbers : (n_atoms,) array of int
        Atomic numbers.
    hydrogen : float, amu
        Mass of every hydrogen, 2.014 for deuterium; molecules become heavier.
    repartition : float, amu
        Mass of every hydrogen, what is added being taken in equal parts from the
        other atoms of its molecule, so that molecules keep their mass.
    molecules : (n_atoms,) array of int
        From `molecule_labels`; needed by `repartition`.

    Returns
    -------
    masses : (n_atoms,) array, amu

    Raises
    ------
    InputError
        Both kinds of change at once, no `molecules` to repartition in, or an atom
        left with no mass.
    """
    numbers = np.asarray(numbers, dtype=np.int64)
    masses = np.array(standard_masses[numbers], dtype=np.float64)
    if hydrogen is not None and repartition is not None:
        raise InputError(
            f"`hydrogen` and `repartition` exclude each other, got {hydrogen} and "
            f"{repartition} amu; give one."
        )
    for name, value in (("hydrogen", hydrogen), ("repartition", repartition)):
        if value is not None and not value > 0:
            raise InputError(f"`{name}` must be positive, in amu, got {value}.")
    if hydrogen is not None:
        masses[numbers == 1] = hydrogen
    if repartition is not None:
        masses = _repartitioned(numbers, masses, repartition, molecules)
    return masses


def _repartitioned(
    numbers: NDArray[np.int64],
    masses: NDArray[np.float64],
    hydrogen: float,
    molecules: NDArray[np.int64] | None,
) -> NDArray[np.float64]:
    if molecules is None or len(molecules) != len(numbers):
        raise InputError(
            "`repartition` must know each atom's molecule, got "
            f"{'none' if molecules is None else f'{len(molecules)} labels'} for "
            f"{len(numbers)} atoms; pass `molecules=molecule_labels(atoms)`."
        )
    light = numbers == 1
    changed = np.where(light, hydrogen, masses)
    excess = np.bincount(molecules, weights=changed - masses)
    n_heavy = np.bincount(molecules, weights=~light)
    alone = n_heavy[molecules] == 0
    changed[alone] = masses[alone]
    share = excess / np.maximum(n_heavy, 1)
    changed[~light] -= share[molecules][~light]
    worst = int(np.argmin(changed))
    if changed[worst] <= 0:
        raise InputError(
            f"`repartition` must leave every atom some mass, got {hydrogen} amu for "
            f"hydrogen and {changed[worst]:.2f} amu for atom {worst}; use 3 or less."
        )
    return changed
