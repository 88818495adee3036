import numpy as np
import pytest
from ase import Atoms, units
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.md.verlet import VelocityVerlet
from ase.stress import full_3x3_to_voigt_6_stress

from brine.dynamics import NPT, NVE, NVT, MDSettings, force_field, lennard_jones, run_md
from brine.errors import InputError
from brine.units import BAR, BOLTZMANN


class NativeThroughASE(Calculator):
    """The native Lennard-Jones field, asked the slow way."""

    implemented_properties = ("energy", "forces", "stress")

    def __init__(self, field):
        super().__init__()
        self.field = field

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        cell = np.ascontiguousarray(atoms.cell.array)
        energy, forces, virial = self.field.compute(atoms.positions, cell, atoms.pbc)
        stress = full_3x3_to_voigt_6_stress(-virial / atoms.get_volume())
        self.results = {"energy": energy, "forces": forces, "stress": stress}


class WithoutStress(NativeThroughASE):
    implemented_properties = ("energy", "forces")


def argon(n_cells=3):
    atoms = bulk("Ar", "fcc", a=5.4, cubic=True).repeat(n_cells)
    atoms.rattle(0.1, seed=1)
    return atoms


def field():
    return lennard_jones(0.0104, 3.4, cutoff=7.0)


def test_an_ase_calculator_drives_the_same_motion_as_the_native_field():
    settings = MDSettings(NPT(90.0, 100.0), 100, timestep=4.0)
    native = run_md(argon(), field(), settings)
    through_ase = run_md(argon(), NativeThroughASE(field()), settings)
    moved = np.ptp(native.trajectory.positions, axis=0).max()
    assert moved > 0.5
    np.testing.assert_allclose(
        through_ase.final.positions, native.final.positions, rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(
        through_ase.log["pressure_bar"], native.log["pressure_bar"], rtol=1e-9
    )


def test_ase_velocity_verlet_takes_the_same_path():
    """ASE 3.29 `VelocityVerlet`, EMT copper, 2 fs, 50 steps."""
    atoms = bulk("Cu", cubic=True).repeat(2)
    rng = np.random.default_rng(0)
    momenta = rng.normal(size=(len(atoms), 3))
    atoms.set_momenta(momenta - momenta.mean(axis=0))
    ours = run_md(atoms, EMT(), MDSettings(NVE(), 50, timestep=2.0, interval=10))
    reference = atoms.copy()
    reference.calc = EMT()
    VelocityVerlet(reference, timestep=2.0 * units.fs).run(50)
    assert np.abs(reference.positions - atoms.positions).max() > 0.05
    # The two programs' values of the unit of time differ in the ninth digit.
    np.testing.assert_allclose(
        ours.final.positions, reference.positions, rtol=0, atol=1e-7
    )
    kinetic = reference.get_kinetic_energy()
    np.testing.assert_allclose(ours.log["kinetic_energy_eV"][-1], kinetic, rtol=1e-6)


@pytest.mark.parametrize("periodic", [True, False])
def test_lennard_jones_forces_are_the_slope_of_its_energy(periodic):
    atoms = argon(1)
    atoms.pbc = periodic
    cell, positions = atoms.cell.array, atoms.positions
    _, forces, _ = field().compute(positions, cell, atoms.pbc)
    assert np.abs(forces).max() > 0.001
    for atom, axis in ((0, 0), (2, 1), (3, 2)):
        energies = []
        for shift in (1e-4, -1e-4):
            moved = positions.copy()
            moved[atom, axis] += shift
            energies.append(field().compute(moved, cell, atoms.pbc)[0])
        slope = (energies[0] - energies[1]) / 2e-4
        np.testing.assert_allclose(forces[atom, axis], -slope, rtol=0, atol=1e-8)


def test_lennard_jones_virial_is_the_slope_along_every_strain():
    atoms = argon(1)
    cell, positions = atoms.cell.array, atoms.positions
    _, _, virial = field().compute(positions, cell, atoms.pbc)
    assert np.abs(virial).min() > 1e-5
    for a in range(3):
        for b in range(3):
            energies = []
            for size in (1e-5, -1e-5):
                strain = np.eye(3)
                strain[a, b] += size
                strained = np.ascontiguousarray(positions @ strain)
                rows = np.ascontiguousarray(cell @ strain)
                energies.append(field().compute(strained, rows, atoms.pbc)[0])
            slope = (energies[0] - energies[1]) / 2e-5
            np.testing.assert_allclose(virial[a, b], -slope, rtol=0, atol=1e-7)


def test_lennard_jones_well_is_that_of_another_program():
    """ASE's `LennardJones` times the smoothing factor (1 − r²/c²)³."""
    for distance in (3.3, 3.8, 5.0):
        pair = Atoms("Ar2", [[0, 0, 0], [distance, 0, 0]])
        energy = field().compute(pair.positions, np.zeros((3, 3)), pair.pbc)[0]
        pair.calc = LennardJones(epsilon=0.0104, sigma=3.4, rc=1e3, ro=1e3)
        factor = (1 - distance**2 / 49) ** 3
        expected = pair.get_potential_energy() * factor
        np.testing.assert_allclose(energy, expected, rtol=0, atol=1e-12)


def test_a_list_kept_while_the_cell_shrinks_misses_no_pair():
    """The field that has kept its neighbours and a fresh one agree at every size."""
    kept, atoms = field(), argon()
    rng = np.random.default_rng(0)
    for scale in np.linspace(1.0, 0.85, 31):
        atoms.set_cell(argon().cell * scale, scale_atoms=True)
        atoms.positions += rng.normal(scale=0.01, size=(len(atoms), 3))
        arguments = (atoms.positions, atoms.cell.array, atoms.pbc)
        energies = [f.compute(*arguments)[0] for f in (kept, field())]
        np.testing.assert_allclose(energies[0], energies[1], rtol=0, atol=1e-10)


def test_the_logged_pressure_holds_the_kinetic_part():
    """N kT/V minus a third of the trace of the stress."""
    log = run_md(argon(), field(), MDSettings(NVT(90.0), 0)).log
    atoms = argon()
    _, _, virial = field().compute(atoms.positions, atoms.cell.array, atoms.pbc)
    kinetic = len(atoms) * BOLTZMANN * 90.0
    expected = (kinetic + np.trace(virial) / 3) / atoms.get_volume() / BAR
    assert kinetic / atoms.get_volume() / BAR > 100
    np.testing.assert_allclose(log["pressure_bar"][0], expected, rtol=1e-9)


def test_constant_pressure_without_stress_is_refused():
    calculator = WithoutStress(field())
    with pytest.raises(InputError, match="must give a stress"):
        run_md(argon(), calculator, MDSettings(NPT(90.0), 10))
    run = run_md(argon(), calculator, MDSettings(NVT(90.0), 10, interval=5))
    assert np.isnan(run.log["pressure_bar"]).all()


def test_constant_pressure_without_a_cell_is_refused():
    atoms = Atoms("Ar2", [[0, 0, 0], [4, 0, 0]])
    with pytest.raises(InputError, match="must be NVE or NVT"):
        run_md(atoms, field(), MDSettings(NPT(90.0), 10))


def test_what_gives_no_forces_is_refused():
    with pytest.raises(InputError, match="must be a potential or an ASE calculator"):
        force_field(3.0, argon())


def test_an_error_of_a_calculator_comes_through():
    class Failing(NativeThroughASE):
        def calculate(self, *args, **keywords):
            raise RuntimeError("license expired")

    with pytest.raises(RuntimeError, match="license expired"):
        run_md(argon(), Failing(field()), MDSettings(NVT(90.0), 10))
