"""Energy, forces and stress of one box of SPC/Fw water; the formula is in `spcfw`."""

import threading
from typing import Any, Final

import numpy as np

from brine.oracles.cores import one_core, this_core
from brine.oracles.oracle import Labels
from brine.oracles.water_system import (
    KILOJOULE_PER_MOLE,
    Array,
    WaterBox,
    cpu_context,
    electrostatics,
    reduced,
    repeated,
    replicas,
    water_system,
)

STRAIN: Final = 2e-3
"""Each way, in the central difference at rigid molecules."""
MASS_FRACTIONS: Final = np.array([15.999, 1.008, 1.008]) / 18.015
MOST_CONTEXTS: Final = 8

_cache = threading.local()


def label_water(box: WaterBox, cutoff: float, tolerance: float) -> Labels:
    """Labels of `box`, in the order and orientation of the structure it came from."""
    times = replicas(box.cell, cutoff)
    positions, cell = repeated(box, times)
    n_boxes = int(np.prod(times))
    with one_core(_core()):
        context = _context(cell, len(positions) // 3, cutoff, tolerance)
        energy, forces = _energy_and_forces(context, positions, cell)
        derivative = _rigid_strain_derivative(context, positions, cell)
    inner = forces[: len(box.positions)]
    stress = (derivative / n_boxes - _intramolecular(box.positions, inner)) / box.volume
    stress = np.tril(stress) + np.tril(stress, -1).T
    back = box.rotation.T
    in_order = np.empty_like(inner)
    in_order[box.order] = inner @ back
    return Labels(energy / n_boxes, in_order, back.T @ stress @ back)


def _intramolecular(positions: Array, forces: Array) -> Array:
    """(3, 3) array, eV: Σ d_i ⊗ f_i with d_i from the molecule's centre."""
    waters = positions.reshape(-1, 3, 3)
    centres = np.einsum("a,max->mx", MASS_FRACTIONS, waters)
    arms = (waters - centres[:, None]).reshape(-1, 3)
    return np.asarray(arms.T @ forces)


def _rigid_strain_derivative(context: Any, positions: Array, cell: Array) -> Array:
    """(3, 3) array, eV: dE/dA at rigid molecules, the lower triangle alone.

    A lower-triangular strain keeps the cell lower triangular, which OpenMM needs; one
    triangle is enough because the whole stress is symmetric.
    """
    waters = positions.reshape(-1, 3, 3)
    centres = np.einsum("a,max->mx", MASS_FRACTIONS, waters)
    derivative = np.zeros((3, 3))
    for a, b in zip(*np.tril_indices(3), strict=True):
        energies = []
        for sign in (1, -1):
            strain = np.zeros((3, 3))
            strain[a, b] = sign * STRAIN
            moved = waters + (centres @ strain)[:, None]
            strained = reduced(cell @ (np.eye(3) + strain))
            energies.append(_energy(context, moved.reshape(-1, 3), strained))
        derivative[a, b] = (energies[0] - energies[1]) / (2 * STRAIN)
    return derivative


def _place(context: Any, positions: Array, cell: Array) -> None:
    context.setPeriodicBoxVectors(*(cell / 10))
    context.setPositions(positions / 10)


def _energy(context: Any, positions: Array, cell: Array) -> float:
    _place(context, positions, cell)
    energy = context.getState(getEnergy=True).getPotentialEnergy()
    return float(energy._value * KILOJOULE_PER_MOLE)


def _energy_and_forces(
    context: Any, positions: Array, cell: Array
) -> tuple[float, Array]:
    _place(context, positions, cell)
    state = context.getState(getEnergy=True, getForces=True)
    forces = np.asarray(state.getForces(asNumpy=True)._value, dtype=np.float64)
    energy = state.getPotentialEnergy()._value * KILOJOULE_PER_MOLE
    return float(energy), forces * (KILOJOULE_PER_MOLE / 10)


def _core() -> int | None:
    """The core on which this thread labels: OpenMM's threads were born there."""
    if not hasattr(_cache, "core"):
        _cache.core = this_core()
    return _cache.core  # type: ignore[no-any-return]


def _context(cell: Array, n_waters: int, cutoff: float, tolerance: float) -> Any:
    """An OpenMM context for this size and mesh, made once a thread."""
    contexts = _cache.__dict__.setdefault("contexts", {})
    settings = electrostatics(cell, cutoff, tolerance)
    key = (n_waters, settings)
    if key not in contexts:
        if len(contexts) >= MOST_CONTEXTS:
            contexts.clear()
        contexts[key] = cpu_context(water_system(n_waters, cell, settings))
    return contexts[key]
