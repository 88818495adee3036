"""LAMMPS's input: start, ensemble, what is written."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from ase.data import chemical_symbols

from brine.dynamics.engine import StartState
from brine.dynamics.ensembles import NPT, NVE, NVT, ensemble_ramp
from brine.dynamics.lammps.styles import Style
from brine.dynamics.settings import MDSettings
from brine.errors import InputError

DATA: Final = "start.data"
RESTARTS: Final = ("restart.a", "restart.b")
FINAL: Final = "final.dump"
COLUMNS: Final = (
    *("step", "temp", "press", "pe", "ke", "econserve"),
    *("vol", "density", "lx", "ly", "lz", "xy", "xz", "yz"),
)
"""Of ``thermo_style custom``"""
_SEEDS: Final = 900_000_000


def write_start(state: StartState, path: Path) -> None:
    """Cell, masses, positions and velocities as a LAMMPS data file, in metal units."""
    elements = sorted(set(state.numbers.tolist()))
    types = np.searchsorted(elements, state.numbers) + 1
    cell = state.cell.tolist()
    lines = [
        "written by brine",
        "",
        f"{len(types)} atoms",
        f"{len(elements)} atom types",
        *(f"0.0 {cell[k][k]!r} {x}lo {x}hi" for k, x in enumerate("xyz")),
        f"{cell[1][0]!r} {cell[2][0]!r} {cell[2][1]!r} xy xz yz",
        "",
        "Masses",
        "",
    ]
    for number, element in enumerate(elements, start=1):
        masses = np.unique(state.masses[state.numbers == element])
        if len(masses) > 1:
            raise InputError(
                f"`masses` must be one for each element in LAMMPS, got {len(masses)} "
                f"for {chemical_symbols[element]}; use `engine: brine`."
            )
        lines.append(f"{number} {float(masses[0])!r}")
    lines += ["", "Atoms # atomic", ""]
    lines += _rows(state.positions, before=[f"{kind}" for kind in types])
    lines += ["", "Velocities", ""]
    # LAMMPS's metal units have ps.
    lines += _rows(1e3 * state.velocities, before=[""] * len(types))
    half = path.with_suffix(".half")
    half.write_text("\n".join(lines) + "\n")
    half.replace(path)


def beginning(start: str, style: Style) -> list[str]:
    """Units, and where atoms come from.

    A network of messages gives each atom its whole force.
    """
    return [
        "units metal",
        "atom_style atomic",
        f"newton {'off' if style == 'nequip' else 'on'}",
        "atom_modify map yes",
        "boundary p p p",
        "box tilt large",
        start,
    ]


def single_point(forces: str) -> list[str]:
    """Energy and virial pressure of the start, and its forces in the file `forces`."""
    return [
        "compute static all pressure NULL virial",
        "thermo_style custom step pe c_static",
        "thermo_modify format float %.14g",
        f"dump forces all custom 1 {forces} id fx fy fz",
        "dump_modify forces sort id format float %.14g",
        "run 0",
    ]


def dynamics(settings: MDSettings, *, frames: str, first: bool) -> list[str]:
    """Ensemble, thermostat, and everything that is written on the way.

    The same equations as brine's own: stochastic velocity rescaling, or friction; at
    constant pressure an isotropic barostat beside it.
    """
    interval = settings.interval
    keep = max(interval, settings.checkpoint_interval)
    return [
        f"timestep {1e-3 * settings.timestep!r}",
        *_ensemble(settings),
        f"thermo {interval}",
        f"thermo_style custom {' '.join(COLUMNS)}",
        "thermo_modify format float %.14g flush yes",
        f"dump frames all custom {interval} {frames} id xu yu zu",
        "dump_modify frames sort id format float %.10g flush yes "
        f"first {'yes' if first else 'no'}",
        f"restart {keep} {' '.join(RESTARTS)}",
        f"run {settings.n_steps} upto",
        f"write_dump all custom {FINAL} id xu yu zu vx vy vz "
        "modify sort id format float %.16g",
    ]


def _ensemble(settings: MDSettings) -> list[str]:
    ensemble = settings.ensemble
    seed = 1 + settings.seed % _SEEDS
    if isinstance(ensemble, NVE):
        return ["fix motion all nve"]
    ramp = ensemble_ramp(ensemble)
    assert ramp is not None
    time = 1e-3 * ensemble.time_constant
    temperatures = f"{ramp.start!r} {ramp.end!r} {time!r}"
    if isinstance(ensemble, NPT):
        damping = 1e-3 * ensemble.pressure_time_constant
        pressure = ensemble.pressure
        return [
            f"fix motion all nph iso {pressure!r} {pressure!r} {damping!r}",
            f"fix bath all temp/csvr {temperatures} {seed}",
        ]
    assert isinstance(ensemble, NVT)
    kind = "temp/csvr" if ensemble.thermostat == "svr" else "langevin"
    tally = " tally yes" if kind == "langevin" else ""
    return ["fix motion all nve", f"fix bath all {kind} {temperatures} {seed}{tally}"]


def _rows(values: np.ndarray, before: Sequence[str]) -> list[str]:
    return [
        " ".join(filter(None, [str(k), word, *map(repr, row)]))
        for k, (word, row) in enumerate(
            zip(before, values.tolist(), strict=True), start=1
        )
    ]
