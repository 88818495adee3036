"""Born–Oppenheimer dynamics: any oracle's forces in brine's own loop."""

import hashlib
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Final

from ase import Atoms
from ase.calculators.calculator import Calculator

from brine.dynamics import NPT, NVT, MDSettings, Ramp, no_guards, run_md
from brine.oracles import Conditions, Labels, Oracle, OracleCalculator
from brine.structures import Report, Simulation, Trajectory, silent
from brine.structures.progress import part_of

COLD: Final = 50.0
"""K, where a run begins"""
CHECKPOINT_STEPS: Final = 5
"""Between two checkpoints: a step may take minutes."""


@dataclass(frozen=True)
class BornOppenheimer:
    """An oracle that runs dynamics, however dear its forces are.

    Attributes
    ----------
    oracle : Oracle
    folder : Path or None
        Where runs are stored and go on after a kill; None keeps them in memory.
    ramp : float, K/fs
        A run begins at 50 K and warms up at this rate, then holds.
    """

    oracle: Oracle
    folder: Path | None = None
    ramp: float = 0.05

    @property
    def fingerprint(self) -> str:
        """The oracle's."""
        return self.oracle.fingerprint

    @property
    def cores(self) -> int:
        """The oracle's."""
        return self.oracle.cores

    def label(self, atoms: Atoms) -> Labels:
        """The oracle's labels."""
        return self.oracle.label(atoms)

    def simulate(
        self, atoms: Atoms, conditions: Conditions, *, report: Report = silent
    ) -> Simulation:
        """A ramp of the temperature, a hold, and a run at constant volume or pressure.

        Raises
        ------
        UnconvergedError
            A step has no forces; what is stored lets the run go on.
        """
        warm = NVT(Ramp(min(COLD, conditions.temperature), conditions.temperature))
        hold = NVT(conditions.temperature)
        duration = max(0.0, conditions.temperature - COLD) / self.ramp
        ensemble = (
            hold
            if conditions.pressure is None
            else NPT(conditions.temperature, conditions.pressure)
        )
        stages = {
            "warm": (warm, duration),
            "hold": (hold, conditions.equilibration),
            "run": (ensemble, conditions.duration),
        }
        stride = max(1, round(conditions.interval / conditions.timestep))
        whole, before = sum(length for _, length in stages.values()), 0.0
        state, calculator = atoms, _calculator(self.oracle)
        for number, (name, (bath, length)) in enumerate(stages.items()):
            n_steps = round(length / conditions.timestep)
            settings = MDSettings(
                bath,
                n_steps - n_steps % stride if name == "run" else n_steps,
                timestep=conditions.timestep,
                interval=stride,
                seed=conditions.seed + number,
                guards=no_guards(),
                checkpoint_interval=CHECKPOINT_STEPS,
            )
            run = run_md(
                state,
                calculator,
                settings,
                out=self._folder(atoms, conditions, name),
                report=part_of(report, before / whole, length / whole),
            )
            before += length
            assert run.final is not None
            state = run.final
        return replace(run, trajectory=_without_start(run.trajectory))

    def _folder(self, atoms: Atoms, conditions: Conditions, stage: str) -> Path | None:
        if self.folder is None:
            return None
        text = f"{self.fingerprint} {astuple(conditions)} {atoms.positions.tolist()}"
        return self.folder / hashlib.sha256(text.encode()).hexdigest()[:12] / stage


def _calculator(oracle: Oracle) -> Calculator:
    """The oracle's own, which may start each step from the one before."""
    own = getattr(oracle, "calculator", None)
    return OracleCalculator(oracle) if own is None else own()


def _without_start(run: Trajectory) -> Trajectory:
    """The frames after the first, which the hold has ended with."""
    return replace(
        run, positions=run.positions[1:], cells=run.cells[1:], times=run.times[1:]
    )
