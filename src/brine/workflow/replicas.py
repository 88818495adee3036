"""Boxes that start chloride-rich or water-rich, and how they differ."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import numpy as np
from ase import Atoms

from brine.errors import InputError
from brine.observables import coordination_number, radial_distribution
from brine.observables.estimate import Estimate
from brine.oracles import Conditions, OpenMMOracle, SPCFw, side_by_side
from brine.oracles.bias import Bias
from brine.structures import Report, silent
from brine.structures.contents import Contents
from brine.structures.progress import part_of

SCALES: Final = (0.90, 0.95, 1.075, 1.10, 1.125)
"""Of the distance of cation and anion: two chloride-rich replicas, three water-rich."""
SHELL: Final = {"Mn": 3.2, "Zn": 3.0, "Li": 3.0, "Na": 3.5, "Mg": 3.1, "Ca": 3.5}
"""Å, between the first and the second shell of a cation, of chlorides and of water."""
OTHERS: Final = 3.4


@dataclass(frozen=True, eq=False)
class BiasedReplica:
    """A box and the first shell of its cation.

    Attributes
    ----------
    scale : float
        Of the distance of cation and anion.
    atoms : ase.Atoms
        The last frame.
    anions, oxygens : Estimate
        Neighbours of a cation in its first shell.
    """

    scale: float
    atoms: Atoms
    anions: Estimate
    oxygens: Estimate


def biased_replicas(
    box: Contents,
    *,
    cation: str,
    anion: str = "Cl",
    scales: Sequence[float] = SCALES,
    model: Literal["spcfw", "amoeba"] = "spcfw",
    temperature: float = 298.15,
    duration: float = 20_000.0,
    seed: int = 1,
    report: Report = silent,
) -> tuple[BiasedReplica, ...]:
    """Replicas of a box, each run at constant volume under its own bias.

    All start from one packed box at 600 K, where shells exchange within picoseconds,
    and are quenched to `temperature`.

    Parameters
    ----------
    box : Contents
        Water and ions that `SPCFw` knows.
    cation, anion : str
        Symbols.
    scales : sequence of float
    model : {"spcfw", "amoeba"}
        SPC/Fw with ions, or AMOEBA, polarizable and a hundred times as dear.
    temperature : float, K
    duration : float, fs
        At 600 K, and half as long at `temperature`, over which shells are counted.
    seed : int
    report : Report

    Raises
    ------
    InputError
        The box holds no such ions, or is too small for the oracle's cutoff.
    """
    for ion in (cation, anion):
        if ion not in box.elements:
            raise InputError(
                f"a biased box must hold {ion}, got {', '.join(box.elements)}."
            )
    start = box.build(np.random.default_rng(seed))
    biases = [Bias(cation, anion, scale) for scale in scales]
    jobs = [
        partial(_run, MODELS[model](), start, bias, temperature, duration, seed + k)
        for k, bias in enumerate(biases)
    ]
    return tuple(side_by_side(jobs, task="biased replicas", report=report))


HOT: Final = 600.0
"""K"""
MODELS: Final[dict[str, Callable[[], SPCFw | OpenMMOracle]]] = {
    "spcfw": SPCFw,
    "amoeba": OpenMMOracle,
}


def _run(
    oracle: SPCFw | OpenMMOracle,
    start: Atoms,
    bias: Bias,
    temperature: float,
    duration: float,
    seed: int,
    report: Report,
) -> BiasedReplica:
    step = 1.0 if isinstance(oracle, SPCFw) else 2.0
    hot = Conditions(
        HOT, duration, timestep=step, interval=duration, friction=1.0, seed=seed
    )
    cool = Conditions(
        temperature,
        duration / 2,
        equilibration=duration / 4,
        timestep=step,
        interval=min(100.0, duration / 10),
        seed=seed,
    )
    atoms, warm = start.copy(), 4 / 7  # of `duration` · (1 + 1/4 + 1/2)
    for conditions, tell in (
        (hot, part_of(report, 0.0, warm)),
        (cool, part_of(report, warm, 1 - warm)),
    ):
        run = oracle.simulate_with([bias], atoms, conditions, report=tell)
        atoms.positions = run.trajectory.positions[-1]
    cutoff = SHELL.get(bias.cation, OTHERS)
    anions, oxygens = (
        coordination_number(
            radial_distribution(run.trajectory, (bias.cation, other)), cutoff=cutoff
        )
        for other in (bias.anion, "O")
    )
    return BiasedReplica(bias.scale, atoms, anions, oxygens)
