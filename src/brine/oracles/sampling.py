"""Frames that fix forces, pressure and repulsion: many densities and temperatures.

Frames of one run at one pressure fix the forces but hardly the pressure. So the
oracle runs at fixed volumes around the target density and at several temperatures;
some frames of every run are copied with their molecules moved apart or together, and
with the whole cell shrunk until atoms repel.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms

from brine.datasets.dataset import Dataset
from brine.errors import InputError
from brine.oracles.cores import side_by_side
from brine.oracles.labelling import label_frames
from brine.oracles.oracle import Conditions, DynamicOracle, Oracle
from brine.structures.boxes import build_box
from brine.structures.clusters import neutral_clusters, place_cluster
from brine.structures.perturbations import rattle, scale_cell, scale_molecules
from brine.structures.progress import Report, silent

CLUSTERS: Final = "clusters"
"""Their group"""


@dataclass(frozen=True)
class SamplingPlan:
    """Which frames are taken.

    Attributes
    ----------
    density : float, g/mL
        The target; the runs are at multiples of it.
    density_factors : tuple of float
    temperatures : tuple of float, K
        Every temperature is run at every density.
    frames_per_run : int
    interval : float, fs
        Between frames of a run.
    equilibration : float, fs
        Thrown away at the start of each run.
    timestep : float, fs
    pressure : float or None, bar
        Of runs whose cell may change; None keeps their volume.
    molecule_factors : tuple of float
        In length: molecules moved apart or together with the cell, rigid.
    cell_factors : tuple of float
        In length: everything scaled, bonds too.
    rattles : tuple of float, Å
        Standard deviations of copies whose atoms are moved at random.
    scaled_frames : int
        How many frames of each run are copied with each factor and each deviation.
    cluster_contacts : tuple of float, Å
        Closest distances of two molecules in dimers and trimers alone in a box; with
        any, every neutral cluster of up to three molecules is labelled.
    cluster_edge : float, Å
        Of that box.
    """

    density: float = 1.0
    density_factors: tuple[float, ...] = (0.90, 0.95, 1.00, 1.05, 1.10)
    temperatures: tuple[float, ...] = (300.0, 400.0, 600.0)
    frames_per_run: int = 20
    interval: float = 200.0
    equilibration: float = 2000.0
    timestep: float = 1.0
    pressure: float | None = None
    molecule_factors: tuple[float, ...] = (0.97, 1.03)
    cell_factors: tuple[float, ...] = (0.92, 0.80)
    rattles: tuple[float, ...] = ()
    scaled_frames: int = 1
    cluster_contacts: tuple[float, ...] = ()
    cluster_edge: float = 12.0

    def __post_init__(self) -> None:
        """Refuse plans without frames."""
        if not (self.density_factors and self.temperatures):
            raise InputError(
                "a plan must have a density and a temperature, got "
                f"{self.density_factors} and {self.temperatures}."
            )
        if not self.frames_per_run >= 1 or self.scaled_frames < 0:
            raise InputError(
                "`frames_per_run` must be 1 or more and `scaled_frames` not negative, "
                f"got {self.frames_per_run} and {self.scaled_frames}."
            )

    def group(self, temperature: float, factor: float) -> str:
        """Name of a run, with as many digits as tell it from the others."""
        factors = set(self.density_factors)
        digits = next(
            n for n in count(2) if len({f"{x:.{n}f}" for x in factors}) == len(factors)
        )
        return f"T{temperature:g}_rho{factor:.{digits}f}"

    @property
    def groups(self) -> tuple[str, ...]:
        """Names of all groups of frames."""
        runs = product(self.temperatures, self.density_factors)
        clusters = (CLUSTERS,) if self.cluster_contacts else ()
        return (*(self.group(*run) for run in runs), *clusters)


@dataclass(frozen=True)
class _Frame:
    atoms: Atoms
    group: str
    source: str


def sample_frames(
    oracle: DynamicOracle,
    molecules: Mapping[str, int],
    *,
    plan: SamplingPlan,
    seed: int,
    labeller: Oracle | None = None,
    workers: int | None = None,
    kept: Path | None = None,
    report: Report = silent,
) -> Dataset:
    """Labelled frames of the oracle's own dynamics, as `plan` says.

    A group is a run, named such as ``T300_rho1.05``; scaled copies belong to the run
    of the frame they were made from, so that a split by group does not leak, and have
    a source of their own, such as ``T300_rho1.05_cell0.80``. Clusters are a group of
    their own. The same seed gives the same frames, however many workers there are.

    Parameters
    ----------
    oracle : DynamicOracle
        Runs the dynamics.
    molecules : mapping of str to int
        As for `build_box`.
    plan : SamplingPlan
    seed : int
    labeller : Oracle, optional
        Labels the frames; the one that ran the dynamics where absent.
    workers : int, optional
        Runs at a time; as many as there are cores where absent.
    kept : Path, optional
        Folder for labels, as for `label_frames`.
    report : Report
    """
    runs = list(product(plan.temperatures, plan.density_factors))
    seeds = np.random.SeedSequence(seed).spawn(len(runs))
    jobs: list[Callable[[Report], list[_Frame]]] = [
        partial(_run, oracle, molecules, plan, run, stream)
        for run, stream in zip(runs, seeds, strict=True)
    ]
    sampled = side_by_side(jobs, task="sampling", workers=workers, report=report)
    frames = [frame for run in sampled for frame in run]
    frames += _clusters(molecules, plan, np.random.default_rng([seed, 1]))
    labeller = labeller or oracle
    return label_frames(
        labeller,
        [frame.atoms for frame in frames],
        groups=[frame.group for frame in frames],
        sources=[frame.source for frame in frames],
        workers=workers and max(1, workers // labeller.cores),
        kept=kept,
        report=report,
    )


def _run(
    oracle: DynamicOracle,
    molecules: Mapping[str, int],
    plan: SamplingPlan,
    run: tuple[float, float],
    stream: np.random.SeedSequence,
    report: Report,
) -> list[_Frame]:
    temperature, factor = run
    rng = np.random.default_rng(stream)
    start = build_box(molecules, density=plan.density * factor, rng=rng)
    conditions = Conditions(
        temperature=temperature,
        duration=plan.frames_per_run * plan.interval,
        equilibration=plan.equilibration,
        timestep=plan.timestep,
        pressure=plan.pressure,
        interval=plan.interval,
        seed=int(rng.integers(2**31)),
    )
    simulation = oracle.simulate(start, conditions, report=report)
    if simulation.stopped is not None:
        raise InputError(
            f"the oracle's run at {temperature} K and {factor} times the density "
            f"stopped at step {simulation.stopped.step}: {simulation.stopped.reason}"
        )
    trajectory = simulation.trajectory
    name = plan.group(temperature, factor)
    taken = [
        Atoms(trajectory.numbers, positions, cell=cell, pbc=True)
        for positions, cell in zip(trajectory.positions, trajectory.cells, strict=True)
    ]
    return [
        *(_Frame(atoms, name, name) for atoms in taken),
        *_changed(taken, plan, name, rng),
    ]


def _changed(
    taken: list[Atoms], plan: SamplingPlan, name: str, rng: np.random.Generator
) -> list[_Frame]:
    """Copies of evenly spaced frames of a run, each change of other frames."""

    def shaken(atoms: Atoms, deviation: float) -> Atoms:
        return rattle(atoms, deviation=deviation, rng=rng)

    changes: list[tuple[str, float, Callable[[Atoms, float], Atoms]]] = [
        *(("molecules", factor, scale_molecules) for factor in plan.molecule_factors),
        *(("cell", factor, scale_cell) for factor in plan.cell_factors),
        *(("rattle", deviation, shaken) for deviation in plan.rattles),
    ]
    frames = []
    for k, (kind, size, change) in enumerate(changes):
        for copy in range(plan.scaled_frames):
            index = (copy * len(changes) + k) * len(taken)
            atoms = taken[index // max(1, plan.scaled_frames * len(changes))]
            frames.append(_Frame(change(atoms, size), name, f"{name}_{kind}{size:.2f}"))
    return frames


def _clusters(
    molecules: Mapping[str, int], plan: SamplingPlan, rng: np.random.Generator
) -> list[_Frame]:
    """Single molecules once, dimers and trimers at every contact."""
    frames = []
    for members in neutral_clusters(tuple(molecules)) if plan.cluster_contacts else ():
        for contact in plan.cluster_contacts[: None if len(members) > 1 else 1]:
            atoms = place_cluster(members, contact, edge=plan.cluster_edge, rng=rng)
            words = "+".join(members) + (f"_{contact:.2f}" if len(members) > 1 else "")
            frames.append(_Frame(atoms, CLUSTERS, f"{CLUSTERS}_{words}"))
    return frames
