"""Random walks: motion whose diffusion coefficient is known exactly."""

import numpy as np

from brine.structures.trajectory import Trajectory


def random_walk(rng, *, n_atoms, n_frames, coefficient=2.3, interval=100.0, edge=20.0):
    """Independent Gaussian walkers, D in 1e-9 m²/s, unwrapped in a constant cube."""
    step = np.sqrt(2 * coefficient * 1e-4 * interval)
    steps = rng.normal(scale=step, size=(n_frames, n_atoms, 3))
    return Trajectory(
        numbers=np.full(n_atoms, 8),
        masses=np.full(n_atoms, 16.0),
        positions=np.cumsum(steps, axis=0) + rng.uniform(0, edge, (n_atoms, 3)),
        cells=np.tile(edge * np.eye(3), (n_frames, 1, 1)),
        times=np.arange(n_frames) * interval,
        unwrapped=True,
    )
