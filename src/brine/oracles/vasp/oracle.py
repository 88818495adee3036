"""VASP as an oracle."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from brine.errors import InputError
from brine.oracles.calculator import OracleCalculator
from brine.oracles.external import run_program
from brine.oracles.oracle import Labels, check_periodic
from brine.oracles.vasp.files import (
    Potentials,
    read_labels,
    species_order,
    write_structure,
)
from brine.oracles.vasp.level import VaspLevel, incar, kpoints


@dataclass(frozen=True)
class VASP:
    """Density-functional theory by VASP, run with a command of the user's.

    Attributes
    ----------
    potentials : Potentials
    command : tuple of str
        Such as ``("mpirun", "-n", "32", "vasp_gam")``.
    elements : tuple of str
        Whose pseudopotentials are part of the fingerprint.
    level : VaspLevel
    version : str
        Of VASP, such as ``6.4``: part of the fingerprint, and checked in every OUTCAR.
    cores : int
        That one label keeps busy.
    time_limit : float, s
        Of one label.
    """

    potentials: Potentials
    command: tuple[str, ...]
    elements: tuple[str, ...]
    level: VaspLevel = field(default_factory=VaspLevel)
    version: str = ""
    cores: int = 1
    time_limit: float = 24 * 3600.0

    @property
    def fingerprint(self) -> str:
        """Level of theory and the title of every pseudopotential."""
        titles = ", ".join(self.potentials.title(symbol) for symbol in self.elements)
        program = f"VASP {self.version}".strip()
        return f"{program} {self.level.fingerprint} ({titles})"

    def label(self, atoms: Atoms) -> Labels:
        """Energy, forces and stress of a periodic box.

        Raises
        ------
        InputError
            The box is not periodic, or has an element that is not in `elements`.
        UnconvergedError
            The electronic loop did not reach EDIFF, or not in time.
        BrineError
            VASP failed.
        """
        check_periodic(atoms, "the oracle `vasp`")
        if strange := sorted(set(atoms.symbols) - set(self.elements)):
            raise InputError(
                f"`elements` must name all of a structure, got {', '.join(strange)} "
                f"beside {', '.join(self.elements)}."
            )
        order = species_order(atoms)
        ordered = atoms[order]
        with TemporaryDirectory(prefix="brine-vasp-") as name:
            folder = Path(name)
            self.write_input(folder, ordered)
            run_program(self.command, folder, name="VASP", time_limit=self.time_limit)
            labels = read_labels(folder, ordered, version=self.version)
        forces = np.empty_like(labels.forces)
        forces[order] = labels.forces
        return Labels(labels.energy, forces, labels.stress)

    def write_input(self, folder: Path, atoms: Atoms) -> None:
        """INCAR, KPOINTS, POSCAR and POTCAR of `atoms`, elements together."""
        (folder / "INCAR").write_text(incar(self.level, atoms))
        (folder / "KPOINTS").write_text(kpoints(self.level))
        write_structure(folder, atoms, self.potentials)

    def calculator(self) -> Calculator:
        """An ASE calculator of it, for molecular dynamics."""
        return OracleCalculator(self)
