"""Molecular dynamics of SPC/Fw water and ions in OpenMM."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final

import numpy as np
from ase import Atoms

from brine.oracles.aqueous_baths import Baths
from brine.oracles.aqueous_system import (
    AqueousBox,
    Array,
    cpu_context,
    import_openmm,
)
from brine.oracles.aqueous_unwrapping import unwrapped
from brine.oracles.force_field import KILOJOULE_PER_MOLE
from brine.oracles.oracle import Conditions
from brine.structures.progress import Report
from brine.structures.simulation import Simulation, Stop
from brine.structures.trajectory import Trajectory
from brine.units import BOLTZMANN, GRAM_PER_ML

RESCALE_INTERVAL: Final = 20.0
"""fs between two rescalings"""
STRONG_FRICTION: Final = 10.0
"""1/ps, while equilibrating"""
BAROSTAT_STEPS: Final = 20
"""Steps between two trial moves of the volume"""
HOTTEST: Final = 3.0
"""A run stops when the temperature is this many times the target."""


@dataclass(eq=False)
class AqueousRun:
    """One run: a context, and the lines and frames collected so far.

    Attributes
    ----------
    system : openmm.System
    box : AqueousBox
        Where it starts.
    atoms : ase.Atoms
        The structure as given; frames come in its order of atoms.
    conditions : Conditions
    inner_steps : int
        Of the forces of group 0 in one step of those of group 1.
    """

    system: Any
    box: AqueousBox
    atoms: Atoms
    conditions: Conditions
    inner_steps: int = 1
    _frames: list[Array] = field(default_factory=list, init=False)
    _cells: list[Array] = field(default_factory=list, init=False)
    _lines: list[dict[str, float]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Set up the context, at rest in the nearest minimum's reach."""
        openmm = import_openmm()
        given = self.conditions
        streams = np.random.SeedSequence(given.seed).spawn(3)
        self._baths = Baths(
            given.temperature,
            given.bond_time_constant,
            self.box.sites.masses,
            self.box.oxygens,
            np.random.default_rng(streams[0]),
        )
        if given.pressure is not None:
            barostat = openmm.MonteCarloBarostat(
                given.pressure, given.temperature, BAROSTAT_STEPS
            )
            barostat.setRandomNumberSeed(_openmm_seed(streams[1]))
            self.system.addForce(barostat)
        integrator = openmm.CompoundIntegrator()
        for friction in (STRONG_FRICTION, given.friction):
            # One seed: a context has one generator for all of its integrators.
            integrator.addIntegrator(self._integrator(friction, streams[2]))
        self._context = cpu_context(self.system, integrator)
        self._context.setPositions(self.box.positions / 10)
        openmm.LocalEnergyMinimizer.minimize(self._context, 50.0, 50)
        self._set_velocities(self._baths.thermal_velocities())

    def _integrator(self, friction: float, stream: np.random.SeedSequence) -> Any:
        """Langevin dynamics in 1/ps, or none."""
        openmm, given = import_openmm(), self.conditions
        step = given.timestep / 1000
        groups = [(1, 1), (0, self.inner_steps)]
        if not friction:
            if self.inner_steps == 1:
                return openmm.VerletIntegrator(step)
            return openmm.MTSIntegrator(step, groups)
        if self.inner_steps == 1:
            langevin = openmm.LangevinMiddleIntegrator(
                given.temperature, friction, step
            )
        else:
            langevin = openmm.MTSLangevinIntegrator(
                given.temperature, friction, step, groups
            )
        langevin.setRandomNumberSeed(_openmm_seed(stream))
        return langevin

    def run(self, report: Report) -> Simulation:
        """Equilibrate with strong friction, then collect frames.

        Friction reaches every degree of freedom: rescaling, which sees the kinetic
        energy as a whole, would leave harmonic bonds at the temperature they started
        with. Both integrators hold velocities at the same distance from the positions.
        """
        given = self.conditions
        stride = max(1, round(given.interval / given.timestep))
        n_equilibration = round(given.equilibration / given.timestep)
        n_frames = round(given.duration / given.timestep) // stride
        total = n_equilibration + n_frames * stride
        begin, stop = perf_counter(), None
        integrator = self._context.getIntegrator()
        integrator.setCurrentIntegrator(0)
        self._advance(n_equilibration, 0, total, begin, report, rescale=False)
        integrator.setCurrentIntegrator(1)
        done = n_equilibration
        for frame in range(n_frames):
            rescale = not given.friction
            self._advance(stride, done, total, begin, report, rescale=rescale)
            done += stride
            self._collect((frame + 1) * stride)
            stop = self._fault((frame + 1) * stride)
            if stop is not None:
                break
        days = (perf_counter() - begin) / 86400
        return self._simulation(stop, done * given.timestep * 1e-6 / days)

    def _advance(
        self,
        n_steps: int,
        done: int,
        total: int,
        begin: float,
        report: Report,
        *,
        rescale: bool,
    ) -> None:
        """Steps, with a rescaling of velocities after every few."""
        given = self.conditions
        chunk = max(1, round(RESCALE_INTERVAL / given.timestep))
        integrator = self._context.getIntegrator()
        left = n_steps
        while left > 0:
            steps = min(chunk, left)
            integrator.step(steps)
            if rescale:
                self._thermostat(steps * given.timestep)
            left -= steps
            now = done + n_steps - left
            if (now // chunk) % 25 == 0:
                seconds = perf_counter() - begin
                report("oracle dynamics", self._progress(now, total, seconds))

    def _progress(self, done: int, total: int, seconds: float) -> Mapping[str, float]:
        speed = done / max(seconds, 1e-9)
        last = self._lines[-1] if self._lines else {}
        names = ("temperature_K", "density_g_per_mL", "potential_energy_eV")
        return {
            "done": done / total,
            "steps_per_s": speed,
            "ns_per_day": speed * self.conditions.timestep * 0.0864,
            "time_left_s": (total - done) / speed,
            **{name: last[name] for name in names if name in last},
        }

    def _velocities(self) -> Array:
        """(n_atoms, 3) array, Å/fs, half a step away from the positions."""
        state = self._context.getState(getVelocities=True)
        return np.asarray(state.getVelocities(asNumpy=True)._value) / 100

    def _set_velocities(self, velocities: Array) -> None:
        self._context.setVelocities(velocities * 100)

    def _thermostat(self, elapsed: float) -> None:
        """Rescale velocities and stretch bonds as after `elapsed` fs in their baths.

        Leapfrog's velocities belong half a step before its positions, so the second
        half of that step is made again with the new ones: then a harmonic oscillator
        has the exact distribution of positions at any timestep (Zhang et al. 2019,
        10.1021/acs.jpca.9b02771). Left out, bonds would settle 12 % too hot. With inner
        steps velocities belong to their positions.
        """
        state = self._context.getState(getPositions=True, getVelocities=True)
        positions = np.asarray(state.getPositions(asNumpy=True)._value) * 10
        before = np.asarray(state.getVelocities(asNumpy=True)._value) / 100
        after = self._baths.applied(positions, before, elapsed)
        half_step = 0.5 * self.conditions.timestep * (self.inner_steps == 1)
        self._context.setPositions((positions + half_step * (after - before)) / 10)
        self._set_velocities(after)

    def _collect(self, step: int) -> None:
        state = self._context.getState(getPositions=True, getEnergy=True)
        cell = np.asarray(state.getPeriodicBoxVectors(asNumpy=True)._value) * 10
        volume = float(abs(np.linalg.det(cell)))
        kinetic = self._baths.kinetic_energy(self._velocities())
        potential = state.getPotentialEnergy()._value * KILOJOULE_PER_MOLE
        freedom = 3 * len(self._baths.masses) - 3
        self._frames.append(np.asarray(state.getPositions(asNumpy=True)._value) * 10)
        self._cells.append(cell)
        self._lines.append(
            {
                "step": float(step),
                "time_fs": step * self.conditions.timestep,
                "temperature_K": 2 * kinetic / (freedom * BOLTZMANN),
                "pressure_bar": np.nan,
                "potential_energy_eV": potential,
                "kinetic_energy_eV": kinetic,
                "conserved_energy_eV": np.nan,
                "volume_A3": volume,
                "density_g_per_mL": self._baths.masses.sum() / (volume * GRAM_PER_ML),
            }
        )

    def _fault(self, step: int) -> Stop | None:
        line = self._lines[-1]
        limit = HOTTEST * self.conditions.temperature
        if np.isfinite(line["potential_energy_eV"]) and line["temperature_K"] < limit:
            return None
        return Stop(
            f"the temperature must stay below {limit:.0f} K and the energy finite, got "
            f"{line['temperature_K']:.0f} K and {line['potential_energy_eV']:.3f} eV; "
            "shorten the timestep.",
            step,
        )

    def _simulation(self, stop: Stop | None, ns_per_day: float) -> Simulation:
        cells = np.array(self._cells)
        frames = (
            unwrapped(np.array(self._frames), cells, self.box.heads)
            @ self.box.rotation.T
        )
        positions = np.empty_like(frames)
        positions[:, self.box.order] = frames
        masses = np.empty_like(self._baths.masses)
        masses[self.box.order] = self._baths.masses
        names = self._lines[0]
        return Simulation(
            trajectory=Trajectory(
                numbers=np.array(self.atoms.numbers, dtype=np.int64),
                masses=masses,
                positions=positions,
                cells=cells @ self.box.rotation.T,
                times=np.array([line["time_fs"] for line in self._lines]),
                unwrapped=True,
            ),
            log={n: np.array([line[n] for line in self._lines]) for n in names},
            stopped=stop,
            ns_per_day=ns_per_day,
        )


def _openmm_seed(stream: np.random.SeedSequence) -> int:
    """A positive number of 31 bits; zero would mean a seed of OpenMM's choice."""
    return int(stream.generate_state(1)[0] >> 2) + 1
