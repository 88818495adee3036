"""Molecular dynamics of 64 and 1728 waters: brine's loop, and its peers.

The same model in ASE's loop, NEP through calorine, SNAP and DeePMD in LAMMPS.

``python benchmarks/dynamics.py`` prints the table; `measurements` gives it as a list.
The potential is trained on the spot on SPC/Fw labels, preset `balanced`; what a step
costs does not depend on its weights.
"""

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from ase import Atoms, units
from ase.md.bussi import Bussi
from ase.md.velocitydistribution import MaxwellBoltzmannDistribution
from lammps_peers import lammps_speeds
from measurement import Measurement, measurement, print_all

import brine
from brine.dynamics import NVT, MDSettings
from brine.oracles import SamplingPlan, SPCFw, sample_frames
from brine.potentials import NativePotential

TIMESTEP = 0.5
"""fs"""
ATOM_STEPS = 1_000_000
"""Of brine, at each timing; peers do as many as fit into some ten seconds."""
REPEATS = 3


def measurements() -> list[Measurement]:
    """Every timing of this file: ``{name, value, unit, peer}``; peer None is brine."""
    potential, box = trained_potential()
    nep = nep_calculator()
    rows = []
    for atoms in (box, box.repeat((3, 3, 3))):
        name = f"md_{len(atoms)}_ns_per_day"
        runs: dict[str | None, Callable[[], float]] = {
            None: partial(brine_speed, atoms, potential),
            "ASE, same model": partial(ase_speed, atoms, potential.calculator()),
        }
        if nep is not None:
            runs["NEP (calorine)"] = partial(ase_speed, atoms, nep)
        runs |= lammps_speeds(atoms)
        # Alternating, so that a slow spell of the machine meets everybody.
        speeds = [{peer: run() for peer, run in runs.items()} for _ in range(REPEATS)]
        rows += [
            measurement(name, np.median([s[peer] for s in speeds]), "ns/day", peer)
            for peer in runs
        ]
    return rows


def trained_potential() -> tuple[NativePotential, Atoms]:
    """A potential of default settings, and a liquid box of 64 waters to run it on."""
    plan = SamplingPlan(temperatures=(300.0, 375.0), frames_per_run=6)
    dataset = sample_frames(SPCFw(), {"H2O": 64}, plan=plan, seed=1)
    densest_first = [g for g in dataset.group_names if g.startswith("T300_rho1.00")]
    frames = np.flatnonzero(
        dataset.group == dataset.group_names.index(densest_first[0])
    )
    settings = brine.NativeSettings(preset="balanced", epochs=10)
    return brine.fit(dataset, settings), dataset.frame(int(frames[0]))


def brine_speed(atoms: Atoms, potential: NativePotential) -> float:
    """ns/day of brine's own loop, NVT with stochastic velocity rescaling.

    Frames and numbers are written every 100 steps.
    """
    settings = MDSettings(
        NVT(300.0), n_steps=ATOM_STEPS // len(atoms), timestep=TIMESTEP, interval=100
    )
    return brine.run_md(atoms, potential, settings).ns_per_day


def ase_speed(atoms: Atoms, calculator: object, *, seconds: float = 8.0) -> float:
    """ns/day of ASE's loop with the same thermostat (Bussi)."""
    atoms = atoms.copy()
    atoms.calc = calculator
    rng = np.random.default_rng(0)
    MaxwellBoltzmannDistribution(atoms, temperature_K=300.0, rng=rng)
    dynamics = Bussi(
        atoms, TIMESTEP * units.fs, temperature_K=300.0, taut=200 * units.fs, rng=rng
    )
    dynamics.run(1)
    start, steps = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        dynamics.run(5)
        steps += 5
    return _ns_per_day(steps, time.perf_counter() - start)


def nep_calculator() -> object | None:
    """A NEP4 of usual size with random weights, where calorine is installed.

    Cutoffs 6 and 5 Å, n_max 4 4, basis_size 8 8, l_max 4 2, 30 neurons.
    """
    try:
        from calorine.calculators import CPUNEP
    except ImportError:
        return None
    n_descriptors, n_neurons = 5 + 5 * 5, 30
    n_parameters = 2 * (n_descriptors + 2) * n_neurons + 1 + 4 * 2 * 5 * 9
    numbers = 0.05 * np.random.default_rng(0).normal(size=n_parameters)
    lines = [
        "nep4 2 O H",
        "cutoff 6 5 300 300",
        "n_max 4 4",
        "basis_size 8 8",
        "l_max 4 2 0",
        f"ANN {n_neurons} 0",
        *(f"{x:.7e}" for x in numbers),
        *(f"{1.0:.7e}" for _ in range(n_descriptors)),
    ]
    path = Path(tempfile.mkdtemp()) / "nep.txt"
    path.write_text("\n".join(lines) + "\n")
    return CPUNEP(str(path))


def _ns_per_day(steps: int, seconds: float) -> float:
    return steps * TIMESTEP * 1e-6 * 86400 / seconds


if __name__ == "__main__":
    print_all(measurements())
