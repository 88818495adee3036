from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, make_supercell

from brine.errors import InputError, ShapeError
from brine.observables import (
    coordination_number,
    radial_distribution,
    radial_distributions,
    trajectory_of,
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


def shells(rdf, distances):
    """Neighbours in the bin of each distance."""
    counts = np.diff(rdf.neighbours, prepend=0)
    return [counts[np.abs(rdf.r - d) < 1.5 * rdf.bin_width].sum() for d in distances]


@pytest.mark.parametrize("skewed", [False, True], ids=["cube", "skew"])
def test_rock_salt_has_its_shells(skewed):
    """NaCl, a = 5.64: Na-Cl 6 at a/2, 8 at a·√3/2; Na-Na 12 at a/√2, 6 at a."""
    a = 5.64
    crystal = bulk("NaCl", "rocksalt", a=a, cubic=True) * (3, 3, 3)
    if skewed:
        crystal = make_supercell(crystal, [[1, 0, 0], [1, 1, 0], [0, -1, 1]])
    crystal.positions += 0.123
    found = radial_distributions(trajectory_of([crystal]))

    assert shells(found["Na", "Cl"], [a / 2]) == [6]
    assert shells(found["Na", "Na"], [a / 2**0.5]) == [12]
    if not skewed:
        assert shells(found["Na", "Cl"], [a * 0.75**0.5]) == [8]
        assert shells(found["Cl", "Cl"], [a / 2**0.5, a]) == [12, 6]


def test_coordination_of_a_crystal_is_exact():
    crystal = bulk("NaCl", "rocksalt", a=5.64, cubic=True) * (3, 3, 3)
    rdf = radial_distribution(trajectory_of([crystal]), ("Na", "Cl"))

    assert rdf.first_peak.position.value == pytest.approx(2.82, abs=0.01)
    assert 2.9 < rdf.first_minimum.position.value < 4.8
    assert coordination_number(rdf).value == 6
    assert coordination_number(rdf, cutoff=4.0).value == 6
    assert np.isnan(coordination_number(rdf).error)


def test_reversed_pair_counts_from_the_other_side():
    trajectory = gas(5, 30, cell=10.0 * np.eye(3), numbers=[8] * 10 + [1] * 20)
    there = radial_distribution(trajectory, ("O", "H"))
    back = radial_distribution(trajectory, ("H", "O"))
    np.testing.assert_allclose(back.g, there.g)
    assert there.neighbours[-1] == pytest.approx(2 * back.neighbours[-1])
    np.testing.assert_allclose(there.reversed().neighbours, back.neighbours)


def test_breathing_box_of_an_ideal_gas_stays_flat():
    """Normalised with the mean volume instead, g would be 2.3 % too high."""
    rng = np.random.default_rng(5)
    scale = 1 + 0.05 * rng.normal(size=(3000, 1, 1)).clip(-2, 2)
    still = gas(3000, 40, cell=10.0 * np.eye(3), seed=6)
    breathing = replace(
        still, positions=still.positions * scale, cells=still.cells * scale
    )
    rdf = radial_distribution(breathing, ("O", "O"), r_max=4.4, n_bins=1)
    wrong = rdf.neighbours[-1] / 39 * np.linalg.det(breathing.cells).mean()
    wrong /= 4 / 3 * np.pi * 4.4**3

    assert rdf.error[0] < 0.004
    assert abs(rdf.g[0] - 1) < 4 * rdf.error[0]
    assert abs(wrong - 1) > 4 * rdf.error[0]


def test_reflection_and_lattice_wrap_change_nothing():
    trajectory = gas(3, 300, cell=TRICLINIC * 2, numbers=[8] * 100 + [1] * 200)
    rng = np.random.default_rng(2)
    shifts = rng.integers(-3, 4, size=trajectory.positions.shape)
    moved = replace(
        trajectory, positions=trajectory.positions + shifts @ (TRICLINIC * 2)
    )
    mirror = np.diag([1.0, -1.0, 1.0])
    mirrored = replace(
        trajectory,
        positions=trajectory.positions @ mirror,
        cells=trajectory.cells @ mirror,
    )
    expected = radial_distribution(trajectory, ("O", "H"), n_bins=50).neighbours
    assert expected[-1] > 1
    for other in (moved, mirrored):
        found = radial_distribution(other, ("O", "H"), n_bins=50).neighbours
        # Rounding may move a pair across the edge of a bin: 1/300 of a neighbour.
        np.testing.assert_allclose(found, expected, rtol=0, atol=0.02)


def test_pairs_within_molecules_can_be_left_out():
    rng = np.random.default_rng(3)
    oxygens = rng.uniform(0, 12, size=(50, 40, 1, 3))
    arms = np.array([[0, 0, 0], [0.95, 0, 0], [0, 0.95, 0]])
    trajectory = gas(50, 120, cell=12.0 * np.eye(3), numbers=[8, 1, 1] * 40)
    trajectory = replace(trajectory, positions=(oxygens + arms).reshape(50, 120, 3))
    labels = np.repeat(np.arange(40), 3)

    everything = radial_distribution(trajectory, ("O", "H"))
    between = radial_distribution(trajectory, ("O", "H"), molecules=labels)

    assert everything.first_peak.position.value == pytest.approx(0.95, abs=0.01)
    extra = everything.neighbours - between.neighbours
    assert extra[-1] == pytest.approx(2)
    assert np.mean(between.g[100:]) == pytest.approx(1, abs=0.03)


def liquid_like(r, *, position, height):
    """A g(r) with an asymmetric first peak, a minimum at 3.4 Å, a second peak."""
    rise = np.where(r < position, 0.12, 0.22)
    first = height * np.exp(-0.5 * ((r - position) / rise) ** 2)
    later = 1 + 0.12 * np.exp(-0.5 * ((r - 4.5) / 0.4) ** 2)
    return first + later / (1 + np.exp(-(r - 3.45) / 0.1))


@pytest.mark.parametrize("noise", [0.0, 0.03])
def test_first_peak_is_found_through_noise(noise):
    """Within 0.015 Å and 1.5 %, less than what a verdict allows."""
    rng = np.random.default_rng(4)
    trajectory = gas(2, 10, cell=16.0 * np.eye(3))
    rdf = radial_distribution(trajectory, ("O", "O"))
    blocks = liquid_like(rdf.r, position=2.8, height=2.5) + (
        noise * 10**0.5 * rng.normal(size=(10, len(rdf.r)))
    )
    rdf = replace(
        rdf,
        g=blocks.mean(axis=0),
        error=blocks.std(axis=0, ddof=1) / 10**0.5,
        block_g=blocks,
        block_neighbours=np.cumsum(blocks, axis=1),
    )

    position, height = rdf.first_peak

    assert position.value == pytest.approx(2.8, abs=0.015)
    assert height.value == pytest.approx(2.5, rel=0.015)
    assert (1e-3 < height.error < 0.04) == (noise > 0)
    assert rdf.first_minimum.position.value == pytest.approx(3.25, abs=0.12)


def test_requests_beyond_the_box_are_refused():
    trajectory = gas(2, 20, cell=TRICLINIC)
    half = 0.5 / np.linalg.norm(np.linalg.inv(TRICLINIC), axis=0).max()
    assert radial_distribution(trajectory, ("O", "O"), r_max=half).r[-1] < half
    with pytest.raises(InputError, match=f"at most {half:.4f} Å, half the smallest"):
        radial_distribution(trajectory, ("O", "O"), r_max=half * 1.01)
    with pytest.raises(InputError, match=r"trajectory \(O\), got 'Zn'"):
        radial_distribution(trajectory, ("O", "Zn"))
    with pytest.raises(InputError, match="at least one pair"):
        radial_distribution(gas(2, 1, cell=TRICLINIC), ("O", "O"))
    with pytest.raises(InputError, match="periodic in three directions"):
        radial_distribution(replace(trajectory, cells=np.zeros((2, 3, 3))), ("O", "O"))
    with pytest.raises(ShapeError, match="one label per atom"):
        radial_distribution(trajectory, ("O", "O"), molecules=np.zeros(3, int))
    with pytest.raises(InputError, match="`cutoff` must lie in"):
        coordination_number(radial_distribution(trajectory, ("O", "O")), cutoff=99)
