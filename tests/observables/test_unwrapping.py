from dataclasses import replace

import numpy as np
import pytest
from walks import random_walk

from brine.errors import InputError
from brine.observables import self_diffusion, unwrapped_positions
from brine.structures.trajectory import Trajectory

SKEW = np.array([[9.0, 0.0, 0.0], [3.0, 8.0, 0.0], [-2.0, 2.5, 8.5]])


def constant_pressure_walk(*, n_atoms=40, n_frames=4000, breathing=0.01, seed=0):
    """Random walks of wrapped atoms in a skew box whose size fluctuates.

    The exact motion is known: in every step the atom moves by a Gaussian step and
    its wrapped position is then scaled with the box about the origin.
    """
    rng = np.random.default_rng(seed)
    scale = 1 + breathing * rng.normal(size=n_frames)
    cells = SKEW * scale[:, None, None]
    fractions = rng.uniform(size=(n_atoms, 3))
    steps = rng.normal(scale=0.2, size=(n_frames, n_atoms, 3))
    wrapped = np.empty((n_frames, n_atoms, 3))
    images = np.zeros((n_frames, n_atoms, 3))
    count = np.zeros((n_atoms, 3))
    for k in range(n_frames):
        fractions = fractions + steps[k] @ np.linalg.inv(cells[k])
        count = count + np.floor(fractions)
        fractions = fractions - np.floor(fractions)
        wrapped[k], images[k] = fractions @ cells[k], count
    trajectory = Trajectory(
        numbers=np.full(n_atoms, 8),
        masses=np.ones(n_atoms),
        positions=wrapped,
        cells=cells,
        times=np.arange(n_frames) * 10.0,
        unwrapped=False,
    )
    lattice = replace(trajectory, positions=wrapped + images @ cells, unwrapped=True)
    return trajectory, lattice


def test_wrapped_walk_in_a_skew_box_is_recovered():
    walk = random_walk(np.random.default_rng(1), n_atoms=20, n_frames=400)
    cells = np.tile(SKEW, (400, 1, 1))
    fractions = walk.positions @ np.linalg.inv(SKEW)
    wrapped = (fractions - np.floor(fractions)) @ SKEW

    found = unwrapped_positions(
        replace(walk, positions=wrapped, cells=cells, unwrapped=False)
    )

    expected = walk.positions - walk.positions[0]
    assert np.abs(expected).max() > 8
    np.testing.assert_allclose(found - found[0], expected, rtol=0, atol=1e-9)


def test_unwrapped_positions_in_a_constant_box_pass_through():
    walk = random_walk(np.random.default_rng(2), n_atoms=3, n_frames=50)
    assert unwrapped_positions(walk) is walk.positions


def test_trajectories_without_a_box_pass_through():
    walk = random_walk(np.random.default_rng(3), n_atoms=3, n_frames=50)
    bare = replace(walk, cells=np.zeros((50, 3, 3)), unwrapped=False)
    assert unwrapped_positions(bare) is walk.positions


def test_breathing_of_the_box_is_not_diffusion():
    """Lattice-vector unwrapping adds motion that grows with the images crossed."""
    wrapped, lattice = constant_pressure_walk()
    exact = 0.2**2 / 2 / 10.0 / 1e-4

    from_wrapped = self_diffusion(wrapped, species="O", drift="keep")
    from_lattice = self_diffusion(lattice, species="O", drift="keep")
    naive_steps = np.diff(lattice.positions, axis=0)[-500:].var()

    # The last 500 steps of the naive coordinates are much longer than the walk's.
    assert naive_steps > 1.5 * 0.2**2
    # Breathing itself, 1 % of 5 Å, adds a little to the cage, not to the slope.
    for found in (from_wrapped, from_lattice):
        assert abs(found.value - exact) < 3.5 * found.error
    np.testing.assert_allclose(
        unwrapped_positions(wrapped) - wrapped.positions[0],
        unwrapped_positions(lattice) - lattice.positions[0],
        rtol=0,
        atol=1e-8,
    )


def test_frames_too_far_apart_are_refused():
    rng = np.random.default_rng(4)
    walk = random_walk(rng, n_atoms=10, n_frames=50)
    scattered = replace(
        walk, positions=rng.uniform(0, 20, (50, 10, 3)), unwrapped=False
    )
    with pytest.raises(InputError, match="write frames more often"):
        unwrapped_positions(scattered)
