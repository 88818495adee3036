import re
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.data import chemical_symbols

from brine.errors import InputError, MissingPackageError
from brine.oracles import Conditions, SPCFw
from brine.oracles.aqueous_unwrapping import unwrapped
from brine.oracles.force_field import SITES
from brine.structures import broken_waters, build_box, rattle
from brine.testing.oracle import OracleTolerances, check_oracle
from brine.units import BAR, BOLTZMANN, COULOMB, KINETIC

KILOCALORIE = 4.184 / 96.48533212331


@pytest.fixture(scope="module")
def water():
    """64 waters off their minimum, as after packing."""
    rng = np.random.default_rng(7)
    return rattle(build_box({"H2O": 64}, density=1.0, rng=rng), deviation=0.05, rng=rng)


@pytest.fixture(scope="module")
def liquid(water):
    """Frames of the oracle's own dynamics, 0.5 ps after packing."""
    conditions = Conditions(300.0, 500.0, equilibration=500.0, seed=1)
    return SPCFw().simulate(water, conditions)


def test_labels_are_derivatives_of_the_energy_and_have_its_symmetries(water):
    """With a tight Ewald sum, whose energy does not jump at the cutoff.

    OpenMM adds in single precision: 1e-5 eV in the energy is 3 meV/Å and 10 bar in
    the differences; the second structure is labelled through replicas.
    """
    tolerances = OracleTolerances(
        energy=3e-4, forces=8e-3, stress=60 * BAR, strain=2e-3
    )
    triclinic = build_box({"H2O": 16}, density=0.9, rng=np.random.default_rng(3))
    shear = np.array([[1, 0, 0], [0.12, 1, 0], [-0.1, 0.15, 1]])
    triclinic.set_cell(triclinic.cell.array @ shear, scale_atoms=True)

    check_oracle(
        SPCFw(tolerance=2e-6), [water, triclinic], tolerances=tolerances, seed=2
    )


def test_default_labels_equal_those_of_a_tight_ewald_sum(water):
    loose, tight = SPCFw().label(water), SPCFw(tolerance=2e-6).label(water)

    assert loose.energy == pytest.approx(tight.energy, abs=5e-3)  # of 192 atoms
    np.testing.assert_allclose(loose.forces, tight.forces, rtol=0, atol=1e-3)
    np.testing.assert_allclose(loose.stress, tight.stress, rtol=0, atol=20 * BAR)


def test_a_molecule_alone_has_the_published_bond_and_angle_energies():
    """Exact: ½ k (r − r₀)² twice and ½ k (θ − θ₀)², in a box of 40 Å.

    What is left is the interaction with images, dipole²/L³ about 1e-4 eV, and the
    mean-field tail, 1e-6 eV.
    """
    geometries = [(1.012, 113.24), (1.062, 113.24), (1.012, 103.24)]
    energies = []
    for bond, angle in geometries:
        angle = np.radians(angle)
        positions = bond * np.array(
            [[0, 0, 0], [1, 0, 0], [np.cos(angle), np.sin(angle), 0]]
        )
        alone = Atoms("OHH", positions, cell=[40] * 3, pbc=True)
        energies.append(SPCFw(cutoff=9.0).label(alone).energy)

    stretch = 2 * 0.5 * 1059.162 * KILOCALORIE * 0.05**2
    bend = 0.5 * 75.90 * KILOCALORIE * np.radians(10.0) ** 2
    assert stretch > 0.1
    assert energies[1] - energies[0] == pytest.approx(stretch, abs=2e-4)
    assert energies[2] - energies[0] == pytest.approx(bend, abs=2e-4)


def test_two_molecules_have_the_published_pair_energy():
    """Exact: Lennard-Jones on oxygen plus nine Coulomb terms, both inside the cutoff.

    A box of 40 Å: interactions with images stay below 2e-4 eV.
    """
    angle = np.radians(113.24)
    one = 1.012 * np.array([[0, 0, 0], [1, 0, 0], [np.cos(angle), np.sin(angle), 0]])
    pair = np.concatenate([one, one + np.array([2.6, 0, 0])])
    both = Atoms("OHHOHH", pair, cell=[40] * 3, pbc=True)
    alone = both[:3]
    oracle = SPCFw(cutoff=9.0, tolerance=1e-5)
    energy = oracle.label(both).energy - 2 * oracle.label(alone).energy

    distances = np.linalg.norm(pair[:3, None] - pair[None, 3:], axis=-1)
    charges = np.array([-0.82, 0.41, 0.41])
    coulomb = COULOMB * (np.outer(charges, charges) / distances).sum()
    sixth = (3.165492 / distances[0, 0]) ** 6
    expected = coulomb + 4 * 0.1554253 * KILOCALORIE * (sixth**2 - sixth)

    assert abs(coulomb) > 0.1
    assert energy == pytest.approx(expected, abs=5e-4)


