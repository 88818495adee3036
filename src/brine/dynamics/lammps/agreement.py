"""Whether LAMMPS says of a frame what the potential itself says."""

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
    interactions,
    single_point,
    write_start,
)
from brine.errors import InputError
from brine.potentials import Potential
from brine.units import BAR

LARGEST_FORCE_DIFFERENCE: Final = 1e-4
"""eV/Å"""
LARGEST_PRESSURE_DIFFERENCE: Final = 5.0
"""bar"""
LARGEST_ENERGY_DIFFERENCE: Final = 1e-6
"""eV/atom"""
STRAIN: Final = 1e-4
"""Of each length, up and down, for the pressure from energies."""


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
        LAMMPS stopped with an error, which the message repeats.
    """
    folder.mkdir(parents=True, exist_ok=True)
    atoms = Atoms(state.numbers, state.positions, cell=state.cell, pbc=state.periodic)
    own = potential.evaluate(atoms)
    write_start(state, folder / DATA)
    script = [
        *beginning(f"read_data {DATA}"),
        *interactions(potential, state, folder),
        *single_point("forces.dump"),
    ]
    if reason := program.run(script, folder):
        raise InputError(f"LAMMPS: {reason}")
    ((_, forces),) = dumped(folder / "forces.dump")
    energy, pressure = _energy_and_pressure(folder / LOG)
    return Agreement(
        energy=abs(energy - own.energy) / len(atoms),
        force=float(np.max(np.abs(forces - own.forces))),
        pressure=abs(pressure - _pressure_from_energies(potential, atoms)),
    )


def _energy_and_pressure(log: Path) -> tuple[float, float]:
    lines = log.read_text().splitlines()
    (head,) = (k for k, line in enumerate(lines) if line.split()[:1] == ["Step"])
    _, energy, pressure = map(float, lines[head + 1].split())
    return energy, pressure


def _pressure_from_energies(potential: Potential, atoms: Atoms) -> float:
    """−dE/dV by central difference, bar."""
    energies = []
    for strain in (STRAIN, -STRAIN):
        scaled = atoms.copy()
        scaled.set_cell(atoms.cell * (1 + strain), scale_atoms=True)
        energies.append((scaled.get_volume(), potential.evaluate(scaled).energy))
    (larger, high), (smaller, low) = energies
    return float(-(high - low) / (larger - smaller) / BAR)
