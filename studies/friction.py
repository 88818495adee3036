"""How much friction a diffusion coefficient survives.

``python studies/friction.py [--duration-ps 200]`` runs SPC/Fw water, 64 molecules at
298.15 K, under Langevin dynamics of rising friction and under stochastic velocity
rescaling, and prints the self-diffusion coefficient of each, without a correction for
the size of the box, which all of them share.
"""

import argparse
from functools import partial

import numpy as np
from ase import Atoms
from rich.console import Console
from rich.table import Table

from brine.observables import self_diffusion
from brine.oracles import Conditions, SPCFw, side_by_side
from brine.structures import Report, Simulation, build_box

FRICTIONS = (0.0, 0.1, 1.0, 10.0, 50.0)
"""1/ps; zero is velocity rescaling."""
TEMPERATURE = 298.15


def main() -> None:
    """Run all of them, two at a time or more, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--duration-ps", type=float, default=200.0)
    duration_ps = parser.parse_args().duration_ps
    water = build_box({"H2O": 64}, density=0.997, rng=np.random.default_rng(1))

    jobs = [
        partial(_run, water, friction, 1e3 * duration_ps, seed)
        for seed, friction in enumerate(FRICTIONS)
    ]
    print_table(side_by_side(jobs, task="friction"))


def _run(
    water: Atoms, friction: float, duration: float, seed: int, report: Report
) -> Simulation:
    conditions = Conditions(
        TEMPERATURE,
        duration,
        equilibration=20_000.0,
        friction=friction,
        interval=100.0,
        seed=seed,
    )
    return SPCFw().simulate(water, conditions, report=report)


def print_table(runs: list[Simulation]) -> None:
    """D of every run, and how far it is below the first."""
    table = Table("friction, 1/ps", "D, 1e-9 m²/s", "change", "exponent", box=None)
    found = [self_diffusion(run.trajectory, molecules="H2O") for run in runs]
    first = found[0].estimate.value
    for friction, diffusion in zip(FRICTIONS, found, strict=True):
        estimate = diffusion.estimate
        table.add_row(
            f"{friction:g}" if friction else "none (velocity rescaling)",
            f"{estimate.value:.3f} ± {estimate.error:.3f}",
            f"{estimate.value / first - 1:+.0%}",
            f"{diffusion.exponent.value:.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
