"""Steps that run molecular dynamics, the model's and the oracle's."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import ase.units
import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from pydantic import TypeAdapter

from brine.datasets import Dataset, compositions, load_dataset
from brine.dynamics import (
    NPT,
    NVE,
    NVT,
    AmberNetCDFWriter,
    Ensemble,
    MDSettings,
    read_amber_netcdf,
    read_log,
    run_md,
)
from brine.dynamics.checkpoint import read_checkpoint
from brine.dynamics.lammps import find_lammps, run_lammps, style_of
from brine.errors import DataFileError
from brine.oracles import Conditions
from brine.oracles.cores import process_on_one_core
from brine.potentials import Potential, load
from brine.settings import (
    Dynamics,
    FileSystem,
    LabelledFrameSystem,
    Langevin,
    MoleculesSystem,
    OracleLabels,
    System,
)
from brine.structures import Simulation, Stop, atomic_masses, scale_molecules
from brine.structures.boxes import mass_density
from brine.structures.contents import contents
from brine.structures.files import read_frames
from brine.workflow.labelling import DATASET
from brine.workflow.sampling import make_sampler
from brine.workflow.step import Task
from brine.workflow.store import write_atomically

START = "start.json"
SUMMARY = "simulation.json"
LAMMPS = "lammps"
"""Of a run in LAMMPS: its input and its log are kept."""
POTENTIAL = "potential.brine"
SYSTEM: TypeAdapter[System] = TypeAdapter(System)


def build_start(task: Task) -> None:
    """Choose or build the box that molecular dynamics starts from."""
    system = SYSTEM.validate_python(task.inputs["system"])
    match system:
        case FileSystem():
            path = Path(task.places["base"]) / system.path
            (atoms,) = read_frames(path, index=system.frame, what="structure")
        case LabelledFrameSystem():
            dataset = load_dataset(task.needs["labels"] / DATASET)
            atoms = labelled_frame(system, dataset)
        case MoleculesSystem():
            atoms = _packed(system, task)
    write_state(task.folder / START, atoms)


FRICTION_TIME_FS = 100.0
"""Of the Langevin dynamics that equilibrate."""


def equilibrate(task: Task) -> None:
    """Bring every degree of freedom of the box to temperature.

    By friction: a bond's vibration hardly talks to the liquid, and a thermostat that
    looks at the kinetic energy as a whole would leave it cold, or hot, for 100 ps and
    keep the liquid as far from its temperature on the other side.
    """
    dynamics = Dynamics.model_validate(task.inputs["dynamics"])
    atoms = read_state(task.needs["start"] / START)
    settings = md_settings(dynamics, atoms, "nvt", dynamics.equilibration_ps)
    friction = NVT(dynamics.temperature_K, "langevin", FRICTION_TIME_FS)
    settings = replace(settings, seed=task.inputs["seed"], ensemble=friction)
    simulation = _run(atoms, settings, dynamics, task)
    if simulation.stopped is None and settings.n_steps:
        atoms = simulation.final or final_state(task.folder, atoms)
    write_state(task.folder / START, atoms)


def simulate(task: Task) -> None:
    """Run the model in one ensemble."""
    stopped = read_simulation(task.needs["equilibrate"]).stopped
    if stopped is not None:
        _copy_simulation(task.needs["equilibrate"], task.folder)
        return
    dynamics = Dynamics.model_validate(task.inputs["dynamics"])
    atoms = read_state(task.needs["equilibrate"] / START)
    settings = md_settings(
        dynamics, atoms, task.inputs["ensemble"], task.inputs["duration_ps"]
    )
    _run(atoms, replace(settings, seed=task.inputs["seed"]), dynamics, task)


def simulate_oracle(task: Task) -> None:
    """Run the oracle's own molecular dynamics."""
    dynamics = Dynamics.model_validate(task.inputs["dynamics"])
    constant_pressure = task.inputs["ensemble"] == "npt"
    thermostat = dynamics.thermostat
    friction = thermostat.friction_per_ps if isinstance(thermostat, Langevin) else 0.0
    conditions = Conditions(
        temperature=dynamics.temperature_K,
        duration=1e3 * task.inputs["duration_ps"],
        pressure=dynamics.pressure_bar if constant_pressure else None,
        equilibration=1e3 * dynamics.equilibration_ps,
        timestep=task.inputs["timestep_fs"],
        interval=dynamics.interval_fs,
        friction=friction,
        bond_time_constant=_bond_time(dynamics),
        seed=task.inputs["seed"],
    )
    atoms = read_state(task.needs["start"] / START)
    labels = OracleLabels(kind="oracle", oracle=task.inputs["oracle"])
    oracle = make_sampler(labels, ())
    with process_on_one_core():
        simulation = oracle.simulate(atoms, conditions, report=task.report)
    write_simulation(task.folder, simulation)


