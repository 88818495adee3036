"""Water in OpenMM: the SPC/Fw energy function and the boxes OpenMM accepts.

Inside this file lengths are Å and energies eV; OpenMM's nm and kJ/mol appear only
where it is called.
"""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import InputError, MissingPackageError
from brine.structures.molecules import whole_and_labels

Array = NDArray[np.float64]

KILOJOULE_PER_MOLE: Final = 1.0 / 96.48533212331
"""eV"""
KILOCALORIE: Final = 4.184
"""kJ"""

BOND_CONSTANT: Final = 1059.162
"""kcal/mol/Å², in ½ k (r − r₀)²"""
BOND_LENGTH: Final = 1.012
"""Å"""
ANGLE_CONSTANT: Final = 75.90
"""kcal/mol/rad², in ½ k (θ − θ₀)²"""
ANGLE: Final = 113.24
"""degrees"""
SIGMA: Final = 3.165492
"""Å, oxygen"""
EPSILON: Final = 0.1554253
"""kcal/mol, oxygen"""
OXYGEN_CHARGE: Final = -0.82
"""e; each hydrogen has minus half of it"""
SWITCH: Final = 0.9
"""The Lennard-Jones energy is switched off from here to 1, in cutoffs."""
MARGIN: Final = 1.02
"""A box must be this much wider than two cutoffs, so that it can be strained."""

MESH_FACTOR: Final = 2.1
"""Mesh spacing times splitting over tolerance^(1/5). OpenMM takes 1.5; at 2.1 the error
of the mesh still equals that of the cutoff (8e-5 eV/Å at a tolerance of 5e-5)."""
BONDED_GROUP: Final = 1
"""OpenMM's force group of bonds and angles"""


@dataclass(frozen=True)
class WaterBox:
    """Whole water molecules in the order O, H, H and in OpenMM's orientation.

    Attributes
    ----------
    positions : (3 n_waters, 3) array, Å
    cell : (3, 3) array, Å
        Lower triangular, reduced.
    order : (3 n_waters,) array of int
        Atom ``k`` here is atom ``order[k]`` of the structure given.
    rotation : (3, 3) array
        Row vectors here are row vectors of the structure times this.
    """

    positions: Array
    cell: Array
    order: NDArray[np.int64]
    rotation: Array

    @property
    def n_waters(self) -> int:
        """Number of molecules."""
        return len(self.order) // 3

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


def water_box(atoms: Atoms) -> WaterBox:
    """`atoms` as whole water molecules that OpenMM can take.

    Raises
    ------
    InputError
        The box is not periodic in three directions, or holds something that is not
        water.
    """
    if not (atoms.pbc.all() and atoms.cell.rank == 3):
        raise InputError(
            f"the water oracle must have a box periodic in three directions, got "
            f"pbc {atoms.pbc.tolist()} and cell {atoms.cell.array.tolist()}."
        )
    positions, labels = whole_and_labels(atoms)
    order = np.lexsort((np.arange(len(atoms)), -atoms.numbers, labels))
    _check_water(atoms.numbers[order], labels[order])
    standard, rotation = atoms.cell.standard_form()
    return WaterBox(
        positions=positions[order] @ rotation.T,
        cell=reduced(np.asarray(standard.array)),
        order=order,
        rotation=rotation.T,
    )


def _check_water(numbers: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
    sizes = np.bincount(labels)
    wrong = np.flatnonzero(sizes != 3)
    if not wrong.size:
        kinds = numbers.reshape(-1, 3)
        wrong = np.flatnonzero((kinds != [8, 1, 1]).any(axis=1))
    if wrong.size or not len(numbers):
        members = numbers[labels == wrong[0]].tolist() if wrong.size else []
        raise InputError(
            "the water oracle must have intact H2O molecules only, got a molecule "
            f"of atomic numbers {members} among {len(sizes)}; use another oracle for "
            "other liquids."
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


def repeated(box: WaterBox, times: tuple[int, int, int]) -> tuple[Array, Array]:
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


def water_system(n_waters: int, cell: Array, electrostatics: Electrostatics) -> Any:
    """The OpenMM system of `n_waters` SPC/Fw molecules in the order O, H, H."""
    openmm = import_openmm()
    system = openmm.System()
    bonds, angles = openmm.HarmonicBondForce(), openmm.HarmonicAngleForce()
    pairs = openmm.NonbondedForce()
    bond = BOND_CONSTANT * KILOCALORIE * 100
    for oxygen in range(0, 3 * n_waters, 3):
        for mass in (15.999, 1.008, 1.008):
            system.addParticle(mass)
        first, second = oxygen + 1, oxygen + 2
        bonds.addBond(oxygen, first, BOND_LENGTH / 10, bond)
        bonds.addBond(oxygen, second, BOND_LENGTH / 10, bond)
        angles.addAngle(
            first, oxygen, second, np.radians(ANGLE), ANGLE_CONSTANT * KILOCALORIE
        )
        pairs.addParticle(OXYGEN_CHARGE, SIGMA / 10, EPSILON * KILOCALORIE)
        pairs.addParticle(-OXYGEN_CHARGE / 2, 0.1, 0.0)
        pairs.addParticle(-OXYGEN_CHARGE / 2, 0.1, 0.0)
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
