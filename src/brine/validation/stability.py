"""Whether molecular dynamics survives, at the target temperature and above."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms

from brine.settings.validation import ValidationSettings
from brine.structures.simulation import Simulation
from brine.validation.held_out_gates import not_run
from brine.validation.verdict import Gate, Status


@dataclass(frozen=True)
class StabilityRun:
    """What became of one run.

    Attributes
    ----------
    target : float, K
        The temperature asked for.
    temperature : float, K
        Mean over the second half of the run.
    duration, asked : float, ps
        Simulated before the run ended, and asked for.
    stopped : str
        Reason of the guard that stopped it; empty when it reached its end.
    broken : tuple of str
        Molecules found broken in the frames looked at.
    """

    target: float
    temperature: float
    duration: float
    asked: float
    stopped: str
    broken: tuple[str, ...]

    def fault(self, temperature_offset: float) -> str:
        """What is wrong, in a few words; empty when nothing is."""
        if self.stopped:
            return f"stopped after {self.duration:.2f} ps: {self.stopped.rstrip('.')}"
        if self.broken:
            return f"broke molecules: {self.broken[0].rstrip('.')}"
        if not abs(self.temperature / self.target - 1) <= temperature_offset:
            return f"settled at {self.temperature:.0f} K"
        return ""


def stability_run(
    simulation: Simulation,
    *,
    target: float,
    asked: float,
    broken: Callable[[Atoms], Sequence[str]],
    every: int = 1,
) -> StabilityRun:
    """What became of `simulation`.

    Parameters
    ----------
    simulation : Simulation
    target : float, K
    asked : float, ps
        How long it should have run.
    broken : callable
        What is broken in a frame, `brine.structures.broken_waters` for water.
    every : int
        Look at every so-many-th frame, the last one always.
    """
    trajectory, log = simulation.trajectory, simulation.log
    looked_at = sorted({*range(0, len(trajectory), every), len(trajectory) - 1} - {-1})
    found: list[str] = []
    for k in looked_at:
        atoms = Atoms(
            numbers=trajectory.numbers,
            positions=trajectory.positions[k],
            cell=trajectory.cells[k],
            pbc=bool(np.any(trajectory.cells[k])),
        )
        time = trajectory.times[k] / 1e3
        found += [f"at {time:.2f} ps {text}" for text in broken(atoms)]
        if found:
            break
    times, temperatures = log["time_fs"], log["temperature_K"]
    return StabilityRun(
        target=target,
        temperature=float(np.mean(temperatures[len(temperatures) // 2 :])),
        duration=float(times[-1] - times[0]) / 1e3,
        asked=asked,
        stopped=simulation.stopped.reason if simulation.stopped else "",
        broken=tuple(found),
    )


def stability_gate(
    runs: Sequence[StabilityRun] | None, settings: ValidationSettings
) -> Gate:
    """Whether every run reached its end with its molecules intact.

    Two runs are asked for: the target temperature (the lowest of `runs`) and one
    `hot_offset_K` above.
    """
    name = "stability"
    if not runs:
        return not_run(name, "no molecular dynamics")
    faults = [(run, run.fault(settings.temperature_offset)) for run in runs]
    faults = [(run, fault) for run, fault in faults if fault]
    shortest = min(runs, key=lambda run: run.duration)
    target = min(run.target for run in runs)
    hot = max(run.target for run in runs) - target >= settings.hot_offset_K - 1
    if faults:
        status = Status.FAIL
        reason = "; ".join(f"the run at {r.target:.0f} K {text}" for r, text in faults)
        reason = reason[0].upper() + reason[1:] + "."
    elif not hot:
        status = Status.UNDETERMINED
        reason = (
            f"Stable at {target:.0f} K for {shortest.duration:.1f} ps, but not tried "
            f"at {target + settings.hot_offset_K:.0f} K."
        )
    else:
        status = Status.PASS
        reason = "Every molecule intact: " + ", ".join(
            f"{run.duration:.1f} ps at {run.target:.0f} K" for run in runs
        )
        reason += "."
    return Gate(
        name=name,
        status=status,
        blocks=status is Status.UNDETERMINED,
        value=shortest.duration,
        error=0.0,
        reference=shortest.asked,
        tolerance=0.0,
        unit="ps",
        reason=reason,
        details={f"temperature_{r.target:.0f}_K": r.temperature for r in runs},
    )
