"""The native potential as an ASE calculator."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from brine.potentials.potential import Uncertainty

if TYPE_CHECKING:
    from brine.native import _native
    from brine.potentials.native import NativePotential


class NativeCalculator(Calculator):  # type: ignore[misc]
    """Energy, forces, stress and atomic energies for ASE; uncertainty on request.

    Neighbour lists are kept while the atoms stay the same, so a relaxation or ASE's
    own dynamics does not rebuild them at every step.
    """

    implemented_properties: ClassVar[list[str]] = [
        *("energy", "free_energy", "forces", "stress", "energies")
    ]

    def __init__(self, potential: "NativePotential") -> None:
        super().__init__()
        self.potential = potential
        self._field: _native.ForceField | None = None
        self._numbers = np.empty(0, dtype=int)

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = all_changes,
    ) -> None:
        """Fill `results`; stress only where the cell is periodic throughout."""
        super().calculate(atoms, properties, system_changes)
        _, positions, cell, periodic = self.potential.descriptor.arrays(self.atoms)
        if self._field is None or not np.array_equal(self._numbers, self.atoms.numbers):
            self._field = self.potential.force_field(self.atoms, precision="double")
            self._numbers = self.atoms.numbers.copy()
        energy, forces, virial = self._field.compute(positions, cell, periodic)
        self.results = {"energy": energy, "free_energy": energy, "forces": forces}
        if self.atoms.pbc.all():
            stress = -virial / self.atoms.get_volume()
            self.results["stress"] = full_3x3_to_voigt_6_stress(stress)
        if "energies" in properties:
            self.results["energies"] = self.potential.atomic_energies(self.atoms)

    def uncertainty(self, atoms: Atoms | None = None) -> Uncertainty:
        """Predictive standard deviations for `atoms`, or those last calculated."""
        return self.potential.uncertainty(self.atoms if atoms is None else atoms)