def test_a_box_and_its_replica_have_the_same_labels_per_box(water):
    """A 10 Å box, narrower than two cutoffs, against itself repeated by hand.

    The mean-field tail counts pairs as N(N + 1)/2, which the replica does not change
    as the narrow box is labelled through one.
    """
    small = build_box({"H2O": 32}, density=1.0, rng=np.random.default_rng(8))
    oracle = SPCFw()
    one, eight = oracle.label(small), oracle.label(small.repeat(2))

    assert eight.energy == pytest.approx(8 * one.energy, abs=1e-3)
    np.testing.assert_allclose(
        eight.forces, np.tile(one.forces, (8, 1)), rtol=0, atol=1e-4
    )
    np.testing.assert_allclose(eight.stress, one.stress, rtol=0, atol=2 * BAR)


def test_labels_of_a_dense_salt_are_derivatives_and_have_their_symmetries():
    """Ions of both signs and valences, in between the waters, by the same measure."""
    counts = {"Zn+2": 4, "H2O": 40, "Li+": 8, "Cl-": 16}
    salt = build_box(counts, density=1.3, rng=np.random.default_rng(4))
    mixed = salt[np.random.default_rng(5).permutation(len(salt))]
    tolerances = OracleTolerances(
        energy=3e-4, forces=8e-3, stress=60 * BAR, strain=2e-3
    )

    check_oracle(SPCFw(tolerance=2e-6), [mixed], tolerances=tolerances, seed=2)


def test_two_ions_have_the_published_pair_energy():
    """Exact: Lennard-Jones by Lorentz and Berthelot and one Coulomb term.

    In a box of 40 Å the images of the dipole qr add -2π q² r² / 3 L³ (tin foil).
    """
    energies, expected = [], []
    for r in (2.4, 2.9):
        pair = Atoms("NaCl", [[0, 0, 0], [r, 0, 0]], cell=[40] * 3, pbc=True)
        energies.append(SPCFw(cutoff=9.0, tolerance=1e-5).label(pair).energy)
        sixth = ((1.212 + 2.711) / r) ** 6
        epsilon = np.sqrt(0.3526418 * 0.0127850) * KILOCALORIE
        images = -2 * np.pi / 3 * COULOMB * r**2 / 40**3
        expected.append(epsilon * (sixth**2 - 2 * sixth) - COULOMB / r + images)

    assert expected[1] - expected[0] > 0.1
    assert energies[1] - energies[0] == pytest.approx(
        expected[1] - expected[0], abs=5e-4
    )


def test_parameters_of_ions_are_those_that_openmm_ships():
    """`amber14/spce.xml`: the published tables as another program read them."""
    from importlib.resources import files

    text = files("openmm.app").joinpath("data", "amber14", "spce.xml").read_text()
    found = re.findall(
        r'epsilon="(\S+)" sigma="(\S+)" type="spce_standard-([A-Z][a-z]?)\d?[+-]"', text
    )
    ours = {chemical_symbols[z]: site for z, site in SITES.items() if z not in (1, 8)}
    shared = {symbol: row for *row, symbol in found if symbol in ours}

    assert shared.keys() == ours.keys()
    for symbol, (epsilon, sigma) in shared.items():
        assert ours[symbol].epsilon * 4.184 == pytest.approx(float(epsilon), rel=1e-6)
        assert ours[symbol].sigma / 10 == pytest.approx(float(sigma), rel=1e-6)


def test_a_salt_runs_under_pressure_with_whole_waters_and_free_ions():
    counts = {"Na+": 6, "Cl-": 6, "H2O": 54}
    salt = build_box(counts, density=1.1, rng=np.random.default_rng(6))
    given = Conditions(
        400.0, 1000.0, pressure=1.0, equilibration=1000.0, interval=20.0, seed=3
    )
    run = SPCFw(cutoff=4.5).simulate(salt, given)
    trajectory = run.trajectory

    assert run.stopped is None
    assert np.array_equal(trajectory.numbers, salt.numbers)
    last = Atoms(
        trajectory.numbers,
        trajectory.positions[-1],
        cell=trajectory.cells[-1],
        pbc=True,
    )
    assert broken_waters(last) == []
    assert run.log["temperature_K"].mean() == pytest.approx(400.0, abs=25.0)
    assert np.abs(np.diff(trajectory.positions, axis=0)).max() < 2.0


