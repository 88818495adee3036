"""The bath that reaches bonds: canonical, and blind to whatever else molecules do."""

import numpy as np
import pytest
from ase import Atoms

from brine.dynamics import NVT, MDSettings, run_md
from brine.native import _native
from brine.units import BOLTZMANN

STIFFNESS, LENGTH, EDGE = 40.0, 1.0, 60.0
"""eV/Å², Å, Å: dimers of O and H, each alone in its corner of the box."""


def _dimers(n, rng):
    """At rest, bonds at their length; some are cut by the periodic boundary."""
    places = np.indices((8, 8, 8)).reshape(3, -1).T[:n] * (EDGE / 8)
    turns = rng.normal(size=(n, 3))
    turns *= LENGTH / np.linalg.norm(turns, axis=1, keepdims=True)
    positions = np.stack([places, places + turns], axis=1).reshape(-1, 3)
    atoms = Atoms("OH" * n, positions, cell=[EDGE] * 3, pbc=True)
    atoms.wrap()
    return atoms


def _springs(positions, cell):
    vectors = positions[1::2] - positions[::2]
    vectors -= np.rint(vectors / EDGE) * EDGE
    lengths = np.linalg.norm(vectors, axis=1)
    pull = (STIFFNESS * (lengths - LENGTH) / lengths)[:, None] * vectors
    forces = np.stack([pull, -pull], axis=1).reshape(-1, 3)
    return 0.5 * STIFFNESS * np.sum((lengths - LENGTH) ** 2), forces, np.zeros((3, 3))


def test_bonds_reach_their_temperature_and_molecules_keep_their_momentum():
    """512 harmonic bonds, sampled eight times: ½ kT each in V, 2.2 % standard error.

    Started at rest and with a thermostat that cannot move them, only the bath
    gives them energy; no molecule ever gains momentum.
    """
    atoms = _dimers(512, np.random.default_rng(0))
    field = _native.PythonForceField(_springs)
    thermostat = NVT(300.0, "svr", time_constant=1e12, bond_time_constant=50.0)
    at_rest = np.full_like(atoms.positions, 1e-12)
    atoms.set_momenta(at_rest)
    settings = MDSettings(thermostat, n_steps=4000, timestep=0.25, interval=400, seed=2)
    simulation = run_md(atoms, field, settings)

    assert simulation.stopped is None
    energies = simulation.log["potential_energy_eV"][2:]
    found = 2 * np.mean(energies) / (512 * BOLTZMANN)
    assert found == pytest.approx(300.0, rel=4 * np.sqrt(2 / (512 * len(energies))))
    masses = np.array([15.999, 1.008])
    places = simulation.trajectory.positions.reshape(-1, 512, 2, 3)
    centres = np.einsum("k,fnkc->fnc", masses / masses.sum(), places)
    assert np.abs(centres - centres[0]).max() < 1e-5  # frames are in single precision
    # Nor does any turn, those that the boundary cuts included.
    apart = atoms.positions[1::2] - atoms.positions[::2]
    assert (np.abs(apart).max(1) > EDGE / 2).any()
    bonds = places[:, :, 1] - places[:, :, 0]
    bonds -= np.rint(bonds / EDGE) * EDGE
    bonds /= np.linalg.norm(bonds, axis=-1, keepdims=True)
    np.testing.assert_allclose(bonds, np.broadcast_to(bonds[0], bonds.shape), atol=1e-3)


def test_a_negative_time_is_refused():
    from brine.errors import InputError

    with pytest.raises(InputError, match="bond_time_constant"):
        NVT(300.0, bond_time_constant=-1.0)
