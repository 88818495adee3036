"""What any oracle must satisfy.

Call `check_oracle` from a test with an oracle and a few structures it can label.
Differences are central; a disagreement raises `AssertionError` with both numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.oracles.oracle import Labels, Oracle
from brine.units import BAR


@dataclass(frozen=True)
class OracleTolerances:
    """How far an oracle may be from its own derivatives and symmetries.

    Attributes
    ----------
    energy : float, eV
        Between images of one structure under a symmetry.
    forces : float, eV/Å
    stress : float, eV/Å³
    displacement : float, Å
        Each way, in the differences of positions.
    strain : float
        Each way, in the differences of strain.
    n_coordinates : int
        How many coordinates are displaced.
    """

    energy: float = 1e-6
    forces: float = 1e-4
    stress: float = 20 * BAR
    displacement: float = 2e-3
    strain: float = 1e-3
    n_coordinates: int = 6


def check_oracle(
    oracle: Oracle,
    structures: Sequence[Atoms],
    *,
    tolerances: OracleTolerances,
    seed: int = 0,
) -> None:
    """Check labels against their own derivatives and symmetries.

    Parameters
    ----------
    oracle : Oracle
    structures : sequence of ase.Atoms
        Off equilibrium: every check first asserts that there is a force.
    tolerances : OracleTolerances
    seed : int
        Of the coordinates displaced, the shift and the permutation.

    Raises
    ------
    AssertionError
        Two numbers that must agree do not.
    """
    assert isinstance(oracle, Oracle), f"{oracle!r} lacks a member of Oracle"
    assert oracle.fingerprint, "the fingerprint is empty"
    assert oracle.fingerprint == oracle.fingerprint, "the fingerprint changes"
    for atoms in structures:
        rng = np.random.default_rng(seed)
        labels = oracle.label(atoms)
        _check_shapes(labels, len(atoms))
        _check_forces(oracle, atoms, labels, tolerances, rng)
        if atoms.pbc.all():
            _check_stress(oracle, atoms, labels, tolerances)
        _check_symmetries(oracle, atoms, labels, tolerances, rng)


def strain_derivative(
    oracle: Oracle, atoms: Atoms, *, strain: float
) -> NDArray[np.float64]:
    """Stress by central differences of the energy, (3, 3) array in eV/Å³.

    Atoms and cell are strained together, symmetrically.
    """
    derivative = np.zeros((3, 3))
    for a, b in zip(*np.tril_indices(3), strict=True):
        energies = []
        for sign in (1, -1):
            change = np.zeros((3, 3))
            change[a, b] += sign * strain / 2
            change[b, a] += sign * strain / 2
            moved = atoms.copy()
            cell = atoms.cell.array @ (np.eye(3) + change)
            moved.set_cell(cell, scale_atoms=True)
            energies.append(oracle.label(moved).energy)
        derivative[a, b] = derivative[b, a] = (energies[0] - energies[1]) / (2 * strain)
    return derivative / float(atoms.get_volume())


def _check_shapes(labels: Labels, n_atoms: int) -> None:
    assert np.isfinite(labels.energy), f"the energy is {labels.energy}"
    assert labels.forces.shape == (n_atoms, 3), labels.forces.shape
    assert labels.stress.shape == (3, 3), labels.stress.shape
    np.testing.assert_allclose(labels.stress, labels.stress.T, rtol=0, atol=1e-12)
    assert np.abs(labels.forces).max() > 0.1, "the structure has no forces to check"


def _check_forces(
    oracle: Oracle,
    atoms: Atoms,
    labels: Labels,
    tolerances: OracleTolerances,
    rng: np.random.Generator,
) -> None:
    chosen = rng.choice(3 * len(atoms), size=tolerances.n_coordinates, replace=False)
    for atom, axis in zip(*np.divmod(chosen, 3), strict=True):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[atom, axis] += sign * tolerances.displacement
            energies.append(oracle.label(moved).energy)
        expected = -(energies[0] - energies[1]) / (2 * tolerances.displacement)
        np.testing.assert_allclose(
            labels.forces[atom, axis],
            expected,
            rtol=0,
            atol=tolerances.forces,
            err_msg=f"force on atom {atom}, axis {axis}, is not -dE/dx",
        )


def _check_stress(
    oracle: Oracle, atoms: Atoms, labels: Labels, tolerances: OracleTolerances
) -> None:
    assert np.abs(labels.stress).max() > 5 * tolerances.stress, "no stress to check"
    np.testing.assert_allclose(
        labels.stress,
        strain_derivative(oracle, atoms, strain=tolerances.strain),
        rtol=0,
        atol=tolerances.stress,
        err_msg="stress is not (1/V) dE/dstrain, tension positive",
    )


def _check_symmetries(
    oracle: Oracle,
    atoms: Atoms,
    labels: Labels,
    tolerances: OracleTolerances,
    rng: np.random.Generator,
) -> None:
    shifted = atoms.copy()
    shifted.positions += rng.normal(size=3)
    _assert_same(oracle.label(shifted), labels, tolerances, "translated")
    order = rng.permutation(len(atoms))
    permuted = oracle.label(atoms[order])
    expected = Labels(labels.energy, labels.forces[order], labels.stress)
    _assert_same(permuted, expected, tolerances, "permuted")
    if atoms.pbc.all():
        wrapped = shifted.copy()
        wrapped.wrap()
        _assert_same(oracle.label(wrapped), labels, tolerances, "wrapped")
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn, scale_atoms=False)
    turned.positions = atoms.positions @ turn
    expected = Labels(
        labels.energy, labels.forces @ turn, turn.T @ labels.stress @ turn
    )
    _assert_same(oracle.label(turned), expected, tolerances, "rotated or reflected")


def _assert_same(
    found: Labels, expected: Labels, tolerances: OracleTolerances, what: str
) -> None:
    for name in ("energy", "forces", "stress"):
        np.testing.assert_allclose(
            getattr(found, name),
            getattr(expected, name),
            rtol=0,
            atol=getattr(tolerances, name),
            err_msg=f"{name} changes when the structure is {what}",
        )
