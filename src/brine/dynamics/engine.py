"""From `ase.Atoms` and settings to the native loop, and back to `ase.Atoms`."""

import math
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from brine.dynamics.ensembles import NPT, NVE, NVT, ensemble_ramp
from brine.dynamics.settings import MDSettings
from brine.dynamics.velocities import maxwell_boltzmann
from brine.errors import InputError
from brine.native import _native
from brine.structures.molecules import bonded_pairs
from brine.structures.neighbours import check_geometry, neighbour_pairs
from brine.units import BAR, BOLTZMANN, GRAM_PER_ML, KINETIC

NO_DISTANCE = 0.2
"""Å: closer than any two nuclei ever are."""


@dataclass(frozen=True)
class StartState:
    """What a run starts from, in standard orientation.

    Attributes
    ----------
    numbers : (n_atoms,) array of int
    masses : (n_atoms,) array, amu
    positions : (n_atoms, 3) array, Å
    velocities : (n_atoms, 3) array, Å/fs
    cell : (3, 3) array, Å
    periodic : (3,) array of bool
    """

    numbers: NDArray[np.int64]
    masses: NDArray[np.float64]
    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    cell: NDArray[np.float64]
    periodic: NDArray[np.bool_]

    def atoms(
        self,
        positions: NDArray[np.float64],
        velocities: NDArray[np.float64],
        cell: NDArray[np.float64],
    ) -> Atoms:
        """These atoms at another time."""
        momenta = self.masses[:, None] * velocities * math.sqrt(KINETIC)
        return Atoms(
            numbers=self.numbers,
            positions=positions,
            momenta=momenta,
            masses=self.masses,
            cell=cell,
            pbc=self.periodic,
        )


def start_state(atoms: Atoms, settings: MDSettings) -> StartState:
    """`atoms` with the masses and velocities that `settings` give them.

    Velocities are drawn from the seed unless the atoms carry momenta.

    Raises
    ------
    InputError
        There is no atom, the geometry is impossible, atoms lie on top of each other,
        or the masses are of others.
    """
    if len(atoms) == 0:
        raise InputError("`atoms` must hold at least one atom, got none.")
    check_geometry(atoms.positions, atoms.cell.array, atoms.pbc)
    _check_apart(atoms)
    masses = np.array(
        atoms.get_masses() if settings.masses is None else settings.masses, dtype=float
    )
    if masses.shape != (len(atoms),):
        raise InputError(
            f"`masses` must be one for each of {len(atoms)} atoms, got {len(masses)}."
        )
    momenta = atoms.get_momenta()
    if momenta.any():
        own = atoms.get_masses()[:, None]
        velocities = momenta / own / math.sqrt(KINETIC)
    else:
        ramp = ensemble_ramp(settings.ensemble)
        rng = np.random.default_rng(settings.seed)
        target = ramp.start if ramp else 0.0
        velocities = maxwell_boltzmann(masses, target, rng=rng)
    turn, cell = _standard_orientation(atoms)
    return StartState(
        numbers=np.array(atoms.numbers, dtype=np.int64),
        masses=masses,
        positions=np.ascontiguousarray(atoms.positions @ turn),
        velocities=np.ascontiguousarray(velocities @ turn),
        cell=np.ascontiguousarray(cell),
        periodic=np.array(atoms.pbc, dtype=np.bool_),
    )


def _check_apart(atoms: Atoms) -> None:
    pairs = neighbour_pairs(atoms, NO_DISTANCE)
    if len(pairs.centre):
        worst = int(np.argmin(pairs.distances))
        raise InputError(
            f"atoms must be apart, but {pairs.centre[worst]} and "
            f"{pairs.neighbour[worst]} are {pairs.distances[worst]:.2f} Å from each "
            f"other ({len(pairs.centre) // 2} such pairs, images counted); remove "
            "doubles, or mend the cell."
        )


