"""What any potential must satisfy, as a suite to inherit from.

>>> class TestMine(PotentialContract):
...     @pytest.fixture
...     def potential(self):
...         return my_potential  # trained on the elements of `structures`

Every check is a symmetry, a derivative or a limit; none needs a reference number.
"""

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from numpy.typing import NDArray

from brine.errors import UnknownElementError
from brine.potentials import Potential

FORCE_TOLERANCE = 1e-6
"""eV/Å"""
ENERGY_TOLERANCE = 1e-9
"""eV: rounding of a sum of some tens of atoms"""
STEP = 1e-4
"""Å; the central difference's own error is some 1e-8 eV/Å"""


def small_triclinic() -> Atoms:
    """Two waters in a skewed cell smaller than twice any cutoff."""
    atoms = two_waters()
    atoms.set_cell([[5.2, 0.0, 0.0], [0.7, 5.9, 0.0], [-0.5, 0.9, 5.6]])
    atoms.pbc = True
    return atoms


def two_waters() -> Atoms:
    """A water dimer in vacuum, no two distances alike."""
    positions = [
        *([0.02, 0.01, 0.12], [0.79, 0.05, -0.45], [-0.73, 0.03, -0.51]),
        *([0.13, 2.31, 1.62], [0.21, 1.48, 1.11], [0.91, 2.70, 1.40]),
    ]
    return Atoms("OH2OH2", positions=positions)


