"""Molecular dynamics in LAMMPS (10.1016/j.cpc.2021.108171), for what is too large here.

Input, start and potential are written, LAMMPS runs on as many MPI ranks as asked for,
and what it leaves is read into the same `Simulation` as a run of brine's own loop.
Models of DeePMD-kit, NequIP and Allegro have pair styles, those of the latter two in a
LAMMPS that the user has built; native potentials answer `fix external`.
"""

from brine.dynamics.lammps.agreement import Agreement, check_agreement
from brine.dynamics.lammps.program import LammpsProgram, find_lammps
from brine.dynamics.lammps.run import run_lammps
from brine.dynamics.lammps.styles import Style, style_of

__all__ = [
    "Agreement",
    "LammpsProgram",
    "Style",
    "check_agreement",
    "find_lammps",
    "run_lammps",
    "style_of",
]
