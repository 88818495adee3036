"""Synthetic water whose energies, forces and stress are known exactly."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

STIFFNESS = 38.0
LENGTH = 0.97
THERMAL = 0.026
BULK_MODULUS = 0.0137
ROOM_VOLUME = 27 * 30.0


def water_frame(rng, *, scale=1.0):
    """27 harmonic waters around a grid, in a cubic box `scale` times 9.32 Å long.

    A background pressure B ln(V/V₀) with its energy makes the box resist
    compression; bonds do not change with it.
    """
    side = ROOM_VOLUME ** (1 / 3) * scale
    grid = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), -1).reshape(-1, 3)
    oxygen = (grid + 0.5) * side / 3 + rng.normal(0, 0.1, (27, 3))
    first = rng.normal(size=(27, 3))
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    normal = np.cross(first, rng.normal(size=(27, 3)))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    angle = np.radians(104.5)
    second = np.cos(angle) * first + np.sin(angle) * normal
    lengths = rng.normal(LENGTH, THERMAL, (2, 27, 1))
    hydrogen = [oxygen + n * d for n, d in zip(lengths, (first, second), strict=True)]
    pull = [
        -STIFFNESS * (n - LENGTH) * d
        for n, d in zip(lengths, (first, second), strict=True)
    ]
    positions = np.stack([oxygen, *hydrogen], axis=1).reshape(-1, 3)
    forces = np.stack([-pull[0] - pull[1], *pull], axis=1).reshape(-1, 3)
    strain = 3 * np.log(scale)
    energy = 0.5 * STIFFNESS * np.square(lengths - LENGTH).sum() - 27 * 468.0
    # E(V) = B V₀ [x (ln x − 1) + 1] has dE/dV = B ln x.
    energy += BULK_MODULUS * ROOM_VOLUME * (np.exp(strain) * (strain - 1) + 1)
    stress = BULK_MODULUS * strain * np.array([1, 1, 1, 0, 0, 0.0])
    stress += rng.normal(0, 1e-5, 6)
    atoms = Atoms("OHH" * 27, positions=positions, cell=[side] * 3, pbc=True)
    return labelled(atoms, energy=energy, forces=forces, stress=stress)


def labelled(atoms, **labels):
    atoms = atoms.copy()
    atoms.calc = SinglePointCalculator(atoms, **labels)
    return atoms


@pytest.fixture
def water():
    """Thirty independent frames at one volume."""
    rng = np.random.default_rng(7)
    return [water_frame(rng) for _ in range(30)]
