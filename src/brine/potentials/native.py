"""The native potential: descriptor, readout and what it knows of its error."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.native import _native
from brine.potentials.baselines.zbl import zbl, zbl_cutoff
from brine.potentials.calculator import NativeCalculator
from brine.potentials.descriptor import Descriptor
from brine.potentials.linear import LinearReadout
from brine.potentials.neural import NeuralReadout
from brine.potentials.posterior import Calibration
from brine.potentials.potential import Evaluation, Uncertainty
from brine.structures.neighbours import neighbour_pairs

SKIN = 0.6
"""Å beyond the cutoff that neighbour lists reach in dynamics."""


@dataclass(frozen=True, eq=False)
class NativePotential:
    """Energy = ZBL + what the readout makes of each atom's environment.

    Attributes
    ----------
    descriptor : Descriptor
    readout : LinearReadout or NeuralReadout
        Weights, and how well the data determine them.
    calibration : Calibration
    shortest : (n_elements, n_elements) array, Å
        Closest approach of each pair of elements in the training data.
    provenance : mapping
        Settings, data hash, fingerprint and versions that made it; JSON types.
    """

    descriptor: Descriptor
    readout: LinearReadout | NeuralReadout
    calibration: Calibration
    shortest: NDArray[np.float64]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    @property
    def elements(self) -> tuple[int, ...]:
        """Atomic numbers it was trained on, ascending."""
        return self.descriptor.elements

    @property
    def reach(self) -> float:
        """Å: the longer of the two cutoffs."""
        settings = self.descriptor.settings
        return max(settings.two_body_cutoff_A, settings.three_body_cutoff_A)

    @cached_property
    def _model(self) -> _native.LinearModel | _native.NeuralModel:
        return self.readout.model(self.descriptor, self.shortest)

    def force_field(
        self,
        atoms: Atoms,
        *,
        n_own: int | None = None,
        skin: float = SKIN,
        threads: int = 0,
        precision: Literal["single", "double"] = "single",
    ) -> _native.ForceField:
        """The C++ force field for these atoms, in their order.

        Of a part of a larger system the first `n_own` atoms are its own: theirs are the
        energy and the virial, and their forces are complete where the others reach
        twice `reach` beyond them.

        Any number of threads gives the same bits; 0 means all threads. In single
        precision shares of the energy are computed with 24 bits and summed with 53.

        Raises
        ------
        UnknownElementError
            An element was not in the training data.
        """
        kind = {
            "single": _native.SinglePrecisionForceField,
            "double": _native.NativeForceField,
        }[precision]
        element = self.descriptor.index(atoms.numbers)
        n_own = len(atoms) if n_own is None else n_own
        return kind(self._model, element, n_own, skin, threads)

    def evaluate(self, atoms: Atoms) -> Evaluation:
        """Energy, forces and stress of `atoms`.

        Raises
        ------
        UnknownElementError
            An element was not in the training data.
        InputError
            A position is not finite, or a periodic cell has no volume.
        """
        _, positions, cell, periodic = self.descriptor.arrays(atoms)
        field = self.force_field(atoms, skin=0.0, threads=1, precision="double")
        energy, forces, virial = field.compute(positions, cell, periodic)
        return Evaluation(energy, forces, stress_of(virial, atoms))

    def atomic_energies(self, atoms: Atoms) -> NDArray[np.float64]:
        """(n_atoms,) array, eV: each atom's share of the energy."""
        energies = self.readout.atomic_energies(self.descriptor, atoms)
        pairs = neighbour_pairs(atoms, self.descriptor.settings.two_body_cutoff_A)
        numbers = atoms.numbers
        for i, z in enumerate(self.elements):
            for j, a in enumerate(self.elements):
                chosen = (numbers[pairs.centre] == z) & (numbers[pairs.neighbour] == a)
                nuclear, _ = zbl(
                    pairs.distances[chosen],
                    (z, a),
                    cutoff=zbl_cutoff((z, a), self.shortest[i, j]),
                )
                np.add.at(energies, pairs.centre[chosen], 0.5 * nuclear)
        return np.asarray(energies)

    def uncertainty(self, atoms: Atoms) -> Uncertainty:
        """Predictive standard deviations of energy, atomic energies and forces."""
        n_atoms, calibration = len(atoms), self.calibration
        spread = self.spread(atoms)
        energy = calibration.energy_factor * np.hypot(
            n_atoms * calibration.energy_floor, spread[0]
        )
        forces = np.hypot(
            calibration.force_floor, calibration.force_factor * spread[1:]
        ).reshape(n_atoms, 3)
        return Uncertainty(float(energy), self.atomic_deviations(atoms), forces)

    def spread(self, atoms: Atoms) -> NDArray[np.float64]:
        """(1 + 3 n_atoms,) array: √(φᵀΣφ) of energy (eV) and forces (eV/Å).

        What the weights alone leave open, before calibration.
        """
        rows = self.readout.design_rows(self.descriptor, atoms)
        return self.readout.posterior.deviation(rows[: 1 + 3 * len(atoms)])

    def atomic_deviations(self, atoms: Atoms) -> NDArray[np.float64]:
        """(n_atoms,) array, eV: predictive standard deviation of atomic energies."""
        element = self.descriptor.index(atoms.numbers)
        features = self.readout.features(self.descriptor, atoms)
        width = features.shape[1]
        rows = np.zeros((len(atoms), len(self.elements) * width))
        for z in range(len(self.elements)):
            block = slice(z * width, (z + 1) * width)
            rows[element == z, block] = features[element == z]
        return self.calibration.energy_factor * self.readout.posterior.deviation(rows)

    def calculator(self) -> NativeCalculator:
        """An ASE calculator: energy, forces, stress, energies and uncertainty."""
        return NativeCalculator(self)

    def save(self, path: Path | str) -> None:
        """Write one versioned file, arrays and JSON, without pickled code."""
        from brine.potentials.file import write_potential

        write_potential(self, Path(path))

    def with_calibration(self, calibration: Calibration) -> "NativePotential":
        """The same potential with other predicted deviations."""
        return replace(self, calibration=calibration)


def stress_of(virial: NDArray[np.float64], atoms: Atoms) -> NDArray[np.float64]:
    """Cauchy stress −W/V in eV/Å³; NaN unless the cell is periodic throughout."""
    if not atoms.pbc.all():
        return np.full((3, 3), np.nan)
    stress = -virial / atoms.get_volume()
    return np.asarray((stress + stress.T) / 2)
