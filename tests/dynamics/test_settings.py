import numpy as np
import pytest
from ase import Atoms

from brine.dynamics import (
    NPT,
    NVE,
    NVT,
    MDSettings,
    Ramp,
    ideal_gas,
    maxwell_boltzmann,
    no_guards,
    run_md,
    transport_objections,
)
from brine.dynamics.engine import start_state
from brine.errors import InputError
from brine.units import BOLTZMANN, KINETIC


def gas(n_atoms=50):
    rng = np.random.default_rng(0)
    positions = rng.uniform(0, 20, (n_atoms, 3))
    return Atoms(f"Ar{n_atoms}", positions, cell=[20] * 3, pbc=True)


def test_starting_velocities_have_no_momentum_and_the_exact_temperature():
    masses = np.array([1.0, 2.0, 16.0, 35.5] * 20)
    rng = np.random.default_rng(0)
    velocities = maxwell_boltzmann(masses, 310.0, rng=rng)
    energy = 0.5 * KINETIC * (masses @ np.square(velocities).sum(axis=1))
    assert np.abs(velocities).max() > 1e-3
    np.testing.assert_allclose(masses @ velocities, 0, rtol=0, atol=1e-12)
    expected = 0.5 * 237 * BOLTZMANN * 310.0
    np.testing.assert_allclose(energy, expected, rtol=1e-12)


def test_light_atoms_start_as_hot_as_heavy_ones():
    masses = np.repeat([1.0, 100.0], 5000)
    velocities = maxwell_boltzmann(masses, 300.0, rng=np.random.default_rng(0))
    energies = masses * np.square(velocities).sum(axis=1)
    ratio = energies[:5000].mean() / energies[5000:].mean()
    # Standard error of the ratio: sqrt(2 · 2/3 / 5000).
    np.testing.assert_allclose(ratio, 1.0, rtol=0, atol=4 * 0.0163)


def test_momenta_that_atoms_carry_are_kept_and_the_centre_comes_to_rest():
    atoms = gas()
    momenta = np.random.default_rng(1).normal(size=(50, 3))
    atoms.set_momenta(momenta + np.array([5.0, 0, 0]))
    final = run_md(atoms, ideal_gas(50), MDSettings(NVE(), 10)).final
    expected = momenta - momenta.mean(axis=0)
    np.testing.assert_allclose(final.get_momenta(), expected, rtol=0, atol=1e-10)


def test_the_same_seed_gives_the_same_run_and_another_seed_another():
    first, second, third = (
        run_md(gas(), ideal_gas(50), MDSettings(NVT(300.0), 200, seed=seed))
        for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first.final.positions, second.final.positions)
    assert np.abs(first.final.positions - third.final.positions).max() > 0.1


def test_deuterium_moves_slower_by_the_root_of_its_mass():
    atoms = Atoms("H40", np.random.default_rng(0).uniform(0, 9, (40, 3)), cell=[9] * 3)
    atoms.pbc = True
    speeds = []
    for masses in (None, np.full(40, 2.014)):
        settings = MDSettings(NVE(300.0), 100, masses=masses, guards=no_guards())
        trajectory = run_md(atoms, ideal_gas(40), settings).trajectory
        moved = trajectory.positions[-1] - trajectory.positions[0]
        speeds.append(np.sqrt(np.square(moved).mean()))
    # Single precision of the positions.
    ratio = speeds[0] / speeds[1]
    np.testing.assert_allclose(ratio, np.sqrt(2.014 / 1.008), rtol=1e-5)


def test_progress_names_its_numbers_and_ends_at_one():
    told = []
    run_md(
        gas(),
        ideal_gas(50),
        MDSettings(NVT(300.0), 500),
        report=lambda task, numbers: told.append((task, dict(numbers))),
    )
    task, numbers = told[-1]
    assert task == "md"
    assert numbers["done"] == 1.0
    assert numbers["ns_per_day"] > 0
    assert {"temperature_K", "density_g_per_mL", "time_left_s"} <= set(numbers)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: NVT(-1.0), "`temperature` must be finite and not negative"),
        (lambda: NVT(300.0, "nose"), "`thermostat` must be 'svr' or 'langevin'"),
        (lambda: NVT(300.0, time_constant=0.0), "`time_constant` must be positive"),
        (lambda: NPT(300.0, compressibility=-1.0), "`compressibility` must be"),
        (lambda: NPT(300.0, barostat_interval=0), "at least one step"),
        (lambda: MDSettings(NVE(), 10, timestep=0.0), "`timestep` must be positive"),
        (lambda: MDSettings(NVE(), -1), "`n_steps` must lie between 0 and"),
        (lambda: MDSettings(NVE(), 1, centre_of_mass="up"), "'fixed' or 'free'"),
    ],
)
def test_what_cannot_be_run_is_refused_before_it_runs(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_masses_of_other_atoms_are_refused():
    settings = MDSettings(NVE(), 1, masses=[1.0, 2.0])
    with pytest.raises(InputError, match="one for each of 50 atoms, got 2"):
        run_md(gas(), ideal_gas(50), settings)


def test_strong_friction_forbids_diffusion_and_weak_friction_does_not():
    strong, weak = NVT(300.0, "langevin", 20.0), NVT(300.0, "langevin", 10_000.0)
    (objection,) = transport_objections(strong)
    assert "friction of 50 per ps slows diffusion" in objection
    assert transport_objections(weak) == ()


def test_rescaling_and_constant_energy_leave_the_dynamics_alone():
    for ensemble in (NVE(), NVT(300.0), NPT(300.0)):
        assert transport_objections(ensemble) == ()


def test_a_ramp_and_changed_masses_forbid_diffusion():
    numbers = np.array([8, 1, 1])
    natural, heavy = np.array([15.999, 1.008, 1.008]), np.array([15.999, 2.014, 2.014])
    assert transport_objections(NVE(), numbers=numbers, masses=natural) == ()
    (objection,) = transport_objections(NVE(), numbers=numbers, masses=heavy)
    assert "2 atoms do not have their natural mass" in objection
    (objection,) = transport_objections(NVT(Ramp(300.0, 400.0)))
    assert "changes from 300 to 400 K" in objection


def test_atoms_on_top_of_each_other_are_named():
    """Across a boundary of the cell too."""
    atoms = Atoms("Ar3", [(0, 0, 0), (5, 5, 5), (9.95, 0, 0)], cell=[10] * 3, pbc=True)
    with pytest.raises(
        InputError, match=r"0 and 2 are 0.05 Å from each other \(1 such"
    ):
        start_state(atoms, MDSettings(NVE(0.0), n_steps=1))
