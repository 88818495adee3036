"""What a molecular-dynamics run is asked to do."""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from brine.dynamics.ensembles import Ensemble
from brine.dynamics.guards import Guards
from brine.errors import InputError

MOST = 10**15
"""Of steps, and for a seed."""


@dataclass(frozen=True)
class MDSettings:
    """One run.

    Attributes
    ----------
    ensemble : NVE, NVT or NPT
    n_steps : int
    timestep : float, fs
    interval : int, steps
        Between two frames of the trajectory, and two lines of the log.
    seed : int
        Of the starting velocities and of every random number of the run.
    masses : (n_atoms,) array, amu, or None
        None: those that the atoms carry.
    guards : Guards
    checkpoint_interval : int, steps
        Between two checkpoints. The neighbour lists are made anew there, so that a
        run that was interrupted repeats one that was not, bit by bit.
    centre_of_mass : {"fixed", "free"}
        Free where an external field holds the atoms.
    """

    ensemble: Ensemble
    n_steps: int
    timestep: float = 0.5
    interval: int = 20
    seed: int = 0
    masses: ArrayLike | None = None
    guards: Guards = field(default_factory=Guards)
    checkpoint_interval: int = 1000
    centre_of_mass: Literal["fixed", "free"] = "fixed"

    def __post_init__(self) -> None:
        """Check every number; keep the masses as a tuple."""
        if not (math.isfinite(self.timestep) and self.timestep > 0):
            raise InputError(f"`timestep` must be positive, got {self.timestep} fs.")
        for name, least in (
            ("n_steps", 0),
            ("interval", 1),
            ("seed", 0),
            ("checkpoint_interval", 1),
        ):
            if not least <= getattr(self, name) <= MOST:
                raise InputError(
                    f"`{name}` must lie between {least} and {MOST}, got "
                    f"{getattr(self, name)}."
                )
        if self.centre_of_mass not in ("fixed", "free"):
            raise InputError(
                "`centre_of_mass` must be 'fixed' or 'free', got "
                f"{self.centre_of_mass!r}."
            )
        if self.masses is not None:
            masses = np.asarray(self.masses, dtype=np.float64)
            object.__setattr__(self, "masses", tuple(masses.tolist()))
