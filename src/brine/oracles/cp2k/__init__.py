"""Labels by density-functional theory in CP2K: input, run, output."""

from brine.oracles.cp2k.committee import Committee
from brine.oracles.cp2k.level import Damping, Functional, LevelOfTheory
from brine.oracles.cp2k.oracle import CP2K
from brine.oracles.cp2k.program import Program, find_program

__all__ = [
    "CP2K",
    "Committee",
    "Damping",
    "Functional",
    "LevelOfTheory",
    "Program",
    "find_program",
]