def md_settings(
    dynamics: Dynamics, atoms: Atoms, ensemble: str, duration_ps: float
) -> MDSettings:
    """The run of `ensemble`: ``nve``, ``nvt``, ``npt`` or ``hot``."""
    n_steps = round(1e3 * duration_ps / dynamics.timestep_fs)
    interval = max(1, round(dynamics.interval_fs / dynamics.timestep_fs))
    masses = None
    if dynamics.hydrogen_mass_amu is not None:
        masses = atomic_masses(atoms.numbers, hydrogen=dynamics.hydrogen_mass_amu)
    return MDSettings(
        ensemble=_ensemble(dynamics, ensemble),
        n_steps=n_steps,
        timestep=dynamics.timestep_fs,
        interval=interval,
        masses=masses,
    )


def _ensemble(dynamics: Dynamics, name: str) -> Ensemble:
    temperature = dynamics.temperature_K
    thermostat = dynamics.thermostat
    if name == "nve":
        return NVE(temperature)
    if name == "npt":
        return NPT(
            temperature,
            pressure=dynamics.pressure_bar,
            bond_time_constant=_bond_time(dynamics),
            pressure_time_constant=dynamics.barostat_time_constant_fs,
        )
    if name == "hot":
        # Only whether molecules hold is asked, so whatever heats fastest will do.
        temperature += dynamics.hot_above_K
        return NVT(temperature, "langevin", FRICTION_TIME_FS)
    if isinstance(thermostat, Langevin):
        time_constant = 1e3 / thermostat.friction_per_ps
        return NVT(temperature, thermostat="langevin", time_constant=time_constant)
    return NVT(
        temperature,
        time_constant=thermostat.time_constant_fs,
        bond_time_constant=_bond_time(dynamics),
    )


def _bond_time(dynamics: Dynamics) -> float | None:
    """Of the bath of bonds, fs; friction, which reaches them as well, needs none."""
    thermostat = dynamics.thermostat
    return (
        None if isinstance(thermostat, Langevin) else thermostat.bond_time_constant_fs
    )


def _run(
    atoms: Atoms, settings: MDSettings, dynamics: Dynamics, task: Task
) -> Simulation:
    """`run_md` in the step's folder; another run found there gives way."""
    potential = load(task.needs["fit"] / POTENTIAL)
    if dynamics.engine == "lammps":
        return _run_in_lammps(atoms, potential, settings, dynamics.ranks, task)
    try:
        simulation = run_md(
            atoms, potential, settings, out=task.folder, report=task.report
        )
    except DataFileError:
        shutil.rmtree(task.folder)
        simulation = run_md(
            atoms, potential, settings, out=task.folder, report=task.report
        )
    _write_summary(task.folder, simulation)
    return simulation


def _run_in_lammps(
    atoms: Atoms, potential: Potential, settings: MDSettings, ranks: int, task: Task
) -> Simulation:
    simulation = run_lammps(
        atoms,
        potential,
        settings,
        find_lammps(style_of(potential), ranks=ranks),
        folder=task.folder / LAMMPS,
        report=task.report,
    )
    write_simulation(task.folder, simulation)
    for path in (task.folder / LAMMPS).iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in ("in.lammps", "log.lammps"):
            path.unlink()
    return simulation


def labelled_frame(system: LabelledFrameSystem, dataset: Dataset) -> Atoms:
    """The frame of `dataset` that `system` means, without its labels.

    Raises
    ------
    DataFileError
        There is none of that number.
    """
    frames = np.arange(len(dataset))
    if system.group is not None:
        names = [Path(name).name for name in dataset.group_names]
        wanted = [k for k, name in enumerate(names) if name == system.group]
        wanted += [k for k, n in enumerate(dataset.group_names) if n == system.group]
        frames = np.flatnonzero(np.isin(dataset.group, wanted))
    if not -len(frames) <= system.frame < len(frames):
        raise DataFileError(
            f"`system.frame` must be one of the {len(frames)} labelled frames"
            f"{f' of group {system.group}' if system.group else ''}, "
            f"got {system.frame}."
        )
    return _bare(dataset.frame(int(frames[system.frame])))