def test_the_calculator_gives_the_labels_to_ase(water):
    oracle = SPCFw()
    atoms = water.copy()
    atoms.calc = oracle.calculator()
    labels = oracle.label(water)

    assert atoms.get_potential_energy() == pytest.approx(labels.energy, abs=1e-6)
    np.testing.assert_allclose(atoms.get_forces(), labels.forces, atol=1e-6)
    np.testing.assert_allclose(
        atoms.get_stress(voigt=False), labels.stress, atol=0.01 * BAR
    )


def test_dynamics_keeps_temperature_molecules_and_energy_in_bounds(liquid, water):
    """126 × 4.5 degrees of freedom: 300 K to 12 K an instant, 10 instants."""
    assert liquid.stopped is None
    assert len(liquid.trajectory) == 10
    assert liquid.trajectory.unwrapped
    np.testing.assert_array_equal(liquid.trajectory.numbers, water.numbers)
    np.testing.assert_allclose(liquid.trajectory.times, np.arange(1, 11) * 50.0)
    assert liquid.log["temperature_K"].mean() == pytest.approx(300, abs=40)
    last = Atoms(water.numbers, liquid.trajectory.positions[-1], cell=water.cell, pbc=1)
    assert broken_waters(last) == []
    label = SPCFw().label(last)
    assert label.energy == pytest.approx(
        liquid.log["potential_energy_eV"][-1], abs=5e-3
    )


def test_bonds_are_as_warm_as_the_liquid():
    """Without a bath they stay near 190 K; bathed at the wrong moment, near 340 K.

    The bond's rate of change between two steps is leapfrog's own velocity. The energy
    of each of 250 bonds is forgotten within 20 fs, and read every 20: a standard error
    of 300 K √(2/(250 × 400/20)) = 6 K.
    """
    water = build_box({"H2O": 125}, density=0.997, rng=np.random.default_rng(2))
    given = Conditions(
        300.0,
        400.0,
        equilibration=1000.0,
        interval=1.0,
        bond_time_constant=20.0,
        seed=3,
    )
    frames = SPCFw().simulate(water, given).trajectory.positions.reshape(-1, 125, 3, 3)
    mass = 15.999 * 1.008 / (15.999 + 1.008)
    length = np.linalg.norm(frames[:, :, 1:] - frames[:, :, :1], axis=-1)
    temperature = KINETIC * mass * np.mean(np.diff(length, axis=0) ** 2) / BOLTZMANN
    assert temperature == pytest.approx(300.0, abs=4 * 6)


def test_dynamics_repeats_itself_for_a_seed_in_any_order_of_atoms(water):
    order = np.random.default_rng(0).permutation(len(water))
    given = Conditions(300.0, 100.0, seed=4)
    first, again = (SPCFw().simulate(water, given).trajectory for _ in range(2))
    shuffled = SPCFw().simulate(water[order], given).trajectory

    np.testing.assert_array_equal(first.positions, again.positions)
    assert shuffled.positions.shape == first.positions.shape
    np.testing.assert_array_equal(shuffled.numbers, water.numbers[order])
    last = Atoms(water.numbers[order], shuffled.positions[-1], cell=water.cell, pbc=1)
    assert broken_waters(last) == []
    heavy = water.numbers[order] == 8
    np.testing.assert_allclose(shuffled.masses[heavy], 15.999)


def test_pressure_moves_the_volume_and_trajectories_stay_unwrapped(water):
    """At 20 kbar water shrinks; no atom moves more than thermally between frames."""
    given = Conditions(
        300.0, 1000.0, pressure=20_000.0, equilibration=1000.0, interval=20.0
    )
    run = SPCFw(cutoff=4.5).simulate(water, given)

    assert run.log["density_g_per_mL"][-1] > 1.1
    assert np.ptp(run.log["volume_A3"]) > 1.0
    assert np.abs(np.diff(run.trajectory.positions, axis=0)).max() < 2.0


