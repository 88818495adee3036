"""Energy, forces and stress of one box of SPC/Fw water and ions.

Energy and forces are OpenMM's; its CPU platform adds forces in single precision,
which is right to 1e-5 eV/Å. Stress is `aqueous_stress`.
"""

import threading
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from brine.oracles.aqueous_stress import aqueous_stress
from brine.oracles.aqueous_system import (
    BONDED_GROUP,
    AqueousBox,
    Array,
    Electrostatics,
    aqueous_system,
    cpu_context,
    electrostatics,
    repeated,
    replicas,
)
from brine.oracles.cores import one_core, this_core
from brine.oracles.force_field import KILOJOULE_PER_MOLE
from brine.oracles.oracle import Labels

MOST_CONTEXTS: Final = 8

_cache = threading.local()


def label_box(box: AqueousBox, cutoff: float, tolerance: float) -> Labels:
    """Labels of `box`, in the order and orientation of the structure it came from."""
    times = replicas(box.cell, cutoff)
    positions, cell = repeated(box, times)
    n_boxes = int(np.prod(times))
    settings = electrostatics(cell, cutoff, tolerance)
    with one_core(_core()):
        context = _context(cell, np.tile(box.numbers, n_boxes), settings)
        _place(context, positions, cell)
        energy, forces = _energy_and_forces(context)
        bonded = _forces(context.getState(getForces=True, groups={BONDED_GROUP}))
        n_atoms = len(box.positions)
        stress = aqueous_stress(box, bonded[:n_atoms], settings, n_boxes)
    back = box.rotation.T
    in_order = np.empty((n_atoms, 3))
    in_order[box.order] = forces[:n_atoms] @ back
    return Labels(energy / n_boxes, in_order, back.T @ stress @ back)


def _place(context: Any, positions: Array, cell: Array) -> None:
    context.setPeriodicBoxVectors(*(cell / 10))
    context.setPositions(positions / 10)


def _energy_and_forces(context: Any) -> tuple[float, Array]:
    state = context.getState(getEnergy=True, getForces=True)
    energy = state.getPotentialEnergy()._value * KILOJOULE_PER_MOLE
    return float(energy), _forces(state)


def _forces(state: Any) -> Array:
    """(n_atoms, 3) array, eV/Å."""
    forces = np.asarray(state.getForces(asNumpy=True)._value, dtype=np.float64)
    return np.asarray(forces * (KILOJOULE_PER_MOLE / 10))


def _core() -> int | None:
    """The core on which this thread labels: OpenMM's threads were born there."""
    if not hasattr(_cache, "core"):
        _cache.core = this_core()
    return _cache.core  # type: ignore[no-any-return]


def _context(cell: Array, numbers: NDArray[np.int64], settings: Electrostatics) -> Any:
    """An OpenMM context for these atoms and mesh, made once a thread."""
    contexts = _cache.__dict__.setdefault("contexts", {})
    key = (numbers.tobytes(), settings)
    if key not in contexts:
        if len(contexts) >= MOST_CONTEXTS:
            contexts.clear()
        contexts[key] = cpu_context(aqueous_system(numbers, cell, settings))
    return contexts[key]