def _standard_orientation(
    atoms: Atoms,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The rotation (applied from the right) and the cell with a along x, b in xy."""
    cell = atoms.cell.array.astype(float)
    standing = np.allclose(cell, np.tril(cell), atol=0) and (np.diag(cell) >= 0).all()
    if standing or atoms.cell.rank < 3:
        return np.eye(3), cell
    standard, rotation = atoms.cell.standard_form()
    sign = np.sign(standard.array[0, 0])
    return sign * rotation.T, np.tril(sign * standard.array)


def n_freedom(n_atoms: int, settings: MDSettings) -> int:
    """Degrees of freedom that carry kinetic energy."""
    return 3 * n_atoms - (3 if settings.centre_of_mass == "fixed" else 0)


def make_dynamics(
    state: StartState, settings: MDSettings, *, field: _native.ForceField
) -> _native.Dynamics:
    """The native loop at its first step, forces not yet evaluated.

    Raises
    ------
    InputError
        Constant pressure without a cell that is periodic in all directions.
    """
    if isinstance(settings.ensemble, NPT) and not state.periodic.all():
        raise InputError(
            "`ensemble` must be NVE or NVT for atoms that are not periodic in all "
            f"directions, got NPT with pbc = {state.periodic.tolist()}."
        )
    native = _native_settings(settings)
    if native.bond_time:
        _set_bonds(native, state)
    _set_guards(native, state, settings)
    return _native.Dynamics(
        field,
        state.positions,
        state.velocities,
        state.masses,
        state.cell,
        state.periodic,
        native,
    )


def _native_settings(settings: MDSettings) -> _native.DynamicsSettings:
    native, ensemble = _native.DynamicsSettings(), settings.ensemble
    native.timestep = settings.timestep
    native.seed = settings.seed
    native.centre_fixed = settings.centre_of_mass == "fixed"
    ramp = ensemble_ramp(ensemble)
    if ramp:
        native.start_temperature, native.end_temperature = ramp.start, ramp.end
        native.ramp_steps = settings.n_steps
    if isinstance(ensemble, NVE):
        return native
    native.time_constant = ensemble.time_constant
    native.bond_time = ensemble.bond_time_constant or 0.0
    native.thermostat = _native.Thermostat.svr
    if isinstance(ensemble, NVT):
        native.thermostat = getattr(_native.Thermostat, ensemble.thermostat)
        return native
    native.barostat = True
    native.pressure = ensemble.pressure * BAR
    native.compressibility = ensemble.compressibility / BAR
    native.pressure_time = ensemble.pressure_time_constant
    native.barostat_interval = ensemble.barostat_interval
    return native


def _set_bonds(native: _native.DynamicsSettings, state: StartState) -> None:
    atoms = Atoms(state.numbers, state.positions, cell=state.cell, pbc=state.periodic)
    pairs = bonded_pairs(atoms)
    straight = state.positions[pairs.neighbour] - state.positions[pairs.centre]
    lattice = atoms.cell.complete().array
    shifts = np.rint((pairs.vectors - straight) @ np.linalg.inv(lattice)).astype(int)
    for i, j, shift in zip(pairs.centre, pairs.neighbour, shifts, strict=True):
        if i < j:
            native.add_bond(int(i), int(j), *map(int, shift))


def _set_guards(
    native: _native.DynamicsSettings, state: StartState, settings: MDSettings
) -> None:
    guards, freedom = settings.guards, n_freedom(len(state.numbers), settings)
    energy = 0.5 * KINETIC * float(state.masses @ np.square(state.velocities).sum(1))
    target = 2 * energy / (max(freedom, 1) * BOLTZMANN)
    ramp = ensemble_ramp(settings.ensemble)
    if ramp:
        target = max(target, ramp.start, ramp.end)
    native.max_temperature = guards.highest_temperature(target, freedom)
    native.max_jump = guards.highest_jump(target, freedom)
    native.min_margin = guards.short_range_margin
    native.history_stride = guards.history_stride
    native.history_length = guards.history_length
    if isinstance(settings.ensemble, NPT):
        mass = state.masses.sum() / GRAM_PER_ML
        volume = abs(np.linalg.det(state.cell))
        low, high = guards.density or (0.5 * mass / volume, 2 * mass / volume)
        native.min_volume = mass / high
        native.max_volume = mass / low if low > 0 else math.inf


def halt_reason(
    halt: _native.Halt, value: float, *, limits: MDSettings, total_mass: float
) -> str:
    """The sentence that says which guard spoke, and of what."""
    kinds = _native.Halt
    if halt == kinds.energy:
        return f"the energy is not finite ({value} eV)."
    if halt == kinds.force:
        return "a force is not finite."
    if halt == kinds.temperature:
        return f"the temperature reached {value:.0f} K, above the limit of the guard."
    if halt == kinds.jump:
        stride = limits.guards.history_stride * limits.timestep
        return f"the temperature rose by {value:.0f} K within {stride:g} fs."
    if halt == kinds.volume:
        found = total_mass / value / GRAM_PER_ML if value else math.nan
        return f"the density reached {found:.3f} g/mL, outside the declared window."
    return (
        f"two atoms came {limits.guards.short_range_margin - value:.2f} Å closer than "
        "the potential supports for that pair of elements."
    )


def history_frames(dynamics: _native.Dynamics, state: StartState) -> tuple[Atoms, ...]:
    """The states kept in memory, oldest first, energies and forces attached."""
    frames = []
    for snapshot in dynamics.history():
        step, energy, temperature, positions, velocities, forces, cell = snapshot
        frame = state.atoms(positions, velocities, cell)
        frame.info["step"] = step
        frame.info["temperature_K"] = temperature
        frame.calc = SinglePointCalculator(frame, energy=energy, forces=forces)
        frames.append(frame)
    return tuple(frames)