@pytest.mark.parametrize("skew", [0.0, 2.0])
def test_unwrapping_undoes_wrapping(skew):
    """Exact in a constant cell: a free flight of 0.4 Å a frame, wrapped each frame."""
    cell = np.array([[9.0, 0, 0], [skew, 10, 0], [-skew, skew, 11]])
    water = np.array([[0, 0, 0], [1.0, 0, 0], [0, 1.0, 0]])
    flight = np.arange(200)[:, None, None] * np.array([0.3, -0.2, 0.1]) + water
    boxes = np.floor(flight[:, :1] @ np.linalg.inv(cell))
    wrapped = flight - boxes @ cell
    assert np.abs(np.diff(wrapped[:, 0], axis=0)).max() > 8

    path = unwrapped(wrapped, np.tile(cell, (200, 1, 1)), np.zeros(3, int))

    np.testing.assert_allclose(path, flight - boxes[0] @ cell, atol=1e-9)


def test_unwrapping_takes_images_on_the_lattice_of_their_own_frame():
    """A molecule at rest, put into the next box halfway: it comes back exactly."""
    lengths = 10 + 0.05 * np.sin(np.arange(50))
    water = np.array([[5.0, 5, 5], [6.0, 5, 5], [5.0, 6, 5]])
    frames = np.tile(water, (50, 1, 1))
    frames[25:] += lengths[25:, None, None]

    path = unwrapped(frames, lengths[:, None, None] * np.eye(3), np.zeros(3, int))

    np.testing.assert_allclose(path, np.tile(water, (50, 1, 1)), atol=1e-9)


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        (Atoms("OHH", [[0, 0, 0], [1, 0, 0], [0, 1, 0]]), "periodic in three"),
        (Atoms("Na", cell=[9] * 3, pbc=True), r"neutral box, got a charge of \+1 e"),
        (Atoms("Fe", cell=[9] * 3, pbc=True), r"atomic numbers \[26\]"),
        (Atoms("OH", [[0, 0, 0], [1, 0, 0]], cell=[9] * 3, pbc=True), "intact H2O"),
    ],
)
def test_what_is_not_a_box_of_water_is_refused(atoms, message):
    with pytest.raises(InputError, match=message):
        SPCFw().label(atoms)


def test_a_box_narrower_than_two_cutoffs_is_not_simulated():
    small = build_box({"H2O": 16}, density=1.0, rng=np.random.default_rng(0))

    with pytest.raises(InputError, match=r"wider than 2\.04 times the cutoff"):
        SPCFw().simulate(small, Conditions(300.0, 100.0))


@pytest.mark.parametrize(
    ("wishes", "message"),
    [
        ({"temperature": -1.0}, "`temperature` must be positive"),
        ({"interval": 0.1}, "`interval` must lie between"),
        ({"equilibration": -5.0}, "`equilibration`"),
    ],
)
def test_senseless_conditions_are_refused(wishes, message):
    with pytest.raises(InputError, match=message):
        Conditions(**{"temperature": 300.0, "duration": 100.0, **wishes})


def test_a_bath_without_time_is_refused():
    with pytest.raises(InputError, match="bond_time_constant"):
        Conditions(300.0, 100.0, bond_time_constant=0.0)


def test_the_fingerprint_tells_models_apart():
    assert SPCFw().fingerprint == SPCFw().fingerprint
    assert "OpenMM=" in SPCFw().fingerprint
    assert len({SPCFw(c, t).fingerprint for c in (5.5, 6) for t in (1e-4, 1e-5)}) == 4
    with pytest.raises(InputError, match="`cutoff`"):
        SPCFw(cutoff=1.0)


def test_a_missing_openmm_is_one_clear_sentence(monkeypatch, water):
    monkeypatch.setitem(sys.modules, "openmm", None)

    with pytest.raises(MissingPackageError, match="pip install openmm"):
        SPCFw().simulate(water, Conditions(300.0, 100.0))


def test_friction_may_go_on_after_the_equilibration():
    water_box = build_box({"H2O": 32}, density=1.0, rng=np.random.default_rng(0))
    conditions = Conditions(
        *(300.0, 200.0), equilibration=100.0, friction=1.0, interval=20.0
    )
    run = SPCFw(cutoff=4.0).simulate(water_box, conditions)

    assert run.stopped is None
    assert 200 < run.log["temperature_K"].mean() < 400
