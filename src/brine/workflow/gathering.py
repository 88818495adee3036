"""What the steps of a protocol have found, read when it is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from ase import Atoms

from brine.datasets import Dataset, Finding, Split, load_dataset
from brine.observables import read_trajectory
from brine.potentials import Potential, load
from brine.settings import (
    OracleReference,
    Protocol,
    TrajectoryReference,
)
from brine.structures import Simulation, broken_waters
from brine.training import HeldOutErrors, held_out_errors
from brine.validation import (
    DimerScan,
    EnergyDrift,
    PressureVolumeScan,
    StabilityRun,
    dimer_scans,
    energy_drift,
    pressure_volume_scan,
    shortest_distances,
    stability_run,
)
from brine.workflow.fitting import read_predictions
from brine.workflow.labelling import (
    DATASET,
    MAIN,
    held_out_step,
    read_findings,
    read_leak,
    read_splits,
)
from brine.workflow.measuring import Measured, attempted, frame_of, measure
from brine.workflow.simulating import POTENTIAL, read_simulation
from brine.workflow.step import Task

FRAMES_SCALED = 10
"""Frames whose pressure is scanned."""
FRAMES_LOOKED_AT = 200
"""Frames of a run in which molecules are counted."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """The results of all steps, read when they are asked for."""

    protocol: Protocol
    task: Task

    @cached_property
    def dataset(self) -> Dataset:
        """All labelled frames."""
        return load_dataset(self.task.needs["labels"] / DATASET)

    @cached_property
    def splits(self) -> dict[str, Split]:
        """Splits by name; ``main`` is the verdict's."""
        return read_splits(self.task.needs["splits"])

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """Of the label audit."""
        return read_findings(self.task.needs["audit"])

    @cached_property
    def potential(self) -> Potential:
        """The potential that is judged."""
        return load(self.task.needs["fit"] / POTENTIAL)

    @cached_property
    def errors(self) -> dict[str, HeldOutErrors]:
        """Held-out errors of every split."""
        return {
            name: held_out_errors(
                self.dataset.select(split.test),
                read_predictions(self.task.needs[held_out_step(name)]),
            )
            for name, split in self.splits.items()
        }

    @cached_property
    def runs(self) -> dict[str, Simulation]:
        """Every simulation, the oracle's too, by the name of its step."""
        names = ("equilibrate", "nvt", "npt", "nve", "hot", "oracle-nvt", "oracle-npt")
        needs = self.task.needs
        return {name: read_simulation(needs[name]) for name in names if name in needs}

    @cached_property
    def model(self) -> Measured:
        """What the model's runs say."""
        temperature = self.protocol.dynamics.temperature_K
        runs = self.runs
        return measure(runs.get("nvt"), runs.get("npt"), temperature=temperature)

    @cached_property
    def reference(self) -> Measured | None:
        """What the reference's runs say; None where experiment is the reference."""
        temperature = self.protocol.dynamics.temperature_K
        match self.protocol.reference:
            case OracleReference():
                nvt, npt = self.runs.get("oracle-nvt"), self.runs.get("oracle-npt")
                return measure(nvt, npt, temperature=temperature)
            case TrajectoryReference() as settings:
                base = Path(self.task.places["base"])
                topology = settings.topology
                trajectory = read_trajectory(
                    base / settings.path,
                    topology=base / topology if topology else None,
                )
                return measure(trajectory, temperature=temperature)
        return None

    @cached_property
    def dimers(self) -> tuple[DimerScan, ...]:
        """Every pair of elements down to 0.5 Å."""
        return dimer_scans(self.potential, supported=shortest_distances(self.dataset))

    @cached_property
    def pressure_volume(self) -> PressureVolumeScan | None:
        """P(V) around frames of the run at constant volume."""
        frames = self._frames_of_run() or self._labelled_frames()
        if not frames or not all(atoms.pbc.all() for atoms in frames):
            return None
        return pressure_volume_scan(
            self.potential, frames, moved="molecules", report=self.task.report
        )

    @cached_property
    def drift(self) -> EnergyDrift | None:
        """Of the NVE run."""
        run = self.runs.get("nve")
        if run is None or run.stopped is not None:
            return None
        return attempted(partial(energy_drift, run))

    @cached_property
    def stability(self) -> tuple[StabilityRun, ...]:
        """At the target temperature and above."""
        dynamics = self.protocol.dynamics
        asked = {
            "nvt": (dynamics.temperature_K, dynamics.nvt_ps),
            "hot": (dynamics.temperature_K + dynamics.hot_above_K, dynamics.hot_ps),
        }
        return tuple(
            stability_run(
                self.runs[name],
                target=target,
                asked=duration,
                broken=broken_waters if self._has_water else _nothing_broken,
                every=max(1, len(self.runs[name].trajectory) // FRAMES_LOOKED_AT),
            )
            for name, (target, duration) in asked.items()
        )

    @property
    def _has_water(self) -> bool:
        trajectory = self.runs["equilibrate"].trajectory
        return len(trajectory) > 0 and not broken_waters(frame_of(trajectory))

    @property
    def leaks(self) -> bool:
        """Whether held-out frames of the main split are near copies."""
        return bool(read_leak(self.task.needs["splits"], MAIN)["leaks"])

    def _frames_of_run(self) -> list[Atoms]:
        run = self.runs.get("nvt")
        if run is None or run.stopped is not None or not len(run.trajectory):
            return []
        last = len(run.trajectory) - 1
        chosen = np.linspace(0, last, min(FRAMES_SCALED, last + 1)).round().astype(int)
        return [frame_of(run.trajectory, int(k)) for k in np.unique(chosen)]

    def _labelled_frames(self) -> list[Atoms]:
        chosen = self.splits[MAIN].test[:FRAMES_SCALED]
        return [self.dataset.frame(int(k)) for k in chosen]


def _nothing_broken(atoms: Atoms) -> list[str]:
    return []
