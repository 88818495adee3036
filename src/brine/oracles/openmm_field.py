"""Any OpenMM force field as an oracle of water and ions: AMOEBA unless told otherwise.

The stress is a central difference of the energy in each of six strains.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator

from brine.errors import InputError, in_one_line
from brine.oracles.amoeba import AMOEBA, completed
from brine.oracles.aqueous_dynamics import AqueousRun
from brine.oracles.aqueous_system import (
    SWITCH,
    WATER,
    AqueousBox,
    Array,
    aqueous_box,
    import_openmm,
    import_openmm_app,
)
from brine.oracles.bias import Bias
from brine.oracles.calculator import OracleCalculator
from brine.oracles.cores import one_core
from brine.oracles.force_field import KILOJOULE_PER_MOLE
from brine.oracles.oracle import Conditions, Labels
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation

STRAIN: Final = 2e-4
"""Of a central difference"""
LABEL: Final = {"ewaldErrorTolerance": 1e-5, "mutualInducedTargetEpsilon": 1e-6}
"""Relative error of particle-mesh Ewald, and convergence of induced dipoles in debye"""
STEP: Final = {"ewaldErrorTolerance": 1e-4, "mutualInducedTargetEpsilon": 1e-4}
"""The same in dynamics"""
INNER_STEPS: Final = 8
"""Of bonds and angles in one of everything else"""


@dataclass(frozen=True)
class OpenMMOracle:
    """A force field of OpenMM, for boxes of water and ions.

    Attributes
    ----------
    files : tuple of str
        Force-field files that OpenMM ships, or paths.
    cutoff : float, Å
        Of van der Waals and real-space electrostatic energies; less than half the box.
    """

    files: tuple[str, ...] = (AMOEBA,)
    cutoff: float = 7.0

    def __post_init__(self) -> None:
        """Refuse cutoffs without meaning, and files that are not there."""
        if not 3.5 <= self.cutoff <= 20.0:
            raise InputError(
                f"`cutoff` must lie between 3.5 and 20 Å, got {self.cutoff}."
            )
        self._force_field(())

    @cached_property
    def fingerprint(self) -> str:
        """Files, what one's own hold, cutoff, tolerance of Ewald's sum, and version."""
        names = [
            f"{Path(name).name}:{hashlib.sha256(Path(name).read_bytes()).hexdigest()[:8]}"
            if Path(name).is_file()
            else name
            for name in self.files
        ]
        analogy = " Mn=by-analogy" if self._polarizable else ""
        return (
            f"OpenMM {' '.join(names)}{analogy} cutoff={self.cutoff:g}A PME "
            f"tolerance={LABEL['ewaldErrorTolerance']:g} "
            f"OpenMM={import_openmm().__version__}"
        )

    @property
    def cores(self) -> int:
        """One label keeps one core busy."""
        return 1

    def label(self, atoms: Atoms) -> Labels:
        """Energy, forces and stress of a periodic box of water and ions.

        Raises
        ------
        InputError
            The box is not periodic, is charged, is narrower than two cutoffs, or holds
            something that the force field does not know.
        """
        box = aqueous_box(atoms)
        openmm = import_openmm()
        with one_core():
            context = openmm.Context(
                self._system(box, (), LABEL),
                openmm.VerletIntegrator(0.001),
                openmm.Platform.getPlatformByName("Reference"),
            )
            positions = _inside(box)
            energy, forces = _evaluated(context, positions, box.cell)
            stress = _stress(context, positions, box)
        in_order = np.empty_like(forces)
        in_order[box.order] = forces @ box.rotation.T
        return Labels(energy, in_order, box.rotation @ stress @ box.rotation.T)

    def simulate(
        self, atoms: Atoms, conditions: Conditions, *, report: Report = silent
    ) -> Simulation:
        """Molecular dynamics of the force field, on one core.

        As `SPCFw.simulate`, but with several steps of bonds and angles in each one
        of everything else (RESPA), so that 2 fs is a sound timestep.
        """
        return self.simulate_with((), atoms, conditions, report=report)

    def simulate_with(
        self,
        biases: Sequence[Bias],
        atoms: Atoms,
        conditions: Conditions,
        *,
        report: Report = silent,
    ) -> Simulation:
        """The same under a bias, which only AMOEBA can be given."""
        box = aqueous_box(atoms)
        system = self._system(box, biases, STEP)
        with one_core():
            run = AqueousRun(system, box, atoms, conditions, INNER_STEPS)
            return run.run(report)

    def calculator(self) -> Calculator:
        """An ASE calculator of it."""
        return OracleCalculator(self)

    @property
    def _polarizable(self) -> bool:
        return AMOEBA in self.files

    def _force_field(self, biases: Sequence[Bias]) -> Any:
        if biases and not self._polarizable:
            raise InputError(
                f"only {AMOEBA} can be biased, got {', '.join(self.files)}."
            )
        files = [
            StringIO(completed(biases)) if name == AMOEBA else name
            for name in self.files
        ]
        try:
            return import_openmm_app().ForceField(*files)
        except Exception as error:
            raise InputError(
                f"OpenMM must be able to read {', '.join(self.files)}, and says: "
                f"{in_one_line(error)}; name files that OpenMM ships, or paths."
            ) from None

    def _system(
        self, box: AqueousBox, biases: Sequence[Bias], accuracy: dict[str, float]
    ) -> Any:
        if np.diag(box.cell).min() <= 2 * self.cutoff:
            raise InputError(
                f"a box must be wider than twice the cutoff, got "
                f"{np.diag(box.cell).min():.2f} Å for a cutoff of {self.cutoff} Å; "
                "take more molecules or a shorter cutoff."
            )
        options: dict[str, Any] = {
            "nonbondedMethod": import_openmm_app().PME,
            "nonbondedCutoff": self.cutoff / 10,
            "rigidWater": False,
            "removeCMMotion": False,
            **accuracy,
        }
        if not self._polarizable:
            del options["mutualInducedTargetEpsilon"]
            options["switchDistance"] = SWITCH * self.cutoff / 10
        try:
            field = self._force_field(biases)
            system = field.createSystem(_topology(box), **options)
        except ValueError as error:
            raise InputError(
                f"{', '.join(self.files)} must know every molecule of the box, and "
                f"OpenMM says: {in_one_line(error)}."
            ) from None
        for index in reversed(range(system.getNumForces())):
            if not _terms(system.getForce(index)):
                system.removeForce(index)  # compiling its formula takes seconds
        for force in system.getForces():
            slow = any(word in force.getName() for word in ("Multipole", "Vdw", "Nonb"))
            force.setForceGroup(int(slow))
        return system


def _terms(force: Any) -> int:
    """How many of its terms the box holds; 1 for a force of all pairs."""
    for name in ("getNumBonds", "getNumAngles", "getNumTorsions"):
        if hasattr(force, name):
            return int(getattr(force, name)())
    return 1


def _topology(box: AqueousBox) -> Any:
    app = import_openmm_app()
    topology = app.Topology()
    chain = topology.addChain()
    for molecule in np.unique(box.molecules):
        members = box.numbers[box.molecules == molecule]
        residue = topology.addResidue("HOH" if len(members) > 1 else "ION", chain)
        atoms = [
            topology.addAtom(f"{k}", app.Element.getByAtomicNumber(int(z)), residue)
            for k, z in enumerate(members)
        ]
        if tuple(members) == WATER:
            topology.addBond(atoms[0], atoms[1])
            topology.addBond(atoms[0], atoms[2])
    topology.setPeriodicBoxVectors(box.cell / 10)
    return topology


def _evaluated(context: Any, positions: Array, cell: Array) -> tuple[float, Array]:
    """Energy in eV and forces in eV/Å."""
    context.setPeriodicBoxVectors(*(cell / 10))
    context.setPositions(positions / 10)
    state = context.getState(getEnergy=True, getForces=True)
    forces = np.asarray(state.getForces(asNumpy=True)._value)
    energy = state.getPotentialEnergy()._value * KILOJOULE_PER_MOLE
    return float(energy), forces * (KILOJOULE_PER_MOLE / 10)


def _inside(box: AqueousBox) -> Array:
    """Positions with the first atom of every molecule in the cell.

    OpenMM's neighbour list can lose an atom that rounding leaves 1e-21 Å outside.
    """
    fractional = box.positions @ np.linalg.inv(box.cell)
    return np.asarray(box.positions - np.floor(fractional[box.heads]) @ box.cell)


def _stress(context: Any, positions: Array, box: AqueousBox) -> Array:
    """(3, 3) array, eV/Å³, tension positive."""
    stress = np.zeros((3, 3))
    for i, j in combinations_with_replacement(range(3), 2):
        energies = []
        for sign in (1, -1):
            # A lower triangle keeps the cell as OpenMM wants it, and shears alike.
            strain = np.eye(3)
            strain[j, i] += sign * STRAIN
            energy, _ = _evaluated(context, positions @ strain, box.cell @ strain)
            energies.append(energy)
        stress[i, j] = stress[j, i] = (energies[0] - energies[1]) / (2 * STRAIN)
    return stress / box.volume
