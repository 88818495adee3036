"""Eight boxes of 64 waters at once beside one alone.

``python benchmarks/replicas.py`` prints the table; `measurements` gives it as a list.
"""

import time

import numpy as np
from ase import Atoms
from measurement import Measurement, measurement, print_all

import brine
from brine.dynamics import NVT, MDSettings, Replica
from brine.potentials import NativePotential
from dynamics import REPEATS, TIMESTEP, trained_potential

N_REPLICAS = 8
N_STEPS = 2000


def measurements() -> list[Measurement]:
    """ns/day of one run on all cores, and the sum of eight side by side."""
    potential, box = trained_potential()
    # Alternating, so that a slow spell of the machine meets both.
    speeds = [
        (_speed(potential, box, 1), _speed(potential, box, N_REPLICAS))
        for _ in range(REPEATS)
    ]
    one, several = np.median(speeds, axis=0)
    ratio = float(np.median([eight / alone for alone, eight in speeds]))
    name = f"md_{len(box)}_ns_per_day"
    return [
        measurement(f"{name}_alone", float(one), "ns/day"),
        measurement(f"{name}_{N_REPLICAS}_replicas", float(several), "ns/day"),
        measurement(f"{N_REPLICAS}_replicas_over_one", ratio, ""),
    ]


def _speed(potential: NativePotential, box: Atoms, n_replicas: int) -> float:
    runs = [
        Replica(box, MDSettings(NVT(300.0), N_STEPS, timestep=TIMESTEP, seed=k))
        for k in range(n_replicas)
    ]
    start = time.perf_counter()
    if n_replicas == 1:
        brine.run_md(box, potential, runs[0].settings)
    else:
        brine.run_replicas(runs, potential)
    days = (time.perf_counter() - start) / 86400
    return n_replicas * N_STEPS * TIMESTEP * 1e-6 / days


if __name__ == "__main__":
    print_all(measurements())