class PotentialContract(ABC):
    """Inherit, and give the fixture `potential`, trained on hydrogen and oxygen."""

    @pytest.fixture
    @abstractmethod
    def potential(self) -> Potential:
        """The potential under test."""

    @pytest.fixture(params=[small_triclinic, two_waters], ids=lambda f: f.__name__)
    def atoms(self, request: pytest.FixtureRequest) -> Atoms:
        """Each structure in turn."""
        built: Atoms = request.param()
        return built

    def test_forces_are_minus_the_gradient_of_the_energy(
        self, potential: Potential, atoms: Atoms
    ) -> None:
        """F = −dE/dr by central differences."""
        forces = potential.evaluate(atoms).forces
        assert np.abs(forces).max() > 0.01
        np.testing.assert_allclose(
            forces, _numerical_forces(potential, atoms), rtol=0, atol=FORCE_TOLERANCE
        )

    def test_stress_is_the_strain_derivative_of_the_energy(
        self, potential: Potential
    ) -> None:
        """All six components of σ = (1/V) dE/dε, tension positive."""
        atoms = small_triclinic()
        stress = potential.evaluate(atoms).stress
        assert np.abs(stress).max() > 1e-3
        np.testing.assert_allclose(
            stress, _numerical_stress(potential, atoms), rtol=0, atol=1e-8
        )

    def test_stress_of_an_isolated_molecule_is_not_a_number(
        self, potential: Potential
    ) -> None:
        """Without a cell there is no volume to divide by."""
        assert np.isnan(potential.evaluate(two_waters()).stress).all()

    def test_translation_changes_nothing(
        self, potential: Potential, atoms: Atoms
    ) -> None:
        """E(r + a) = E(r), and the forces sum to zero."""
        before = potential.evaluate(atoms)
        atoms.positions += [0.37, -1.21, 5.03]
        after = potential.evaluate(atoms)
        _assert_same(before.energy, before.forces, after.energy, after.forces)
        np.testing.assert_allclose(before.forces.sum(0), 0, rtol=0, atol=1e-9)

    def test_rotation_turns_forces_and_stress_along(self, potential: Potential) -> None:
        """R r gives R F and R σ Rᵀ; the determinant may be −1 (reflection)."""
        rng = np.random.default_rng(1)
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        for matrix in (turn, -turn):
            atoms = small_triclinic()
            before = potential.evaluate(atoms)
            atoms.set_cell(atoms.cell.array @ matrix.T)
            atoms.positions = small_triclinic().positions @ matrix.T
            after = potential.evaluate(atoms)
            _assert_same(
                before.energy, before.forces @ matrix.T, after.energy, after.forces
            )
            np.testing.assert_allclose(
                after.stress, matrix @ before.stress @ matrix.T, rtol=0, atol=1e-9
            )

    def test_permutation_of_atoms_permutes_forces(
        self, potential: Potential, atoms: Atoms
    ) -> None:
        """The order of atoms is a name, not physics."""
        order = np.array([3, 5, 1, 0, 4, 2])
        before, after = potential.evaluate(atoms), potential.evaluate(atoms[order])
        _assert_same(before.energy, before.forces[order], after.energy, after.forces)

    def test_wrapping_into_the_cell_changes_nothing(self, potential: Potential) -> None:
        """Atoms may be moved by lattice vectors one by one."""
        atoms = small_triclinic()
        before = potential.evaluate(atoms)
        shifts = np.array([[0, 0, 0], [1, 0, 0], [0, -2, 1]] * 2)
        atoms.positions += shifts @ atoms.cell.array
        after = potential.evaluate(atoms)
        _assert_same(before.energy, before.forces, after.energy, after.forces)

    def test_a_supercell_has_the_energy_of_its_copies(
        self, potential: Potential
    ) -> None:
        """A box smaller than twice the cutoff equals the same box repeated."""
        atoms = small_triclinic()
        one, eight = potential.evaluate(atoms), potential.evaluate(atoms * (2, 2, 2))
        assert eight.energy == pytest.approx(8 * one.energy, rel=0, abs=1e-8)
        np.testing.assert_allclose(eight.forces[:6], one.forces, rtol=0, atol=1e-8)
        np.testing.assert_allclose(eight.stress, one.stress, rtol=0, atol=1e-10)

    def test_distant_molecules_add_up(self, potential: Potential) -> None:
        """E(A + B) = E(A) + E(B) beyond every cutoff, and differs within it."""
        together = two_waters()
        parts = sum(potential.evaluate(together[s]).energy for s in (_FIRST, _SECOND))
        near = potential.evaluate(together).energy
        together.positions[_SECOND] += [0.0, 100.0, 0.0]
        far = potential.evaluate(together).energy
        assert far == pytest.approx(parts, rel=0, abs=ENERGY_TOLERANCE)
        assert abs(near - parts) > 1e-4

    def test_one_atom_has_an_energy_and_no_force(self, potential: Potential) -> None:
        """The isolated atom is the simplest structure there is."""
        lone = potential.evaluate(Atoms("O"))
        assert np.isfinite(lone.energy)
        np.testing.assert_array_equal(lone.forces, 0.0)

    def test_an_unknown_element_is_named(self, potential: Potential) -> None:
        """A potential says which element it was not trained on."""
        with pytest.raises(UnknownElementError, match="Xe"):
            potential.evaluate(Atoms("OXe", positions=[[0, 0, 0], [0, 0, 3.0]]))

    def test_saved_and_loaded_it_is_the_same(
        self, potential: Potential, atoms: Atoms, tmp_path: Path
    ) -> None:
        """A file holds everything, to the last bit."""
        from brine.potentials import load

        potential.save(tmp_path / "p.brine")
        again = load(tmp_path / "p.brine").evaluate(atoms)
        before = potential.evaluate(atoms)
        assert again.energy == before.energy
        np.testing.assert_array_equal(again.forces, before.forces)

    def test_the_calculator_agrees_with_the_potential(
        self, potential: Potential, atoms: Atoms
    ) -> None:
        """ASE sees the same energy, forces and stress."""
        direct = potential.evaluate(atoms)
        atoms.calc = potential.calculator()
        assert atoms.get_potential_energy() == pytest.approx(
            direct.energy, rel=0, abs=ENERGY_TOLERANCE
        )
        np.testing.assert_allclose(atoms.get_forces(), direct.forces, rtol=0, atol=1e-9)
        if atoms.pbc.all():
            stress = atoms.get_stress(voigt=False)
            np.testing.assert_allclose(stress, direct.stress, rtol=0, atol=1e-10)


_FIRST, _SECOND = slice(0, 3), slice(3, 6)


def _assert_same(
    energy: float,
    forces: NDArray[np.float64],
    other_energy: float,
    other_forces: NDArray[np.float64],
) -> None:
    assert other_energy == pytest.approx(energy, rel=0, abs=ENERGY_TOLERANCE)
    np.testing.assert_allclose(other_forces, forces, rtol=0, atol=1e-8)


def _numerical_forces(potential: Potential, atoms: Atoms) -> NDArray[np.float64]:
    forces = np.zeros((len(atoms), 3))
    for atom, axis in np.ndindex(*forces.shape):
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[atom, axis] += sign * STEP
            forces[atom, axis] -= sign * potential.evaluate(moved).energy / (2 * STEP)
    return forces


def _numerical_stress(potential: Potential, atoms: Atoms) -> NDArray[np.float64]:
    stress, step = np.zeros((3, 3)), 1e-5
    for first, second in np.ndindex(3, 3):
        for sign in (1, -1):
            strain = np.eye(3)
            strain[first, second] += sign * step / 2
            strain[second, first] += sign * step / 2
            bent = atoms.copy()
            bent.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            stress[first, second] += sign * potential.evaluate(bent).energy / (2 * step)
    return np.asarray(stress / atoms.get_volume())
