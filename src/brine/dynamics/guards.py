"""Guards: what stops a run before it computes nonsense.

Guards on energies, forces, temperature, density and short distances are checked at
every step, inside the loop; the integrity of water and the potential's own error
estimate whenever a frame is written.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from ase import Atoms

from brine.errors import InputError
from brine.structures import molecules


@dataclass(frozen=True)
class Guards:
    """Limits; a value of infinity (or minus infinity) switches a guard off.

    Attributes
    ----------
    temperature : float, K, or None
        The highest. None: twice the highest temperature asked for (or the starting
        one), ten standard deviations of its fluctuation, and 500 K.
    temperature_jump : float, K, or None
        The largest rise over `history_stride` steps. None: the temperature asked
        for, ten standard deviations, and 100 K.
    density : pair of float, g/mL, or None
        The window it must stay in at constant pressure. None: from half to twice
        the density at the start.
    short_range_margin : float, Å
        The least by which the closest pair may stay above what the potential was
        trained for.
    proton_hop : float, fs
        How long a water may look broken before it is. Watched when every water is
        intact at the start.
    force_uncertainty : float, eV/Å
        The largest standard deviation of a force component.
    uncertainty_interval : int, frames
        Between two looks at the uncertainty, which costs more than forces do.
    history_stride : int, steps
        Between the states that are kept in memory to be saved when a guard speaks.
    history_length : int
        How many of them.
    """

    temperature: float | None = None
    temperature_jump: float | None = None
    density: tuple[float, float] | None = None
    short_range_margin: float = 0.0
    proton_hop: float = 100.0
    force_uncertainty: float = math.inf
    uncertainty_interval: int = 10
    history_stride: int = 10
    history_length: int = 8

    def __post_init__(self) -> None:
        """Check the limits that cannot be met."""
        if self.density is not None and not self.density[0] < self.density[1]:
            raise InputError(
                "`density` must be a window (lower, upper), got "
                f"{self.density[0]} to {self.density[1]} g/mL."
            )
        for name in ("uncertainty_interval", "history_stride"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"`{name}` must be at least 1, got {getattr(self, name)}."
                )

    def highest_temperature(self, target: float, n_freedom: int) -> float:
        """The limit in K for a run meant to be at `target` K."""
        if self.temperature is not None:
            return self.temperature
        return 2 * target + 10 * target * math.sqrt(2 / max(n_freedom, 1)) + 500

    def highest_jump(self, target: float, n_freedom: int) -> float:
        """The largest rise in K for a run meant to be at `target` K."""
        if self.temperature_jump is not None:
            return self.temperature_jump
        return target + 10 * target * math.sqrt(2 / max(n_freedom, 1)) + 100


def no_guards() -> Guards:
    """Guards that watch only that energies and forces are finite."""
    return Guards(
        temperature=math.inf,
        temperature_jump=math.inf,
        density=(0.0, math.inf),
        short_range_margin=-math.inf,
        proton_hop=math.inf,
    )


@dataclass
class FrameWatch:
    """The guards that look at whole frames, and what they remember.

    Attributes
    ----------
    guards : Guards
    largest_uncertainty : callable or None
        Gives the largest standard deviation of a force component in eV/Å.
    watches_water : bool
    broken_since : float, fs
        Time since which a water has looked broken; NaN while all are intact.
    """

    guards: Guards
    largest_uncertainty: Callable[[Atoms], float] | None
    watches_water: bool
    broken_since: float = math.nan

    @property
    def idle(self) -> bool:
        """Whether no guard wants to see frames."""
        asks = self.largest_uncertainty is not None
        uncertain = asks and math.isfinite(self.guards.force_uncertainty)
        return not (self.watches_water or uncertain)

    def objection(self, atoms: Atoms, *, time: float, index: int) -> str | None:
        """Why the run must stop at this frame, None where it may go on.

        Parameters
        ----------
        atoms : ase.Atoms
        time : float, fs
        index : int
            Of the frame in the trajectory.
        """
        broken = self._water_objection(atoms, time)
        if broken is None and index % self.guards.uncertainty_interval == 0:
            return self._uncertainty_objection(atoms)
        return broken

    def _water_objection(self, atoms: Atoms, time: float) -> str | None:
        if not self.watches_water:
            return None
        faults = molecules.broken_waters(atoms)
        if not faults:
            self.broken_since = math.nan
            return None
        if math.isnan(self.broken_since):
            self.broken_since = time
        lasted = time - self.broken_since
        if lasted < self.guards.proton_hop:
            return None
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        return f"water is broken since {lasted:.0f} fs: {faults[0].rstrip('.')}{more}."

    def _uncertainty_objection(self, atoms: Atoms) -> str | None:
        limit = self.guards.force_uncertainty
        if self.largest_uncertainty is None or not math.isfinite(limit):
            return None
        found = self.largest_uncertainty(atoms)
        if found <= limit:
            return None
        return (
            f"the potential's own error estimate of a force is {found:.3f} eV/Å, above "
            f"the limit of {limit:.3f} eV/Å."
        )


def watches_water(atoms: Atoms) -> bool:
    """Whether `atoms` hold water and all of it is intact."""
    return bool((atoms.numbers == 8).any()) and not molecules.broken_waters(atoms)
