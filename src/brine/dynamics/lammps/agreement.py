"""Whether LAMMPS says of a frame what the potential itself says."""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms

from brine.dynamics.engine import StartState
from brine.dynamics.lammps.program import LOG, LammpsProgram
from brine.dynamics.lammps.results import dumped
from brine.dynamics.lammps.script import (
    DATA,
    beginning,
    single_point,
    write_start,
)
from brine.dynamics.lammps.styles import interactions, style_of
from brine.errors import InputError
from brine.potentials import Potential
from brine.units import BAR

LARGEST_FORCE_DIFFERENCE: Final = 1e-4
"""eV/Å"""
LARGEST_PRESSURE_DIFFERENCE: Final = 5.0
"""bar"""
LARGEST_ENERGY_DIFFERENCE: Final = 1e-6
"""eV/atom"""
STRAIN: Final = 2e-3
"""Of each length, for the pressure from energies: wide enough for those of single
precision, as the fourth order leaves less than 1 bar of anharmonicity."""


@dataclass(frozen=True)
class Agreement:
    """How far two engines are apart on one frame.

    Attributes
    ----------
    energy : float, eV/atom
    force : float, eV/Å
        The largest difference of a component.
    pressure : float, bar
        Virial of one against the other's derivative of the energy.
    """

    energy: float
    force: float
    pressure: float

    def check(self) -> None:
        """Refuse engines that disagree.

        Raises
        ------
        InputError
            A difference is larger than its tolerance.
        """
        for name, found, limit, unit in (
            ("energy", self.energy, LARGEST_ENERGY_DIFFERENCE, "eV/atom"),
            ("force", self.force, LARGEST_FORCE_DIFFERENCE, "eV/Å"),
            ("pressure", self.pressure, LARGEST_PRESSURE_DIFFERENCE, "bar"),
        ):
            if not found <= limit:
                raise InputError(
                    f"LAMMPS must agree with the potential itself on the {name} of "
                    f"the first frame to {limit:g} {unit}, got a difference of "
                    f"{found:.3g}; use `engine: brine`, or the version of LAMMPS that "
                    "belongs to the potential's package."
                )


def check_agreement(
    state: StartState,
    potential: Potential,
    program: LammpsProgram,
    folder: Path,
) -> Agreement:
    """Energy, forces and pressure of `state` in LAMMPS, against the potential's own.

    Raises
    ------
    InputError
        LAMMPS stopped with an error, which the message repeats, or its processes do
        not know of each other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    atoms = Atoms(state.numbers, state.positions, cell=state.cell, pbc=state.periodic)
    own = potential.evaluate(atoms)
    write_start(state, folder / DATA)
    script = [
        *beginning(f"read_data {DATA}", style_of(potential)),
        *interactions(potential, state, folder),
        *single_point("forces.dump"),
    ]
    if reason := program.run(script, folder):
        raise InputError(f"LAMMPS: {reason}")
    _check_ranks(program, folder / LOG)
    ((_, forces),) = dumped(folder / "forces.dump")
    energy, pressure = _energy_and_pressure(folder / LOG)
    return Agreement(
        energy=abs(energy - own.energy) / len(atoms),
        force=float(np.max(np.abs(forces - own.forces))),
        pressure=abs(pressure - _pressure_from_energies(potential, atoms)),
    )


def _check_ranks(program: LammpsProgram, log: Path) -> None:
    """Under another MPI's launcher every process would do the whole calculation."""
    grid = re.search(r"(\d+) by (\d+) by (\d+) MPI processor grid", log.read_text())
    found = math.prod(map(int, grid.groups())) if grid else 0
    if program.launcher and found != program.ranks:
        raise InputError(
            f"LAMMPS must run on {program.ranks} ranks, got {found}, for "
            f"{' '.join(program.launcher)} is not of the MPI that "
            f"{' '.join(program.words)} was built with; put the right one first on "
            "PATH, or set `ranks: 1`."
        )


def _energy_and_pressure(log: Path) -> tuple[float, float]:
    lines = log.read_text().splitlines()
    (head,) = (k for k, line in enumerate(lines) if line.split()[:1] == ["Step"])
    _, energy, pressure = map(float, lines[head + 1].split())
    return energy, pressure


def _pressure_from_energies(potential: Potential, atoms: Atoms) -> float:
    """−dE/dV by central difference of fourth order, bar."""

    def energy(strain: float) -> float:
        scaled = atoms.copy()
        scaled.set_cell(atoms.cell * (1 + strain), scale_atoms=True)
        return potential.evaluate(scaled).energy

    near = energy(STRAIN) - energy(-STRAIN)
    far = energy(2 * STRAIN) - energy(-2 * STRAIN)
    slope = (8 * near - far) / (12 * STRAIN)
    return float(-slope / (3 * atoms.get_volume()) / BAR)
