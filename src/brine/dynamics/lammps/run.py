"""A run in LAMMPS, from atoms to a simulation."""

import time
from functools import partial
from pathlib import Path

import numpy as np
from ase import Atoms

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
    interactions,
    write_start,
)
from brine.dynamics.settings import MDSettings
from brine.errors import InputError
from brine.potentials.foreign import ForeignPotential
from brine.structures.progress import Report, silent
from brine.structures.simulation import Simulation, Stop
from brine.structures.trajectory import Trajectory


def run_lammps(
    atoms: Atoms,
    potential: ForeignPotential,
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
    potential : ForeignPotential
        A DeePMD model.
    settings : MDSettings
        Its guards are not asked: LAMMPS stops where atoms are lost.
    program : LammpsProgram
    folder : Path
        For LAMMPS's files.
    report : Report

    Raises
    ------
    InputError
        The potential has no pair style, the box is not periodic, or the engines
        disagree.
    """
    if not atoms.pbc.all():
        raise InputError(
            f"`engine: lammps` needs a box that is periodic in all directions, got "
            f"pbc {atoms.pbc.tolist()}; use `engine: brine`."
        )
    state = start_state(atoms, settings)
    folder.mkdir(parents=True, exist_ok=True)
    found = _Folder(folder)
    if not (folder / DATA).exists():
        check_agreement(state, potential, program, folder / "agreement").check()
        (folder / potential.name).write_bytes(potential.content)
        write_start(state, folder / DATA)
    start = found.newest_restart
    part = found.next_part(start)
    script = [
        *beginning(f"read_restart {start}" if start else f"read_data {DATA}"),
        *interactions(potential, state),
        *dynamics(settings, frames=f"frames.{part}", first=start is None),
    ]
    begun = time.monotonic()
    watch = partial(_tell, folder / LOG, settings.n_steps, report)
    reason = program.run(script, folder, watch=watch)
    if not len(thermo(folder / LOG)):
        raise InputError(f"LAMMPS: {reason or 'no line in its log'}")
    seconds = time.monotonic() - begun
    return _simulation(found, state, settings, reason=reason, seconds=seconds)


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

    def logs(self) -> list[Path]:
        """Of every attempt, oldest first."""
        earlier = self.path.glob("log.part.*")
        return [*sorted(earlier, key=lambda p: int(p.suffix[1:])), self.path / LOG]


def _simulation(
    found: _Folder,
    state: StartState,
    settings: MDSettings,
    *,
    reason: str,
    seconds: float,
) -> Simulation:
    """The attempts joined: of a step that two of them did, the later one counts."""
    lines = {int(row[0]): row for log in found.logs() for row in thermo(log)}
    frames = {
        step: positions
        for part in found.parts()
        for step, positions in dumped(found.path / f"frames.{part}")
    }
    steps = sorted(set(lines) & set(frames))
    table = np.array([lines[step] for step in steps])
    column = {name: table[:, k] for k, name in enumerate(COLUMNS)}
    times = column["step"] * settings.timestep
    cells = np.zeros((len(steps), 3, 3))
    for (i, j), name in {
        (0, 0): "lx",
        (1, 1): "ly",
        (2, 2): "lz",
        (1, 0): "xy",
        (2, 0): "xz",
        (2, 1): "yz",
    }.items():
        cells[:, i, j] = column[name]
    trajectory = Trajectory(
        numbers=state.numbers,
        masses=state.masses,
        positions=np.array([frames[step] for step in steps]),
        cells=cells,
        times=times,
        unwrapped=True,
    )
    log = {
        "step": column["step"],
        "time_fs": times,
        "temperature_K": column["temp"],
        "pressure_bar": column["press"],
        "potential_energy_eV": column["pe"],
        "kinetic_energy_eV": column["ke"],
        "conserved_energy_eV": column["econserve"],
        "volume_A3": column["vol"],
        "density_g_per_mL": column["density"],
    }
    first = int(thermo(found.path / LOG)[0, 0])
    days = seconds / 86400
    done = (steps[-1] - first) * settings.timestep * 1e-6
    return Simulation(
        trajectory,
        log,
        Stop(reason, steps[-1]) if reason else None,
        done / days if done else float("nan"),
        final=None if reason else _final_state(found, state, cells[-1]),
    )


def _final_state(found: _Folder, state: StartState, cell: np.ndarray) -> Atoms:
    ((_, values),) = dumped(found.path / FINAL)
    return state.atoms(values[:, :3], 1e-3 * values[:, 3:], cell)
