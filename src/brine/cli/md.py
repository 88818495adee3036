"""``brine md``."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from brine.cli.display import reporting
from brine.cli.failures import answered
from brine.errors import InputError

if TYPE_CHECKING:
    from ase import Atoms

    from brine.dynamics import Ensemble
    from brine.potentials import Potential
    from brine.structures.simulation import Simulation

LONGEST_STEP, LONGEST_TIME = 5.0, 1e12
"""fs"""


class EnsembleName(StrEnum):
    """What can be kept constant."""

    NVE = "nve"
    NVT = "nvt"
    NPT = "npt"


@answered
def md(
    potential: Annotated[Path, typer.Argument(help="A potential, `*.brine`.")],
    structure: Annotated[Path, typer.Argument(help="Any structure that ASE reads.")],
    out: Annotated[Path, typer.Option(help="Folder for trajectory, log, checkpoint.")],
    ensemble: Annotated[EnsembleName, typer.Option()] = EnsembleName.NVT,
    temperature: Annotated[float, typer.Option("--temperature-K", min=0.0)] = 298.15,
    pressure: Annotated[float, typer.Option("--pressure-bar")] = 1.0,
    duration: Annotated[float, typer.Option("--duration-ps", min=0.0)] = 10.0,
    timestep: Annotated[float, typer.Option("--timestep-fs", min=0.0)] = 0.5,
    interval: Annotated[float, typer.Option("--interval-fs", min=0.0)] = 50.0,
    repeat: Annotated[
        int, typer.Option(min=1, max=100, help="Repeat the box each way.")
    ] = 1,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    replicas: Annotated[
        int,
        typer.Option(
            min=1,
            max=1000,
            help="Runs side by side, in OUT/1, OUT/2, …; seeds count.",
        ),
    ] = 1,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run molecular dynamics; run again with the same options to continue.

    Example: `brine md water/potential.brine box.xyz --out run --duration-ps 20`
    """
    from brine.dynamics import MDSettings, Replica, run_replicas
    from brine.errors import UnknownElementError
    from brine.potentials import load
    from brine.structures.files import read_frames

    settings = MDSettings(
        _ensemble(ensemble, temperature, pressure),
        n_steps=_steps("--duration-ps", 1e3 * duration, timestep),
        timestep=timestep,
        interval=_steps("--interval-fs", interval, timestep),
        seed=seed,
    )
    (atoms,) = read_frames(structure, index=-1, what="structure")
    folders = [out] if replicas == 1 else [out / f"{k + 1}" for k in range(replicas)]
    runs = [
        Replica(atoms.repeat(repeat), replace(settings, seed=seed + k), folder)
        for k, folder in enumerate(folders)
    ]
    loaded = load(potential)
    try:
        if ensemble is EnsembleName.NPT and atoms.pbc.all():
            warn_of_pressure(loaded, atoms)
        with reporting("md", quiet=json) as report:
            simulations = run_replicas(runs, loaded, report=report)
    except UnknownElementError as error:
        raise UnknownElementError(
            f"{potential} cannot run {structure}: {error}"
        ) from None
    _tell(dict(zip(folders, simulations, strict=True)), json=json)


def _steps(option: str, time: float, timestep: float) -> int:
    """Of `timestep` in `time`, both in fs."""
    if not (0 < timestep <= LONGEST_STEP):
        raise InputError(
            f"`--timestep-fs` must lie between 0 and {LONGEST_STEP}, got {timestep:g}."
        )
    if not timestep / 2 <= time < LONGEST_TIME:
        raise InputError(
            f"`{option}` must be at least one step ({timestep:g} fs) and less than "
            f"{LONGEST_TIME:g} fs, got {time:g} fs."
        )
    return round(time / timestep)


def _ensemble(name: EnsembleName, temperature: float, pressure: float) -> "Ensemble":
    from brine.dynamics import NPT, NVE, NVT

    match name:
        case EnsembleName.NVE:
            return NVE(temperature)
        case EnsembleName.NVT:
            return NVT(temperature)
        case EnsembleName.NPT:
            return NPT(temperature, pressure=pressure)


def warn_of_pressure(potential: "Potential", atoms: "Atoms") -> None:
    """Of a box that a barostat would drive away, before it does."""
    from brine.cli.display import warn
    from brine.settings import ValidationSettings
    from brine.validation import Status, pressure_volume_gate, pressure_volume_scan

    scan = pressure_volume_scan(potential, [atoms])
    gate = pressure_volume_gate(scan, ValidationSettings())
    if gate.status is Status.FAIL:
        warn("--ensemble npt", gate.reason)


def _tell(runs: Mapping[Path, "Simulation"], *, json: bool) -> None:
    for out, simulation in runs.items():
        stopped = simulation.stopped
        if json:
            from json import dumps

            last = {k: _known(v[-1]) for k, v in simulation.log.items()}
            why = {"reason": stopped.reason, "step": stopped.step} if stopped else None
            typer.echo(dumps({"out": str(out), "stopped": why, "last": last}))
        elif stopped is None:
            speed = f"{simulation.ns_per_day:.2f} ns/day"
            typer.echo(f"{out / 'trajectory.nc'} written, {speed}")
    reasons = [
        f"stopped at step {run.stopped.step}: {run.stopped.reason} The frames before "
        f"it are in {out / 'stopped-frames.extxyz'}."
        for out, run in runs.items()
        if run.stopped is not None
    ]
    if reasons:
        from brine.errors import UnstableRunError

        raise UnstableRunError("\n".join(reasons))


def _known(value: float) -> float | None:
    """JSON has no NaN, as of the pressure of a box without walls."""
    return float(value) if value == value else None
