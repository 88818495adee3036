"""Predicted deviations brought into line with errors on held-out frames."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from brine.datasets import Dataset
from brine.errors import MissingLabelError
from brine.potentials import Calibration, NativePotential
from brine.structures.progress import Report, silent


@dataclass(frozen=True, eq=False)
class HeldOutSpread:
    """Errors and uncalibrated deviations of held-out frames.

    Attributes
    ----------
    force_errors, force_spread : (n_components,) array, eV/Å
        Label minus prediction, and √(φᵀΣφ).
    energy_errors, energy_spread : (n_frames,) array, eV
    n_atoms : (n_frames,) array
    """

    force_errors: NDArray[np.float64]
    force_spread: NDArray[np.float64]
    energy_errors: NDArray[np.float64]
    energy_spread: NDArray[np.float64]
    n_atoms: NDArray[np.float64]


def calibrate(
    potential: NativePotential, held_out: Dataset, *, report: Report = silent
) -> NativePotential:
    """The potential with deviations that match its errors on held-out frames.

    The force floor and factor maximise the likelihood of the force errors; the energy
    factor makes the mean squared energy error, its mean removed, equal to the
    predicted variance. Judge the result on other frames than these.

    Raises
    ------
    MissingLabelError
        No held-out frame has forces.
    """
    labelled = held_out.select(held_out.has_forces)
    if not len(labelled):
        raise MissingLabelError(
            f"calibration needs held-out frames with forces, got {len(held_out)} "
            "without; hold out labelled frames."
        )
    spread = held_out_spread(potential, labelled, report=report)
    return potential.with_calibration(_fitted(potential, spread, len(labelled)))


def held_out_spread(
    potential: NativePotential, held_out: Dataset, *, report: Report = silent
) -> HeldOutSpread:
    """Errors of `potential` on `held_out` beside its posterior's spread."""
    parts = []
    for index, atoms in enumerate(held_out.frames()):
        found, spread = potential.evaluate(atoms), potential.spread(atoms)
        forces = held_out.forces[held_out.atoms_of(index)]
        energy = held_out.energy[index] - found.energy
        parts.append(((forces - found.forces).ravel(), spread[1:], energy, spread[0]))
        report("calibrate", {"done": (index + 1) / len(held_out)})
    force_errors, force_spread, energy_errors, energy_spread = zip(*parts, strict=True)
    return HeldOutSpread(
        np.concatenate(force_errors),
        np.concatenate(force_spread),
        np.array(energy_errors),
        np.array(energy_spread),
        held_out.n_atoms.astype(float),
    )


def _fitted(
    potential: NativePotential, learn: HeldOutSpread, n_frames: int
) -> Calibration:
    floor, factor = _floor_and_factor(learn.force_errors, learn.force_spread)
    before = potential.calibration
    has = np.isfinite(learn.energy_errors)
    errors = learn.energy_errors[has]
    ratio = 1.0
    if has.sum() >= 4:
        variance = (learn.n_atoms * before.energy_floor) ** 2 + learn.energy_spread**2
        ratio = float(np.sqrt(np.mean((errors - errors.mean()) ** 2 / variance[has])))
    return replace(
        before,
        force_floor=floor,
        force_factor=factor,
        energy_factor=ratio,
        n_frames=n_frames,
    )


def _floor_and_factor(
    errors: NDArray[np.float64], spread: NDArray[np.float64]
) -> tuple[float, float]:
    """Maximum-likelihood σ² = floor² + (factor·spread)² of normal errors."""

    def cost(logarithms: NDArray[np.float64]) -> float:
        floor, factor = np.exp(np.clip(logarithms, -20, 20))
        variance = floor**2 + (factor * spread) ** 2
        return float(np.mean(np.log(variance) + errors**2 / variance))

    rms = float(np.sqrt(np.mean(errors**2)))
    start = np.log([max(0.7 * rms, 1e-9), 0.7 * rms / max(float(spread.mean()), 1e-12)])
    found = minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-3})
    floor, factor = np.exp(np.clip(found.x, -20, 20))
    return float(floor), float(factor)
