"""Water and ions in OpenMM: the energy function and the boxes OpenMM accepts.

Inside this file lengths are Å and energies eV; OpenMM's nm and kJ/mol appear only
where it is called.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import Any, Final

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from numpy.typing import NDArray

from brine.errors import InputError, MissingPackageError
from brine.oracles.force_field import (
    ANGLE,
    ANGLE_CONSTANT,
    BOND_CONSTANT,
    BOND_LENGTH,
    KILOCALORIE,
    SITES,
    Sites,
)
from brine.oracles.oracle import check_periodic
from brine.structures.molecules import whole_and_labels

Array = NDArray[np.float64]

SWITCH: Final = 0.9
"""The Lennard-Jones energy is switched off from here to 1, in cutoffs."""
MARGIN: Final = 1.02
"""A box must be this much wider than two cutoffs, so that it can be strained."""

MESH_FACTOR: Final = 2.1
"""Mesh spacing times splitting over tolerance^(1/5). OpenMM takes 1.5; at 2.1 the error
of the mesh still equals that of the cutoff (8e-5 eV/Å at a tolerance of 5e-5)."""
BONDED_GROUP: Final = 1
"""OpenMM's force group of bonds and angles"""
WATER: Final = (8, 1, 1)
"""Atomic numbers in the order of this file."""


@dataclass(frozen=True)
class AqueousBox:
    """Whole molecules, waters in the order O, H, H, in OpenMM's orientation.

    Attributes
    ----------
    numbers : (n_atoms,) array of int
        Atomic numbers.
    positions : (n_atoms, 3) array, Å
    molecules : (n_atoms,) array of int
        Index of each atom's molecule, rising; an ion is one.
    cell : (3, 3) array, Å
        Lower triangular, reduced.
    order : (n_atoms,) array of int
        Atom ``k`` here is atom ``order[k]`` of the structure given.
    rotation : (3, 3) array
        Row vectors here are row vectors of the structure times this.
    """

    numbers: NDArray[np.int64]
    positions: Array
    molecules: NDArray[np.int64]
    cell: Array
    order: NDArray[np.int64]
    rotation: Array

    @cached_property
    def sites(self) -> Sites:
        """Parameters of every atom."""
        return Sites.of(self.numbers)

    @property
    def oxygens(self) -> NDArray[np.int64]:
        """Indices of the waters' oxygens; their hydrogens are the next two atoms."""
        return np.flatnonzero(self.numbers == WATER[0])

    @property
    def heads(self) -> NDArray[np.int64]:
        """For each atom the first atom of its molecule."""
        return np.searchsorted(self.molecules, self.molecules)

    @property
    def volume(self) -> float:
        """Å³."""
        return float(abs(np.linalg.det(self.cell)))


@dataclass(frozen=True)
class Electrostatics:
    """Particle-mesh Ewald as set in a context.

    Attributes
    ----------
    cutoff : float, Å
    splitting : float, 1/Å
    mesh : 3 int
    """

    cutoff: float
    splitting: float
    mesh: tuple[int, int, int]


def import_openmm() -> ModuleType:
    """OpenMM, or one clear sentence.

    Raises
    ------
    MissingPackageError
        It is not installed.
    """
    try:
        import openmm
    except ImportError as error:
        raise MissingPackageError(
            "the embedded water oracle needs the package openmm, which is not "
            "installed; run `pip install openmm`."
        ) from error
    return openmm  # type: ignore[no-any-return]


def import_openmm_app() -> ModuleType:
    """OpenMM's reader of force-field files, which takes a moment to import."""
    import_openmm()
    return import_module("openmm.app")


def aqueous_box(atoms: Atoms) -> AqueousBox:
    """`atoms` as whole water molecules and ions that OpenMM can take.

    Raises
    ------
    InputError
        The box is not periodic in three directions, is charged, or holds something
        that is neither water nor a known ion.
    """
    check_periodic(atoms, "the water oracle")
    positions, labels = whole_and_labels(atoms)
    order = np.lexsort((np.arange(len(atoms)), -atoms.numbers, labels))
    _check(atoms.numbers[order], labels[order])
    standard, rotation = atoms.cell.standard_form()
    return AqueousBox(
        numbers=np.asarray(atoms.numbers[order], dtype=np.int64),
        positions=positions[order] @ rotation.T,
        molecules=labels[order],
        cell=reduced(np.asarray(standard.array)),
        order=order,
        rotation=rotation.T,
    )


