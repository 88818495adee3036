"""What is left of the labels for a fit to explain, and how much each weighs."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets import Dataset, fit_reference_energies
from brine.errors import InputError, MissingLabelError
from brine.potentials import Descriptor
from brine.training.closest_approach import closest_approach
from brine.training.demands import Demands
from brine.training.nuclear_repulsion import NuclearRepulsion
from brine.training.short_range import lone_pair_demands, short_range_demands
from brine.training.stretched_bonds import stretched_bond_demands

VOIGT = ([0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1])


@dataclass(frozen=True)
class LabelScales:
    """Robust scatter of each kind of label, after references and baseline."""

    energy: float
    """eV/atom"""
    force: float
    """eV/Å"""
    stress: float
    """eV/Å³"""


class Targets:
    """Labels of a dataset after references and baseline are subtracted.

    Attributes
    ----------
    references : (n_elements,) array, eV
    shortest : (n_elements, n_elements) array, Å
        Closest approach of each pair; the baseline ends there.
    scales : LabelScales

    Raises
    ------
    MissingLabelError
        No frame has forces or energies.
    InputError
        A label is not finite.
    """

    def __init__(self, dataset: Dataset, descriptor: Descriptor) -> None:
        _check(dataset)
        self.dataset, self.descriptor = dataset, descriptor
        self._closest = closest_approach(dataset, descriptor)
        self.shortest = self._closest.of_atoms
        self._baseline = NuclearRepulsion(descriptor, self.shortest)
        self.references = _references(dataset)
        self.scales = self._scatter()

    def lone_pairs(self) -> Demands:
        """What is asked of pairs alone, closer than in the data."""
        scale = self.scales.force
        return lone_pair_demands(self.descriptor, self._closest, force_scale=scale)

    def demands(self, *, squeezed: bool = False) -> list[list[Demands]]:
        """What is asked beyond the data in the liquid, one list for each kind.

        Molecules pushed together, stretched bonds, and `squeezed` ones if wanted: a
        regression carries what isolated pairs teach its two-body channels over to
        bonds inside molecules, a network does not.
        """
        dataset, descriptor, closest = self.dataset, self.descriptor, self._closest
        scale = self.scales.force
        kinds = [
            short_range_demands(dataset, descriptor, closest, force_scale=scale),
            *(
                stretched_bond_demands(
                    dataset, descriptor, closest, force_scale=scale, squeezed=side
                )
                for side in ((False, True) if squeezed else (False,))
            ),
        ]
        return [found for kind in kinds if (found := list(kind))]

    def trust(self, index: int, forces: NDArray[np.float64]) -> float:
        """Less than one for frames far more violent than the rest.

        So a few strongly compressed frames teach repulsion without ruling the fit.
        """
        if not self.dataset.has_forces[index]:
            return 1.0
        violence = float(np.sqrt(np.mean(np.square(forces)))) / self.scales.force
        return min(1.0, 2.0 / violence) if violence > 0 else 1.0

    def residual(
        self, index: int, atoms: Atoms
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Labels minus references and baseline; missing ones are NaN."""
        energy, forces, virial = self._baseline.compute(atoms)
        element, data = self.descriptor.index(atoms.numbers), self.dataset
        energy = data.energy[index] - energy - self.references[element].sum()
        stress = data.stress[index]
        if data.has_stress[index]:
            stress = stress + (virial + virial.T) / (2 * atoms.get_volume())
        return float(energy), data.forces[data.atoms_of(index)] - forces, stress

    def _scatter(self) -> LabelScales:
        data = self.dataset
        energies, forces, stresses = [], [], []
        for index, atoms in enumerate(data.frames()):
            energy, force, stress = self.residual(index, atoms)
            energies.append(energy / len(atoms))
            forces.append(force.ravel())
            stresses.append(stress[VOIGT])
        return LabelScales(
            energy=_robust(np.array(energies)[data.has_energy], 1e-3),
            force=_robust(
                np.concatenate(
                    [f for f, has in zip(forces, data.has_forces, strict=True) if has]
                    or [np.empty(0)]
                ),
                1e-2,
            ),
            stress=_robust(np.array(stresses)[data.has_stress].ravel(), 1e-4),
        )


def _robust(values: NDArray[np.float64], least: float) -> float:
    """Standard deviation from the median absolute deviation, at least `least`."""
    if values.size < 2:
        return least
    return max(float(1.4826 * np.median(np.abs(values - np.median(values)))), least)


def _check(dataset: Dataset) -> None:
    if not (dataset.has_energy.any() or dataset.has_forces.any()):
        raise MissingLabelError(
            f"a fit needs forces or energies, got {len(dataset)} frames without; "
            "`brine audit` shows what each file holds."
        )
    for frame in range(len(dataset)):
        labels = {
            "energy": dataset.energy[frame] if dataset.has_energy[frame] else 0.0,
            "forces": dataset.forces[dataset.atoms_of(frame)]
            if dataset.has_forces[frame]
            else 0.0,
            "stress": dataset.stress[frame] if dataset.has_stress[frame] else 0.0,
        }
        for name, value in labels.items():
            if not np.isfinite(value).all():
                source = dataset.source_names[dataset.source[frame]]
                raise InputError(
                    f"{source}, frame {dataset.source_frame[frame]}: {name} must be "
                    "finite, got NaN or infinity; remove the frame or label it again."
                )


def _references(dataset: Dataset) -> NDArray[np.float64]:
    if not dataset.has_energy.any():
        return np.zeros(len(dataset.elements))
    fitted = fit_reference_energies(dataset.select(dataset.has_energy))
    energies = dict(zip(fitted.elements, fitted.energies, strict=True))
    return np.array([energies.get(z, 0.0) for z in dataset.elements])
