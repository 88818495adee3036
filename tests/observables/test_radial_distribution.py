import numpy as np
import pytest

from brine.observables import (
    radial_distribution,
    radial_distributions,
)
from brine.structures.neighbours import neighbour_pairs
from brine.structures.trajectory import Trajectory

TRICLINIC = np.array([[9.0, 0.0, 0.0], [2.5, 8.0, 0.0], [-1.5, 2.0, 8.5]])


def gas(n_frames, n_atoms, *, cell, seed=0, numbers=None):
    """An ideal gas: independent uniform positions in a triclinic or cubic box."""
    rng = np.random.default_rng(seed)
    cells = np.broadcast_to(cell, (n_frames, 3, 3)).copy()
    fractions = rng.uniform(size=(n_frames, n_atoms, 3))
    return Trajectory(
        numbers=np.full(n_atoms, 8) if numbers is None else np.asarray(numbers),
        masses=np.ones(n_atoms),
        positions=fractions @ cells,
        cells=cells,
        times=np.arange(n_frames, dtype=float),
        unwrapped=False,
    )


def trajectory_of(atoms):
    return Trajectory(
        numbers=atoms.numbers,
        masses=atoms.get_masses(),
        positions=atoms.positions[None],
        cells=atoms.cell.array[None],
        times=np.zeros(1),
        unwrapped=False,
    )


@pytest.mark.parametrize("cell", [10.0 * np.eye(3), TRICLINIC], ids=["cube", "skew"])
def test_ideal_gas_has_no_structure(cell):
    trajectory = gas(400, 60, cell=cell, numbers=[8] * 20 + [1] * 40)

    for rdf in radial_distributions(trajectory, n_bins=20).values():
        deviation = (rdf.g[3:] - 1) / rdf.error[3:]
        # 17 bins: the mean square of Student-t (9) deviates is 9/7 ± 0.6.
        assert np.abs(rdf.g[3:] - 1).max() > 0
        assert np.mean(deviation**2) < 3.1


@pytest.mark.parametrize("n_atoms", [7, 200, 2000])
def test_counts_equal_those_of_the_neighbour_list(n_atoms):
    """Small boxes use all pairs, large ones cells; both count every pair once."""
    trajectory = gas(1, n_atoms, cell=TRICLINIC * (n_atoms / 7) ** (1 / 3), seed=1)
    from ase import Atoms

    atoms = Atoms(
        trajectory.numbers,
        trajectory.positions[0],
        cell=trajectory.cells[0],
        pbc=True,
    )
    r_max = 2.5
    rdf = radial_distribution(trajectory, ("O", "O"), r_max=r_max, n_bins=25)
    distances = neighbour_pairs(atoms, r_max).distances
    expected = np.histogram(distances, bins=25, range=(0, r_max))[0]

    assert expected.sum() > 0
    # Single precision may move a pair across the edge of a bin.
    found = np.diff(rdf.neighbours, prepend=0) * n_atoms
    assert np.abs(found - expected).sum() <= 4
    assert found.sum() == pytest.approx(expected.sum(), abs=2)
