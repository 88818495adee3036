"""An ASE calculator of any oracle."""

from collections.abc import Sequence
from typing import Any, ClassVar

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from brine.oracles.oracle import Oracle


class OracleCalculator(Calculator):  # type: ignore[misc]
    """ASE's face of an oracle: energy, forces and stress in eV and Å.

    Parameters
    ----------
    oracle : Oracle
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "forces", "stress"]

    def __init__(self, oracle: Oracle) -> None:
        super().__init__()
        self.oracle = oracle

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: Sequence[str] = ("energy",),
        system_changes: Sequence[str] = tuple(all_changes),
    ) -> None:
        """Label the structure, all properties at once."""
        super().calculate(atoms, list(properties), list(system_changes))
        labels = self.oracle.label(self.atoms)
        results: dict[str, Any] = {
            "energy": labels.energy,
            "forces": labels.forces,
            "stress": full_3x3_to_voigt_6_stress(labels.stress),
        }
        self.results = results
