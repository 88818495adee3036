"""What any integrator must satisfy, as a suite to inherit from.

>>> class TestMine(IntegratorContract):
...     def simulate(self, atoms, field, settings):
...         return my_engine(atoms, field, settings)

Every check is against something exact: mechanics, or the canonical and
isobaric-isothermal laws of systems that can be solved. Statistics are judged in
standard errors found by blocks, and a check whose standard error is too large to find
a fault fails.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from numpy.typing import NDArray

from brine.dynamics import (
    NPT,
    NVE,
    NVT,
    MDSettings,
    harmonic,
    ideal_gas,
    lennard_jones,
    maxwell_boltzmann,
    no_guards,
)
from brine.native import _native
from brine.structures.simulation import Simulation
from brine.units import BAR, BOLTZMANN, KINETIC

SIGMAS = 4.0
"""A right integrator fails one such check in 16,000."""


class Mean(NamedTuple):
    """The mean of a correlated series and its standard error."""

    value: float
    error: float

    def assert_equals(self, expected: float, *, within: float) -> None:
        """`expected` lies within `SIGMAS` errors, themselves below a fraction `within`.

        Raises
        ------
        AssertionError
            The mean is wrong, or known too poorly to tell.
        """
        assert self.error < within * abs(expected), (
            f"standard error {self.error:.3g} is too large to judge {expected:.5g}"
        )
        deviation = (self.value - expected) / self.error
        assert abs(deviation) < SIGMAS, (
            f"{self.value:.6g} ± {self.error:.2g} is {deviation:+.1f} standard errors "
            f"from {expected:.6g}"
        )


def block_mean(series: NDArray[np.float64], *, n_blocks: int = 25) -> Mean:
    """Mean and standard error of `series` from `n_blocks` blocks, its first tenth cut.

    Parameters
    ----------
    series : (n_samples,) array
    n_blocks : int
    """
    rest = series[len(series) // 10 :]
    size = len(rest) // n_blocks
    blocks = rest[: size * n_blocks].reshape(n_blocks, size).mean(axis=1)
    return Mean(float(blocks.mean()), float(blocks.std(ddof=1) / np.sqrt(n_blocks)))


@dataclass(frozen=True)
class Solid:
    """Atoms on springs of their own, at one temperature."""

    atoms: Atoms
    field: _native.ForceField
    stiffness: float


def springs(n_atoms: int, *, temperature: float) -> Solid:
    """Carbon atoms on springs of period 220 fs, positions drawn from the exact law."""
    rng = np.random.default_rng(1)
    stiffness = 1.0
    anchors = rng.uniform(0, 30, size=(n_atoms, 3))
    spread = np.sqrt(BOLTZMANN * temperature / stiffness)
    atoms = Atoms(
        f"C{n_atoms}", positions=anchors + spread * rng.normal(size=(n_atoms, 3))
    )
    return Solid(atoms, harmonic(anchors, stiffness), stiffness)


def argon(n_cells: int, *, lattice: float) -> tuple[Atoms, _native.ForceField]:
    """Lennard-Jones argon, displaced from an fcc lattice."""
    atoms = bulk("Ar", "fcc", a=lattice, cubic=True).repeat(n_cells)
    atoms.rattle(0.1, seed=3)
    return atoms, lennard_jones(0.0104, 3.4, cutoff=7.5)


class IntegratorContract(ABC):
    """Inherit and give `simulate`."""

    @abstractmethod
    def simulate(
        self, atoms: Atoms, field: _native.ForceField, settings: MDSettings
    ) -> Simulation:
        """Run `settings` on `atoms` under `field`."""

    def test_free_atoms_fly_straight(self) -> None:
        """Exact: r(t) = r(0) + v t."""
        rng = np.random.default_rng(0)
        atoms = Atoms(
            "Ar8", positions=rng.uniform(0, 9, (8, 3)), cell=[9] * 3, pbc=True
        )
        velocities = _put_in_motion(atoms, 300.0)
        settings = MDSettings(NVE(), 100, timestep=2.0, interval=10, guards=no_guards())

        trajectory = self.simulate(atoms, ideal_gas(8), settings).trajectory

        expected = atoms.positions + velocities * trajectory.times[:, None, None]
        assert np.abs(velocities).max() * 200 > 0.5
        # Single precision of the trajectory at 10 Å.
        np.testing.assert_allclose(trajectory.positions, expected, rtol=0, atol=2e-6)

    def test_motion_is_time_reversible(self) -> None:
        """Velocities turned round lead back to the start, to rounding."""
        atoms, field = argon(3, lattice=5.5)
        _put_in_motion(atoms, 120.0)
        settings = MDSettings(NVE(), 200, timestep=4.0, guards=no_guards())

        there = self.simulate(atoms, field, settings).final
        assert there is not None
        moved = np.abs(there.positions - atoms.positions).max()
        there.set_momenta(-there.get_momenta())
        back = self.simulate(there, field, settings).final

        assert back is not None
        assert moved > 0.5
        np.testing.assert_allclose(back.positions, atoms.positions, rtol=0, atol=1e-8)

    def test_energy_error_falls_with_the_square_of_the_timestep(self) -> None:
        """Second order: half the timestep, a quarter of the error."""
        atoms, field = argon(3, lattice=5.5)
        _put_in_motion(atoms, 120.0)
        errors = []
        for timestep in (8.0, 4.0, 2.0):
            settings = MDSettings(
                NVE(), int(1600 / timestep), timestep=timestep, interval=1
            )
            settings = replace(settings, guards=no_guards())
            log = self.simulate(atoms, field, settings).log
            energy = log["potential_energy_eV"] + log["kinetic_energy_eV"]
            errors.append(np.std(energy))

        assert errors[0] > 1e-6
        orders = np.log2(np.divide(errors[:-1], errors[1:]))
        np.testing.assert_allclose(orders, 2.0, rtol=0, atol=0.15)

    @pytest.mark.parametrize(
        "ensemble",
        [NVT(90.0), NVT(90.0, "langevin", 500.0), NPT(90.0, 50.0)],
        ids=["svr", "langevin", "npt"],
    )
    def test_total_momentum_stays_zero(self, ensemble: NVT | NPT) -> None:
        """The thermostat must not push the liquid as a whole, even within a step."""
        atoms, field = argon(3, lattice=5.5)
        settings = MDSettings(ensemble, 300, timestep=4.0, guards=no_guards())

        final = self.simulate(atoms, field, settings).final

        assert final is not None
        typical = np.abs(final.get_momenta()).max()
        assert typical > 0.1
        momentum = final.get_momenta().sum(axis=0)
        np.testing.assert_allclose(momentum, 0, rtol=0, atol=1e-10 * typical)
        # All masses are equal; in fractions of the cell, as the cell may change.
        centres = [
            np.linalg.solve(a.cell.T, a.positions.mean(0)) for a in (atoms, final)
        ]
        np.testing.assert_allclose(centres[1], centres[0], rtol=0, atol=1e-10)

    @pytest.mark.parametrize(
        "ensemble",
        [NVT(90.0), NVT(90.0, "langevin", 500.0), NPT(90.0, 50.0)],
        ids=["svr", "langevin", "npt"],
    )
    def test_conserved_energy_counts_what_the_baths_give(
        self, ensemble: NVT | NPT
    ) -> None:
        """The energy changes freely, what remains after the baths hardly does."""
        atoms, field = argon(3, lattice=5.5)
        settings = MDSettings(ensemble, 2000, timestep=2.0, guards=no_guards())

        log = self.simulate(atoms, field, settings).log

        energy = log["potential_energy_eV"] + log["kinetic_energy_eV"]
        assert np.ptp(energy) > 0.2
        assert np.ptp(log["conserved_energy_eV"]) < 0.03 * np.ptp(energy)

    @pytest.mark.parametrize("centre", ["fixed", "free"])
    def test_breathing_ideal_gas_keeps_its_conserved_energy(
        self, centre: Literal["fixed", "free"]
    ) -> None:
        """Nothing is integrated but the baths: they account for all to 0.05 kT."""
        atoms = _gas(20, temperature=300.0, pressure=100.0)
        ensemble = NPT(300.0, 100.0, 50.0, 200.0, 1 / 100.0, 1)
        settings = MDSettings(ensemble, 4000, timestep=0.25, guards=no_guards())
        settings = replace(settings, centre_of_mass=centre)

        log = self.simulate(atoms, ideal_gas(20), settings).log

        kt = BOLTZMANN * 300.0
        assert 0.5 * np.ptp(np.log(log["volume_A3"])) > 0.2
        assert np.ptp(log["kinetic_energy_eV"]) > 10 * kt
        assert np.ptp(log["conserved_energy_eV"]) < 0.05 * kt

    def test_ramp_carries_the_temperature_along(self) -> None:
        """The temperature follows a slow ramp from start to end."""
        solid = springs(60, temperature=100.0)
        settings = MDSettings(
            NVT((100.0, 500.0), time_constant=50.0), 10000, timestep=5.0, interval=10
        )
        settings = replace(settings, guards=no_guards(), centre_of_mass="free")

        log = self.simulate(solid.atoms, solid.field, settings).log

        wanted = 100 + 400 * log["time_fs"] / log["time_fs"][-1]
        ratio = block_mean(log["temperature_K"] / wanted)
        ratio.assert_equals(1.0, within=0.02)

    @pytest.mark.slow
    def test_langevin_springs_have_the_canonical_width(self) -> None:
        """Exact at any timestep: <x²> = kT/k, and <x⁴> = 3 <x²>²."""
        solid = springs(60, temperature=300.0)
        settings = MDSettings(
            NVT(300.0, "langevin", 100.0), 200_000, timestep=15.0, interval=20
        )
        settings = replace(settings, guards=no_guards(), centre_of_mass="free")

        simulation = self.simulate(solid.atoms, solid.field, settings)

        expected = BOLTZMANN * 300 / solid.stiffness
        energy = simulation.log["potential_energy_eV"]
        width = block_mean(2 * energy / solid.stiffness / 180)
        width.assert_equals(expected, within=0.002)
        spread = block_mean(np.square(energy - 90 * BOLTZMANN * 300))
        spread.assert_equals(90 * (BOLTZMANN * 300) ** 2, within=0.05)

    @pytest.mark.slow
    def test_rescaled_springs_have_the_canonical_width(self) -> None:
        """Exact: <x²> = kT/k (virial theorem) up to (ω dt)²/4 of the timestep."""
        solid = springs(60, temperature=300.0)
        settings = MDSettings(
            NVT(300.0, "svr", 100.0), 200_000, timestep=1.0, interval=20
        )
        settings = replace(settings, guards=no_guards(), centre_of_mass="free")

        log = self.simulate(solid.atoms, solid.field, settings).log

        width = block_mean(2 * log["potential_energy_eV"] / solid.stiffness / 180)
        width.assert_equals(BOLTZMANN * 300 / solid.stiffness, within=0.01)

    @pytest.mark.slow
    @pytest.mark.parametrize(
        "ensemble",
        [NVT(120.0, "svr", 100.0), NVT(120.0, "langevin", 200.0)],
        ids=["svr", "langevin"],
    )
    def test_temperature_has_the_canonical_mean_and_fluctuation(
        self, ensemble: NVT
    ) -> None:
        """Exact: <T> = T₀ and var T = 2 T₀²/(3N − 3), for a liquid."""
        atoms, field = argon(2, lattice=5.6)
        settings = MDSettings(ensemble, 80_000, timestep=4.0, interval=10)
        settings = replace(settings, guards=no_guards())

        found = self.simulate(atoms, field, settings).log["temperature_K"]

        block_mean(found).assert_equals(120.0, within=0.005)
        variance = block_mean(np.square(found - 120.0))
        variance.assert_equals(2 * 120.0**2 / (3 * len(atoms) - 3), within=0.05)

    @pytest.mark.slow
    @pytest.mark.parametrize("centre", ["fixed", "free"])
    def test_ideal_gas_has_the_exact_law_of_volumes(
        self, centre: Literal["fixed", "free"]
    ) -> None:
        """Exact: V is gamma distributed with shape N + 1 and scale kT/P."""
        n_atoms, pressure = 20, 100.0
        scale = BOLTZMANN * 300.0 / (pressure * BAR)
        atoms = _gas(n_atoms, temperature=300.0, pressure=pressure)
        ensemble = NPT(300.0, pressure, 50.0, 200.0, 1 / pressure, 1)
        settings = MDSettings(ensemble, 1_500_000, timestep=2.0, interval=50)
        settings = replace(settings, guards=no_guards(), centre_of_mass=centre)

        log = self.simulate(atoms, ideal_gas(n_atoms), settings).log

        mean = (n_atoms + 1) * scale
        block_mean(log["volume_A3"]).assert_equals(mean, within=0.01)
        variance = block_mean(np.square(log["volume_A3"] - mean))
        variance.assert_equals((n_atoms + 1) * scale**2, within=0.05)

    @pytest.mark.slow
    def test_liquid_settles_at_its_pressure_and_breathes_as_it_yields(self) -> None:
        """<P> = P₀, and var V / kT = −d<V>/dP (fluctuation and response)."""
        atoms, field = argon(2, lattice=5.3)
        pressures, volumes, variances = (1200.0, 1500.0, 1800.0), [], []
        for pressure in pressures:
            ensemble = NPT(120.0, pressure, 100.0, 300.0, 1e-4, 5)
            settings = MDSettings(ensemble, 100_000, timestep=5.0, interval=10)
            settings = replace(settings, guards=no_guards())
            log = self.simulate(atoms, field, settings).log
            found = block_mean(log["pressure_bar"])
            found.assert_equals(pressure, within=0.01)
            volume = log["volume_A3"]
            volumes.append(block_mean(volume))
            variances.append(block_mean(np.square(volume - volumes[-1].value)))
        first, middle, last = volumes
        response = Mean(first.value - last.value, np.hypot(first.error, last.error))
        kt = BOLTZMANN * 120.0
        fluctuation = (pressures[-1] - pressures[0]) * BAR / kt * variances[1].value
        relative = np.hypot(
            response.error / response.value, variances[1].error / variances[1].value
        )
        ratio = Mean(
            response.value / fluctuation, relative * response.value / fluctuation
        )
        assert middle.value < first.value
        ratio.assert_equals(1.0, within=0.1)

    @pytest.mark.slow
    def test_energy_does_not_drift(self) -> None:
        """Velocity Verlet keeps the energy for as long as one looks."""
        atoms, field = argon(2, lattice=5.5)
        _put_in_motion(atoms, 120.0)
        settings = MDSettings(NVE(), 100_000, timestep=4.0, interval=100)
        settings = replace(settings, guards=no_guards())

        log = self.simulate(atoms, field, settings).log

        energy = log["potential_energy_eV"] + log["kinetic_energy_eV"]
        slope = np.polyfit(log["time_fs"] * 1e-6, energy, 1)[0] / len(atoms)
        assert np.std(log["potential_energy_eV"]) > 0.01
        assert abs(slope) < 2e-5, f"{slope:.2g} eV/atom/ns"


def _gas(n_atoms: int, *, temperature: float, pressure: float) -> Atoms:
    """Atoms anywhere in a box of the volume that an ideal gas has."""
    length = (n_atoms * BOLTZMANN * temperature / (pressure * BAR)) ** (1 / 3)
    positions = np.random.default_rng(2).uniform(0, length, (n_atoms, 3))
    return Atoms(f"Ar{n_atoms}", positions, cell=[length] * 3, pbc=True)


def _put_in_motion(atoms: Atoms, temperature: float) -> NDArray[np.float64]:
    """Give `atoms` momenta; their velocities in Å/fs."""
    rng = np.random.default_rng(7)
    velocities = maxwell_boltzmann(atoms.get_masses(), temperature, rng=rng)
    atoms.set_momenta(atoms.get_masses()[:, None] * velocities * np.sqrt(KINETIC))
    return velocities