def _packed(system: MoleculesSystem, task: Task) -> Atoms:
    """A labelled frame of the same molecules, brought to density; else a new box."""
    found = contents(system, base=Path(task.places["base"]))
    box = found.build(np.random.default_rng(task.inputs["seed"]))
    if "labels" not in task.needs:
        return box
    dataset = load_dataset(task.needs["labels"] / DATASET)
    formula = box.get_chemical_formula("hill")
    same = [k for k, found in enumerate(compositions(dataset)) if found == formula]
    if not same:
        return box
    densities = np.array([mass_density(dataset.frame(k)) for k in same])
    nearest = int(np.argmin(np.abs(densities - found.density)))
    atoms = _bare(dataset.frame(same[nearest]))
    return scale_molecules(atoms, (densities[nearest] / found.density) ** (1 / 3))


def _bare(atoms: Atoms) -> Atoms:
    atoms = atoms.copy()
    atoms.calc = None
    return atoms


def write_state(path: Path, atoms: Atoms) -> None:
    """Write numbers, positions, cell and velocities, every digit of them."""
    content: dict[str, Any] = {
        "numbers": atoms.numbers.tolist(),
        "positions_A": atoms.positions.tolist(),
        "cell_A": atoms.cell.array.tolist(),
        "periodic": atoms.pbc.tolist(),
    }
    if "momenta" in atoms.arrays:
        content["momenta"] = atoms.get_momenta().tolist()
        content["masses_amu"] = atoms.get_masses().tolist()
    write_atomically(path, json.dumps(content))


def read_state(path: Path) -> Atoms:
    """What `write_state` wrote."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return Atoms(
        numbers=content["numbers"],
        positions=content["positions_A"],
        cell=content["cell_A"],
        pbc=content["periodic"],
        masses=content.get("masses_amu"),
        momenta=content.get("momenta"),
    )


def final_state(folder: Path, atoms: Atoms) -> Atoms:
    """`atoms` as the run in `folder` left them, velocities included."""
    last = read_checkpoint(folder / "checkpoint.npz")
    final = atoms.copy()
    final.set_cell(last.cell)
    final.positions = last.positions
    masses: NDArray[np.float64] = read_amber_netcdf(folder / "trajectory.nc").masses
    final.set_masses(masses)
    final.set_velocities(last.velocities / ase.units.fs)
    return final


def write_simulation(folder: Path, simulation: Simulation) -> None:
    """Write a simulation as `run_md` leaves it in its folder."""
    trajectory = simulation.trajectory
    (folder / "trajectory.nc").unlink(missing_ok=True)
    writer = AmberNetCDFWriter(
        folder / "trajectory.nc",
        numbers=trajectory.numbers,
        masses=trajectory.masses,
        cell=trajectory.cells[0],
    )
    for time, positions, cell in zip(
        trajectory.times, trajectory.positions, trajectory.cells, strict=True
    ):
        writer.append(time, positions, cell)
    writer.close()
    names = list(simulation.log)
    rows = np.array([simulation.log[name] for name in names], dtype=float).T
    lines = [",".join(names), *(",".join(map(repr, row)) for row in rows.tolist())]
    write_atomically(folder / "log.csv", "\n".join(lines) + "\n")
    _write_summary(folder, simulation)


def read_simulation(folder: Path) -> Simulation:
    """The simulation in the result `folder` of a step."""
    summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    stopped = summary["stopped"]
    return Simulation(
        trajectory=read_amber_netcdf(folder / "trajectory.nc"),
        log=read_log(folder / "log.csv"),
        stopped=Stop(stopped["reason"], stopped["step"]) if stopped else None,
        ns_per_day=summary["ns_per_day"] or float("nan"),
    )


def _write_summary(folder: Path, simulation: Simulation) -> None:
    stop, speed = simulation.stopped, simulation.ns_per_day
    content = {
        "stopped": {"reason": stop.reason, "step": stop.step} if stop else None,
        "ns_per_day": speed if np.isfinite(speed) else None,
    }
    write_atomically(folder / SUMMARY, json.dumps(content))


def _copy_simulation(source: Path, target: Path) -> None:
    for name in ("trajectory.nc", "log.csv", SUMMARY):
        shutil.copyfile(source / name, target / name)
