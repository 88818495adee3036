"""Labels by density-functional theory in VASP: input, run, output."""

from brine.oracles.vasp.files import Potentials
from brine.oracles.vasp.level import VaspLevel
from brine.oracles.vasp.oracle import VASP

__all__ = ["VASP", "Potentials", "VaspLevel"]
