"""Molecular dynamics: one call from atoms to a trajectory.

>>> settings = MDSettings(NVT(300.0), n_steps=20000)
>>> simulation = run_md(atoms, potential, settings, out=Path("md"))

A run with `out` can be killed at any time: called again with the same arguments it
goes on from its last checkpoint, and ends with the same bytes.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ase import Atoms

from brine.dynamics.checkpoint import Checkpoint, run_hash
from brine.dynamics.engine import (
    halt_reason,
    history_frames,
    make_dynamics,
    start_state,
)
from brine.dynamics.ensembles import NPT
from brine.dynamics.forces import ForceSource, force_field
from brine.dynamics.guards import FrameWatch, watches_water
from brine.dynamics.interruption import Interruption
from brine.dynamics.record import FolderRecord, Line, MemoryRecord, Record
from brine.dynamics.settings import MDSettings
from brine.dynamics.speedometer import Speedometer
from brine.errors import InputError
from brine.native import _native
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation, Stop
from brine.units import BAR, GRAM_PER_ML

_WAKE_S = 0.25
"""How long the native loop may run before Python looks at Ctrl-C and progress."""


def run_md(
    atoms: Atoms,
    potential: ForceSource,
    settings: MDSettings,
    *,
    out: Path | None = None,
    threads: int = 0,
    report: Report = silent,
) -> Simulation:
    """Molecular dynamics of `atoms` under `potential`.

    Parameters
    ----------
    atoms : ase.Atoms
        Keeps its momenta where it has any. A cell that is not in standard orientation
        is rotated, and the atoms with it.
    potential : Potential, ASE calculator or native force field
    settings : MDSettings
    out : Path or None
        Folder for ``trajectory.nc`` (AMBER NetCDF), ``log.csv``,
        ``checkpoint.npz`` and, where a guard spoke, ``stopped-frames.extxyz``. None:
        everything stays in memory.
    threads : int
        Of the native potential; any number gives the same bits, and 0 means all.
    report : Report
        Told about twice a second.

    Returns
    -------
    simulation : Simulation
        ``simulation.stopped`` says whether and why a guard ended the run.

    Raises
    ------
    InputError
        The run cannot start as asked.
    OutputError
        The disk is full; what is on it lets the run go on.
    """
    run = _Run(atoms, potential, settings, out, threads)
    try:
        return run.execute(report)
    finally:
        run.record.close()


class _Run:
    """The state of one call of `run_md`."""

    def __init__(
        self,
        atoms: Atoms,
        potential: ForceSource,
        settings: MDSettings,
        out: Path | None,
        threads: int,
    ) -> None:
        self.settings = settings
        self.state = state = start_state(atoms, settings)
        self.hash = run_hash(state, settings)
        start = state.atoms(state.positions, state.velocities, state.cell)
        self.field = force_field(potential, start, threads=threads)
        self.dynamics = make_dynamics(state, settings, field=self.field)
        self.watch = FrameWatch(
            settings.guards,
            _largest_uncertainty(potential),
            math.isfinite(settings.guards.proton_hop) and watches_water(start),
        )
        self.record: Record = MemoryRecord(state)
        if out is not None:
            self.record = FolderRecord(Path(out), state, run_hash=self.hash)
        self.stop: Stop | None = None

    def execute(self, report: Report) -> Simulation:
        """Begin or go on, and run to the end or to a stop."""
        n_steps = self.settings.n_steps
        resumed = self.resume()
        speed = Speedometer(report, self.settings, first_step=self.dynamics.step)
        with Interruption() as interruption:
            if not resumed:
                self.begin()
            while self.stop is None and self.dynamics.step < n_steps:
                self.advance()
                speed.tell(self.line())
                if interruption.asked:
                    raise KeyboardInterrupt(f"stopped at step {self.dynamics.step}")
        line = self.line()
        speed.tell_last(line)
        rate = speed.ns_per_day(line[0])
        trajectory, log = self.record.result()
        return Simulation(trajectory, log, self.stop, rate, final=self.atoms())

    def atoms(self) -> Atoms:
        """The present state."""
        d = self.dynamics
        return self.state.atoms(d.positions, d.velocities, d.cell)

    def resume(self) -> bool:
        """Go back to the checkpoint, where there is one."""
        checkpoint = self.record.checkpoint
        if checkpoint is None:
            return False
        if checkpoint.step > self.settings.n_steps:
            raise InputError(
                f"`n_steps` must be at least the {checkpoint.step} steps already done "
                f"there, got {self.settings.n_steps}; choose another folder."
            )
        self.dynamics.restore(
            checkpoint.positions,
            checkpoint.velocities,
            checkpoint.cell,
            checkpoint.step,
            checkpoint.bath,
            checkpoint.earlier_temperature,
            checkpoint.random_state,
        )
        self.watch.broken_since = checkpoint.broken_since
        if checkpoint.step < self.settings.n_steps:
            self.dynamics.synchronise()
        return True

    def begin(self) -> None:
        """Evaluate the start, write its frame and the first checkpoint."""
        dynamics = self.dynamics
        dynamics.synchronise()
        if not (math.isfinite(dynamics.energy) and np.isfinite(dynamics.forces).all()):
            self.end("the energy or a force of the first frame is not finite.")
            return
        npt = isinstance(self.settings.ensemble, NPT)
        if npt and not math.isfinite(dynamics.pressure):
            raise InputError(
                "`potential` must give a stress for constant pressure, got none; "
                "use NVT or another potential."
            )
        self.write_frame()
        self.save_checkpoint()

    def advance(self) -> None:
        """Run to the next event, or for as long as Python may sleep."""
        dynamics, settings = self.dynamics, self.settings
        step = dynamics.step
        target = min(
            settings.n_steps,
            *(step - step % k + k for k in self.intervals()),
        )
        halt = dynamics.run(target - step, _WAKE_S)
        if halt != _native.Halt.none:
            mass = float(self.state.masses.sum())
            value = dynamics.halt_value
            self.end(halt_reason(halt, value, limits=settings, total_mass=mass))
            return
        step = dynamics.step
        if step < target:
            return
        due = [step % k == 0 for k in self.intervals()]
        at_checkpoint = due[1] or step == settings.n_steps
        if at_checkpoint:
            dynamics.synchronise()
        if due[0]:
            self.write_frame()
        if at_checkpoint and self.stop is None:
            self.save_checkpoint()

    def intervals(self) -> tuple[int, int]:
        """Steps between frames, and between checkpoints."""
        return self.settings.interval, self.settings.checkpoint_interval

    def write_frame(self) -> None:
        """Write frame and line, then ask the guards that look at frames."""
        dynamics, line = self.dynamics, self.line()
        self.record.write(line, dynamics.positions, dynamics.cell)
        if self.watch.idle:
            return
        frame_index = dynamics.step // self.settings.interval
        reason = self.watch.objection(self.atoms(), time=line[1], index=frame_index)
        if reason:
            self.end(reason)

    def line(self) -> Line:
        """One line of the log."""
        d = self.dynamics
        density = float(self.state.masses.sum()) / d.volume / GRAM_PER_ML
        return (
            d.step,
            d.step * self.settings.timestep,
            d.temperature,
            d.pressure / BAR,
            d.energy,
            d.kinetic_energy,
            d.conserved_energy,
            d.volume,
            density,
        )

    def end(self, reason: str) -> None:
        """Stop here, and keep the frames that led here."""
        frames = history_frames(self.dynamics, self.state)
        self.stop = Stop(reason, self.dynamics.step, frames)
        self.record.save_stop(frames, reason=reason)

    def save_checkpoint(self) -> None:
        """Keep all that is needed to go on from this step."""
        n_frames, trajectory_bytes, log_bytes = self.record.sizes()
        d = self.dynamics
        self.record.save(
            Checkpoint(
                run_hash=self.hash,
                step=d.step,
                positions=d.positions,
                velocities=d.velocities,
                cell=d.cell,
                bath=d.bath,
                earlier_temperature=d.earlier_temperature,
                random_state=d.random_state,
                broken_since=self.watch.broken_since,
                n_frames=n_frames,
                trajectory_bytes=trajectory_bytes,
                log_bytes=log_bytes,
            )
        )


def _largest_uncertainty(potential: ForceSource) -> Callable[[Atoms], float] | None:
    uncertainty = getattr(potential, "uncertainty", None)
    if uncertainty is None:
        return None

    def largest(atoms: Atoms) -> float:
        found = uncertainty(atoms)
        return float(np.max(found.forces)) if found is not None else 0.0

    return largest
