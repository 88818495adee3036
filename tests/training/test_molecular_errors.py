import numpy as np
import pytest

from brine.errors import ShapeError
from brine.training import molecular_errors, split_forces

WATER = np.array([[0.0, 0.0, 0.0], [0.96, 0.0, 0.0], [-0.24, 0.93, 0.0]])
MASSES = np.array([15.999, 1.008, 1.008])


def test_equal_accelerations_are_pure_translation():
    forces = MASSES[:, None] * np.array([0.3, -0.2, 0.1])
    parts = split_forces(forces, positions=WATER, masses=MASSES, molecules=[0, 0, 0])

    np.testing.assert_allclose(parts[0], forces, rtol=0, atol=1e-12)
    np.testing.assert_allclose(parts[1], 0, rtol=0, atol=1e-12)
    np.testing.assert_allclose(parts[2], 0, rtol=0, atol=1e-12)


def test_the_forces_of_a_rigid_turn_are_pure_rotation():
    centre = MASSES @ WATER / MASSES.sum()
    forces = MASSES[:, None] * np.cross([0.2, 0.5, -0.7], WATER - centre)
    assert np.abs(forces).max() > 0.1
    parts = split_forces(forces, positions=WATER, masses=MASSES, molecules=[0, 0, 0])

    np.testing.assert_allclose(parts[1], forces, rtol=0, atol=1e-12)
    np.testing.assert_allclose(parts[0], 0, rtol=0, atol=1e-12)


def test_stretching_a_bond_is_pure_vibration():
    forces = np.array([[-1.0, 0, 0], [1.0, 0, 0], [0, 0, 0]])
    parts = split_forces(forces, positions=WATER, masses=MASSES, molecules=[0, 0, 0])

    np.testing.assert_allclose(parts[2], forces, rtol=0, atol=1e-12)


def test_vibration_has_neither_net_force_nor_torque_and_the_parts_add_up():
    rng = np.random.default_rng(1)
    forces = rng.normal(size=(9, 3))
    positions = np.concatenate([WATER + shift for shift in ([0, 0, 0], [3, 1, 0])])
    positions = np.concatenate([positions, rng.normal(size=(3, 3))])
    molecules = np.array([4, 4, 4, 7, 7, 7, 9, 10, 10])
    masses = np.tile(MASSES, 3)
    parts = split_forces(
        forces, positions=positions, masses=masses, molecules=molecules
    )

    np.testing.assert_allclose(sum(parts), forces, rtol=0, atol=1e-12)
    for label in np.unique(molecules):
        rows = molecules == label
        np.testing.assert_allclose(parts[2][rows].sum(axis=0), 0, atol=1e-12)
        torque = np.cross(positions[rows], parts[2][rows]).sum(axis=0)
        np.testing.assert_allclose(torque, 0, rtol=0, atol=1e-10)


def test_a_single_atom_only_translates():
    forces = np.array([[1.0, 2.0, 3.0]])
    parts = split_forces(
        forces, positions=np.zeros((1, 3)), masses=[22.99], molecules=[0]
    )
    np.testing.assert_allclose(parts[0], forces, rtol=0, atol=1e-12)
    np.testing.assert_allclose(parts[1], 0, rtol=0, atol=1e-12)


def test_a_linear_molecule_does_not_turn_about_its_axis():
    positions = np.array([[0, 0, 0], [0, 0, 0.74]])
    forces = np.array([[0.5, 0, 0], [-0.5, 0, 0]])
    parts = split_forces(
        forces, positions=positions, masses=[1.008, 1.008], molecules=[0, 0]
    )
    np.testing.assert_allclose(parts[1], forces, rtol=0, atol=1e-10)


def test_covalent_forces_do_not_hide_an_error_between_molecules():
    """A 20 meV/Å error of every net force beside exact 5 eV/Å bond forces."""
    labels = np.array([[-5.0, 0, 0], [5.0, 0, 0], [0, 0, 0]])
    wrong = MASSES[:, None] / MASSES.sum() * np.array([0.02, 0, 0])
    errors = molecular_errors(
        labels + wrong, labels, positions=WATER, masses=MASSES, molecules=[0, 0, 0]
    )
    assert errors.translation.rmse == pytest.approx(
        20 * np.sqrt(np.mean((MASSES / MASSES.sum()) ** 2) / 3), abs=1e-9
    )
    assert errors.vibration.rmse == pytest.approx(0, abs=1e-9)
    assert errors.vibration.label_rms > 2000
    assert errors.n_molecules == 1


def test_arrays_of_different_numbers_of_atoms_are_refused():
    with pytest.raises(ShapeError, match="one number of atoms"):
        split_forces(
            np.zeros((3, 3)), positions=WATER, masses=MASSES[:2], molecules=[0, 0, 0]
        )
