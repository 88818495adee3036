"""A run in LAMMPS, from atoms to a simulation."""

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.dynamics.engine import StartState, start_state
from brine.dynamics.lammps.agreement import check_agreement
from brine.dynamics.lammps.program import LOG, LammpsProgram
from brine.dynamics.lammps.results import dumped, thermo
from brine.dynamics.lammps.script import (
    COLUMNS,
    DATA,
    FINAL,
    RESTARTS,
    beginning,
    dynamics,
    write_start,
)
from brine.dynamics.lammps.styles import Style, interactions, style_of
from brine.dynamics.settings import MDSettings
from brine.errors import InputError
from brine.potentials import Potential
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation, Stop
from brine.structures.trajectory import Trajectory

Array = NDArray[np.float64]
_CELL: Final = {
    **{(0, 0): "lx", (1, 1): "ly", (2, 2): "lz"},
    **{(1, 0): "xy", (2, 0): "xz", (2, 1): "yz"},
}
"""Columns of LAMMPS's log, by their place in the cell."""
_LOG: Final = {
    "step": "step",
    "temperature_K": "temp",
    "pressure_bar": "press",
    "potential_energy_eV": "pe",
    "kinetic_energy_eV": "ke",
    "conserved_energy_eV": "econserve",
    "volume_A3": "vol",
    "density_g_per_mL": "density",
}
"""Columns of LAMMPS's log, by ours."""


def run_lammps(
    atoms: Atoms,
    potential: Potential,
    settings: MDSettings,
    program: LammpsProgram,
    *,
    folder: Path,
    report: Report = silent,
) -> Simulation:
    """Molecular dynamics of `atoms` under `potential` in LAMMPS.

    Before the first step, energy, forces and pressure of the start must agree with the
    potential's own. A run that was interrupted goes on from LAMMPS's last restart file.

    Parameters
    ----------
    atoms : ase.Atoms
        Periodic; keeps its momenta where it has any.
    potential : Potential
        Native, a DeePMD model, or one of NequIP or Allegro with its package.
    settings : MDSettings
        Its guards are not asked: LAMMPS stops where atoms are lost.
    program : LammpsProgram
    folder : Path
        For LAMMPS's files.
    report : Report

    Raises
    ------
    InputError
        LAMMPS has nothing for the potential, the box is not periodic, or the engines
        disagree.
    """
    _check_periodic(atoms)
    state, found = start_state(atoms, settings), _Folder(folder)
    if not (folder / DATA).exists():
        folder.mkdir(parents=True, exist_ok=True)
        check_agreement(state, potential, program, folder / "agreement").check()
        write_start(state, folder / DATA)
    style, forces = style_of(potential), interactions(potential, state, folder)
    watch = partial(_tell, folder / LOG, settings.n_steps, report)
    begun = time.monotonic()
    reason = _attempt(found, program, settings, style, forces, watch)
    seconds = time.monotonic() - begun
    return _simulation(found, state, settings, reason=reason, seconds=seconds)


def _attempt(
    found: "_Folder",
    program: LammpsProgram,
    settings: MDSettings,
    style: Style,
    forces: Sequence[str],
    watch: Callable[[], None],
) -> str:
    """What stopped LAMMPS, from the newest restart file it can read; empty if none."""
    while True:
        start = found.newest_restart
        part = found.next_part(start)
        script = [
            *beginning(
                f"read_restart {start}" if start else f"read_data {DATA}", style
            ),
            *forces,
            *dynamics(settings, frames=f"frames.{part}", first=start is None),
        ]
        reason = program.run(script, found.path, watch=watch)
        if len(thermo(found.path / LOG)):
            return reason
        if start is None:
            raise InputError(f"LAMMPS: {reason or 'no line in its log'}")
        # Cut short by whatever ended the attempt before: there is an older one.
        found.forget(start)


def _check_periodic(atoms: Atoms) -> None:
    if not atoms.pbc.all():
        raise InputError(
            f"`engine: lammps` needs a box that is periodic in all directions, got "
            f"pbc {atoms.pbc.tolist()}; use `engine: brine`."
        )


def _tell(log: Path, n_steps: int, report: Report) -> None:
    lines = thermo(log)
    if len(lines):
        done = float(lines[-1, 0]) / max(n_steps, 1)
        report("lammps", {"done": done, "temperature_K": float(lines[-1, 1])})


class _Folder:
    """The files of a run and of its earlier attempts."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def newest_restart(self) -> str | None:
        """Name of the last restart file that was written."""
        found = [self.path / name for name in RESTARTS if (self.path / name).exists()]
        newest = max(found, key=lambda p: p.stat().st_mtime, default=None)
        return newest.name if newest else None

    def forget(self, restart: str) -> None:
        """Remove a restart file, and the log of the attempt that could not read it."""
        (self.path / restart).unlink()
        (self.path / LOG).unlink(missing_ok=True)

    def next_part(self, start: str | None) -> int:
        """Number of this attempt; the log of the one before is put aside."""
        parts = self.parts()
        if start is None:
            for path in self.path.glob("log.part.*"):
                path.unlink()
            for number in parts:
                (self.path / f"frames.{number}").unlink()
            (self.path / LOG).unlink(missing_ok=True)
            return 0
        if (self.path / LOG).exists():
            (self.path / LOG).replace(self.path / f"log.part.{max(parts, default=0)}")
        return max(parts, default=-1) + 1

    def parts(self) -> list[int]:
        """Numbers of the attempts that wrote frames, ascending."""
        found = (path.suffix[1:] for path in self.path.glob("frames.*"))
        return sorted(int(number) for number in found)

    def joined(self) -> tuple[list[int], Array, Array]:
        """Steps, lines of the log and positions of all attempts, ascending.

        Of a step that two attempts did, the later one counts.
        """
        earlier = sorted(
            self.path.glob("log.part.*"), key=lambda path: int(path.suffix[1:])
        )
        logs = (thermo(path) for path in (*earlier, self.path / LOG))
        lines = {int(row[0]): row for log in logs for row in log}
        frames = {
            step: positions
            for part in self.parts()
            for step, positions in dumped(self.path / f"frames.{part}")
        }
        steps = sorted(set(lines) & set(frames))
        table = np.array([lines[step] for step in steps])
        return steps, table, np.array([frames[step] for step in steps])


def _simulation(
    found: _Folder,
    state: StartState,
    settings: MDSettings,
    *,
    reason: str,
    seconds: float,
) -> Simulation:
    """What all attempts of a run have done."""
    steps, table, positions = found.joined()
    column = dict(zip(COLUMNS, table.T, strict=True))
    times = column["step"] * settings.timestep
    cells = np.zeros((len(steps), 3, 3))
    for place, name in _CELL.items():
        cells[:, *place] = column[name]
    first = int(thermo(found.path / LOG)[0, 0])
    nanoseconds = (steps[-1] - first) * settings.timestep * 1e-6
    return Simulation(
        Trajectory(
            numbers=state.numbers,
            masses=state.masses,
            positions=positions,
            cells=cells,
            times=times,
            unwrapped=True,
        ),
        {"time_fs": times} | {ours: column[name] for ours, name in _LOG.items()},
        Stop(reason, steps[-1]) if reason else None,
        nanoseconds / (seconds / 86400) if nanoseconds else float("nan"),
        final=None if reason else _final_state(found, state, cells[-1]),
    )


def _final_state(found: _Folder, state: StartState, cell: np.ndarray) -> Atoms:
    ((_, values),) = dumped(found.path / FINAL)
    return state.atoms(values[:, :3], 1e-3 * values[:, 3:], cell)
