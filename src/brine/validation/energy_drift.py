"""Drift of the conserved energy in NVE: whether forces are the energy's gradient."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from brine.errors import InputError
from brine.observables import statistical_inefficiency
from brine.settings.validation import ValidationSettings
from brine.structures.simulation import Simulation
from brine.validation.held_out_gates import not_run
from brine.validation.verdict import Gate, Status

NANOSECOND = 1e6
"""fs"""


@dataclass(frozen=True)
class EnergyDrift:
    """Slope of the conserved energy.

    Attributes
    ----------
    value, error : float, meV/atom/ns
    duration : float, ps
    """

    value: float
    error: float
    duration: float


def energy_drift(simulation: Simulation) -> EnergyDrift:
    """Drift of the conserved energy of an NVE run, by a straight line.

    Raises
    ------
    InputError
        The log has fewer than ten lines.
    """
    return linear_drift(
        simulation.log["time_fs"],
        simulation.log["conserved_energy_eV"],
        n_atoms=len(simulation.trajectory.numbers),
    )


def linear_drift(times: ArrayLike, energies: ArrayLike, *, n_atoms: int) -> EnergyDrift:
    r"""Slope of `energies` against `times` with the error of correlated residuals.

    The least-squares error is widened by :math:`\sqrt{g}`, with :math:`g` the
    statistical inefficiency of the residuals.

    Parameters
    ----------
    times : (n_lines,) array, fs
    energies : (n_lines,) array, eV
    n_atoms : int

    Raises
    ------
    InputError
        There are fewer than ten lines.
    """
    time = np.asarray(times, dtype=np.float64)
    energy = np.asarray(energies, dtype=np.float64)
    if len(time) < 10:
        raise InputError(
            f"`energies` must have at least 10 lines to fit a drift, got {len(time)}; "
            "log more often or run longer."
        )
    centred = time - time.mean()
    slope = float(centred @ (energy - energy.mean()) / (centred @ centred))
    residual = energy - energy.mean() - slope * centred
    variance = float(residual @ residual) / (len(time) - 2) / float(centred @ centred)
    error = np.sqrt(variance * statistical_inefficiency(residual))
    scale = 1e3 * NANOSECOND / n_atoms
    return EnergyDrift(slope * scale, float(error * scale), float(np.ptp(time)) / 1e3)


def energy_drift_gate(
    drift: EnergyDrift | None,
    settings: ValidationSettings,
    *,
    why_not: str = "no NVE run",
) -> Gate:
    """Whether the energy is conserved; undetermined where the run is too short."""
    name = "energy_drift"
    if drift is None:
        return not_run(name, why_not)
    limit = settings.energy_drift_meV_per_atom_per_ns
    noise = settings.standard_errors * drift.error
    found = (
        f"{drift.value:+.2f} ± {drift.error:.2f} meV/atom/ns over "
        f"{drift.duration:.1f} ps of NVE"
    )
    if not np.isfinite(drift.value) or abs(drift.value) > limit + noise:
        status = Status.FAIL
        reason = f"The energy drifts by {found}, limit {limit:g}; shorten the timestep."
    elif abs(drift.value) > limit or drift.error > limit:
        status = Status.UNDETERMINED
        reason = f"Error bar too wide for a limit of {limit:g}: {found}; run longer."
    else:
        status = Status.PASS
        reason = f"The energy drifts by {found}, limit {limit:g}."
    return Gate(
        name=name,
        status=status,
        blocks=status is Status.UNDETERMINED,
        value=drift.value,
        error=drift.error,
        reference=0.0,
        tolerance=limit,
        unit="meV/atom/ns",
        reason=reason,
        details={"duration_ps": drift.duration},
    )