def _check(numbers: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
    """Of atoms sorted by molecule."""
    starts = np.flatnonzero(np.diff(labels, prepend=-1))
    for members in np.split(numbers, starts[1:]):
        is_ion = len(members) == 1 and members[0] in SITES and members[0] not in WATER
        if not is_ion and tuple(members) != WATER:
            known = ", ".join(chemical_symbols[z] for z in SITES if z not in WATER)
            raise InputError(
                f"the water oracle must have intact H2O and ions ({known}) only, got a "
                f"molecule of atomic numbers {members.tolist()} among {len(starts)}; "
                "use another oracle for other liquids."
            )
    charge = Sites.of(numbers).charges.sum()
    if abs(charge) > 1e-6 or not len(numbers):
        raise InputError(
            f"the water oracle must have a neutral box, got a charge of {charge:+g} e "
            f"on {len(numbers)} atoms; change the number of ions."
        )


def reduced(cell: Array) -> Array:
    """The same lattice with rows as OpenMM wants them: lower triangular, least skew."""
    a, b, c = np.array(cell, dtype=np.float64)
    c = c - b * np.round(c[1] / b[1])
    c = c - a * np.round(c[0] / a[0])
    b = b - a * np.round(b[0] / a[0])
    return np.tril(np.array([a, b, c]))


def replicas(cell: Array, cutoff: float) -> tuple[int, int, int]:
    """How often a reduced cell must be repeated to be wide enough for `cutoff`."""
    n = np.ceil(2 * cutoff * MARGIN / np.diag(cell)).astype(int)
    return int(n[0]), int(n[1]), int(n[2])


def repeated(box: AqueousBox, times: tuple[int, int, int]) -> tuple[Array, Array]:
    """Positions and cell of `box` repeated along its cell vectors."""
    grid = np.stack(np.meshgrid(*map(np.arange, times), indexing="ij"), axis=-1)
    shifts = grid.reshape(-1, 3) @ box.cell
    positions = (box.positions[None] + shifts[:, None]).reshape(-1, 3)
    return positions, reduced(box.cell * np.array(times)[:, None])


def electrostatics(cell: Array, cutoff: float, tolerance: float) -> Electrostatics:
    """Particle-mesh Ewald of a relative force error `tolerance` in this cell."""
    splitting = ewald_splitting(cutoff, tolerance)
    return Electrostatics(cutoff, splitting, mesh(cell, splitting, tolerance))


def ewald_splitting(cutoff: float, tolerance: float) -> float:
    """Ewald's splitting parameter in 1/Å, as OpenMM derives it from a tolerance."""
    return float(np.sqrt(-np.log(2 * tolerance)) / cutoff)


def mesh(cell: Array, splitting: float, tolerance: float) -> tuple[int, int, int]:
    """Mesh points along each cell vector, from the box alone.

    Labels must not depend on which box was seen first, as they would if OpenMM chose
    the mesh once per context.
    """
    spacing = MESH_FACTOR * tolerance**0.2 / splitting
    sizes = [_factorable(int(np.ceil(length / spacing))) for length in np.diag(cell)]
    return sizes[0], sizes[1], sizes[2]


def _factorable(size: int) -> int:
    """The least number from `size` up (6 at least) with no prime factor above 7."""
    size = max(size, 6)
    while True:
        rest = size
        for prime in (2, 3, 5, 7):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return size
        size += 1


def aqueous_system(
    numbers: NDArray[np.int64], cell: Array, electrostatics: Electrostatics
) -> Any:
    """The OpenMM system of atoms of these numbers, waters in the order O, H, H."""
    openmm = import_openmm()
    system = openmm.System()
    bonds, angles = openmm.HarmonicBondForce(), openmm.HarmonicAngleForce()
    pairs = openmm.NonbondedForce()
    for number in numbers:
        site = SITES[int(number)]
        system.addParticle(site.mass)
        pairs.addParticle(site.charge, site.sigma / 10, site.epsilon * KILOCALORIE)
    bond, angle = BOND_CONSTANT * KILOCALORIE * 100, ANGLE_CONSTANT * KILOCALORIE
    for oxygen in map(int, np.flatnonzero(numbers == WATER[0])):
        first, second = oxygen + 1, oxygen + 2
        bonds.addBond(oxygen, first, BOND_LENGTH / 10, bond)
        bonds.addBond(oxygen, second, BOND_LENGTH / 10, bond)
        angles.addAngle(first, oxygen, second, np.radians(ANGLE), angle)
        for i, j in ((oxygen, first), (oxygen, second), (first, second)):
            pairs.addException(i, j, 0.0, 0.1, 0.0)
    pairs.setNonbondedMethod(openmm.NonbondedForce.PME)
    pairs.setCutoffDistance(electrostatics.cutoff / 10)
    pairs.setUseSwitchingFunction(True)
    pairs.setSwitchingDistance(SWITCH * electrostatics.cutoff / 10)
    pairs.setUseDispersionCorrection(True)
    pairs.setPMEParameters(electrostatics.splitting * 10, *electrostatics.mesh)
    bonds.setForceGroup(BONDED_GROUP)
    angles.setForceGroup(BONDED_GROUP)
    for force in (bonds, angles, pairs):
        system.addForce(force)
    system.setDefaultPeriodicBoxVectors(*(cell / 10))
    return system


def cpu_context(system: Any, integrator: Any = None) -> Any:
    """A context of OpenMM's CPU platform with one thread, hence reproducible."""
    openmm = import_openmm()
    return openmm.Context(
        system,
        integrator or openmm.VerletIntegrator(0.001),
        openmm.Platform.getPlatformByName("CPU"),
        {"Threads": "1", "DeterministicForces": "true"},
    )
