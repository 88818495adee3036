"""How fast a run goes, and when it will be done."""

import math
import time

from brine.dynamics.record import LOG_COLUMNS, Line
from brine.dynamics.settings import MDSettings
from brine.structures.progress import Report

_PAUSE_S = 0.5


class Speedometer:
    """Tells a report how far a run is, about twice a second.

    Parameters
    ----------
    report : Report
    settings : MDSettings
    first_step : int
        The step this process began at.
    """

    def __init__(
        self, report: Report, settings: MDSettings, *, first_step: int
    ) -> None:
        self._report, self._settings, self._first = report, settings, first_step
        self._started = self._told = time.perf_counter()

    def ns_per_day(self, step: float) -> float:
        """Speed since the start of this process; NaN before its first step."""
        done = step - self._first
        days = (time.perf_counter() - self._started) / 86400
        return done * self._settings.timestep * 1e-6 / days if done else math.nan

    def tell(self, line: Line) -> None:
        """Report, if the last time was long enough ago."""
        if time.perf_counter() - self._told >= _PAUSE_S:
            self.tell_last(line)

    def tell_last(self, line: Line) -> None:
        """Report now.

        Parameters
        ----------
        line : tuple of float
            As in the log.
        """
        self._told = time.perf_counter()
        now = dict(zip(LOG_COLUMNS, line, strict=True))
        step, n_steps = now["step"], self._settings.n_steps
        rate = (step - self._first) / max(self._told - self._started, 1e-9)
        shown = ("temperature_K", "density_g_per_mL", "potential_energy_eV")
        self._report(
            "md",
            {
                "done": step / n_steps if n_steps else 1.0,
                "steps_per_s": rate,
                "ns_per_day": self.ns_per_day(step),
                "time_left_s": (n_steps - step) / rate if rate else math.inf,
                **{name: now[name] for name in shown},
            },
        )
