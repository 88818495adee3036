"""How time and memory of an atom and step grow: with atoms, threads and elements.

``python benchmarks/scaling.py`` prints the table; `measurements` gives it as a list.
Boxes of water, preset `balanced`, NVT at 0.5 fs. For more elements the same atoms are
dealt out to them and forces alone are timed, at weights near zero: what a force costs
does not depend on them.
"""

import resource
import sys
import time

import numpy as np
from ase import Atoms
from measurement import Measurement, measurement, print_all

import brine
from brine.dynamics import NVT, MDSettings
from brine.potentials import (
    Calibration,
    Descriptor,
    NativePotential,
    NetworkLayout,
    NeuralReadout,
    Posterior,
)
from brine.threads import thread_count
from dynamics import TIMESTEP, trained_potential

SIZES = ((1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (6, 6, 6), (8, 8, 8))
"""Repeats of 192 atoms: up to 98,304."""
ELEMENTS = (1, 8, 3, 17, 25, 30)
ATOM_STEPS = 2e6
"""For each timing."""


def measurements() -> list[Measurement]:
    """Every figure of this file: ``{name, value, unit, peer}``."""
    potential, box = trained_potential()
    return [*_by_atoms(potential, box), *_by_elements(box)]


def _by_atoms(potential: NativePotential, box: Atoms) -> list[Measurement]:
    rows: list[Measurement] = []
    before = _peak_memory()
    for repeats in SIZES:
        atoms = box.repeat(repeats)
        for threads in sorted({1, thread_count()}):
            cost = _microseconds(potential, atoms, threads)
            name = f"md_{len(atoms)}_us_per_atom_step_{threads}_threads"
            rows.append(measurement(name, cost, "µs"))
    kilobytes = (_peak_memory() - before) / len(atoms) / 1e3
    rows.append(measurement(f"md_{len(atoms)}_kB_per_atom", kilobytes, "kB"))
    return rows


def _microseconds(potential: NativePotential, atoms: Atoms, threads: int) -> float:
    """Of NVT for an atom and step, the better of two runs."""
    n_steps = max(20, round(ATOM_STEPS / len(atoms)))
    settings = MDSettings(NVT(300.0), n_steps=n_steps, timestep=TIMESTEP, interval=100)
    speeds = [
        brine.run_md(atoms, potential, settings, threads=threads).ns_per_day
        for _ in range(2)
    ]
    steps_per_s = max(speeds) / (TIMESTEP * 1e-6 * 86400)
    return 1e6 / steps_per_s / len(atoms)


def _by_elements(box: Atoms) -> list[Measurement]:
    atoms = box.repeat((3, 3, 3))
    rows = []
    for count in range(2, len(ELEMENTS) + 1):
        mixed = atoms.copy()
        order = np.random.default_rng(0).permutation(len(atoms))
        mixed.numbers[order] = np.resize(ELEMENTS[:count], len(atoms))
        potential = _untrained(ELEMENTS[:count])
        field = potential.force_field(mixed)
        _, *geometry = potential.descriptor.arrays(mixed)
        times = []
        for _ in range(6):
            start = time.perf_counter()
            field.compute(*geometry)
            times.append(time.perf_counter() - start)
        cost = 1e6 * min(times[1:]) / len(atoms)
        rows.append(measurement(f"force_5184_us_per_atom_{count}_elements", cost, "µs"))
    return rows


def _untrained(elements: tuple[int, ...]) -> NativePotential:
    elements = tuple(sorted(elements))
    n_elements = len(elements)
    descriptor = Descriptor(elements, brine.NativeSettings(preset="balanced"))
    layout = NetworkLayout.of(descriptor)
    rng = np.random.default_rng(0)
    weights = rng.normal(scale=1e-3, size=(n_elements, layout.size))
    n_columns = n_elements * (layout.hidden + 1)
    return NativePotential(
        descriptor=descriptor,
        readout=NeuralReadout(
            weights, Posterior(np.ones(n_columns), np.eye(n_columns))
        ),
        calibration=Calibration(0.0, 1.0, 0.0, 1.0, 0),
        shortest=np.full((n_elements, n_elements), 0.8),
    )


def _peak_memory() -> float:
    """Bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024.0 * peak


if __name__ == "__main__":
    print_all(measurements())
