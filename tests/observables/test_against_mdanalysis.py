"""Another program's numbers: MDAnalysis, InterRDF and EinsteinMSD as shipped."""

import numpy as np
import pytest
from walks import random_walk

from brine.observables import mean_squared_displacement, radial_distribution
from brine.structures.trajectory import Trajectory

mda = pytest.importorskip("MDAnalysis")
pytestmark = pytest.mark.filterwarnings("ignore")


def universe_of(trajectory):
    from MDAnalysis.coordinates.memory import MemoryReader

    n_atoms = len(trajectory.numbers)
    universe = mda.Universe.empty(n_atoms, trajectory=True)
    lengths = np.linalg.norm(trajectory.cells, axis=2)
    universe.load_new(
        trajectory.positions.astype(np.float32),
        format=MemoryReader,
        dimensions=np.hstack([lengths, np.full(lengths.shape, 90.0)]),
    )
    return universe


def test_g_of_r_equals_that_of_interrdf():
    """InterRDF, 40 bins to 5 Å, its pair count N² in place of our N (N - 1)."""
    from MDAnalysis.analysis.rdf import InterRDF

    rng = np.random.default_rng(0)
    scale = 1 + 0.02 * rng.normal(size=20)
    cells = 12.0 * scale[:, None, None] * np.eye(3)
    trajectory = Trajectory(
        numbers=np.full(100, 8),
        masses=np.ones(100),
        positions=rng.uniform(size=(20, 100, 3)) @ cells,
        cells=cells,
        times=np.arange(20.0),
        unwrapped=False,
    )
    atoms = universe_of(trajectory).atoms
    peer = InterRDF(atoms, atoms, nbins=40, range=(0.0, 5.0), exclusion_block=(1, 1))
    peer.run()
    ours = radial_distribution(trajectory, ("O", "O"), r_max=5.0, n_bins=40)

    counts = np.diff(ours.neighbours, prepend=0) * 100 * 20
    assert counts.sum() > 10000
    # Single precision moves a few of 50000 pairs across the edge of a bin.
    assert np.abs(counts - peer.results.count).sum() <= 10
    # InterRDF divides by the mean volume, ours frame by frame: 2 % · 2 % · 9.
    np.testing.assert_allclose(ours.g[8:], peer.results.rdf[8:], rtol=0.02)


def test_mean_squared_displacement_equals_that_of_einsteinmsd():
    """EinsteinMSD, xyz, fft=False; it reads single-precision positions."""
    from MDAnalysis.analysis.msd import EinsteinMSD

    walk = random_walk(np.random.default_rng(1), n_atoms=10, n_frames=80)
    peer = EinsteinMSD(universe_of(walk), select="all", msd_type="xyz", fft=False)
    peer.run()

    ours = mean_squared_displacement(walk.positions)

    assert ours[-1] > 10
    np.testing.assert_allclose(ours, peer.results.timeseries, rtol=0, atol=2e-4)
