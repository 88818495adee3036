"""Whether a run's dynamics may be used for diffusion, viscosity or residence times."""

import numpy as np
from ase.data import atomic_masses
from numpy.typing import NDArray

from brine.dynamics.ensembles import NVT, Ensemble, ensemble_ramp

STRONGEST_FRICTION = 0.1
"""1/ps. Rigid SPC/E water at 298 K diffuses at 2.6, 2.1, 1.2 and 0.36 (1e-9 m²/s)
under frictions of 0.1, 1, 10 and 50 per ps."""


def transport_objections(
    ensemble: Ensemble,
    *,
    numbers: NDArray[np.int64] | None = None,
    masses: NDArray[np.float64] | None = None,
) -> tuple[str, ...]:
    """Why D, viscosity and residence times of a run would be wrong; empty if none.

    Parameters
    ----------
    ensemble : NVE, NVT or NPT
    numbers : (n_atoms,) array of int or None
    masses : (n_atoms,) array, amu, or None
        Compared with the natural masses of `numbers` where both are given.
    """
    objections = []
    friction = langevin_friction(ensemble)
    if friction > STRONGEST_FRICTION * (1 + 1e-9):
        objections.append(
            f"Langevin friction of {friction:g} per ps slows diffusion (water loses "
            "36 % at 10 per ps and 81 % at 50 per ps); use NVE or the 'svr' thermostat."
        )
    ramp = ensemble_ramp(ensemble)
    if ramp is not None and ramp.start != ramp.end:
        objections.append(
            f"the temperature changes from {ramp.start:g} to {ramp.end:g} K; "
            "use a constant one."
        )
    if numbers is not None and masses is not None:
        changed = np.abs(masses - atomic_masses[numbers]) > 0.05
        if changed.any():
            objections.append(
                f"{int(changed.sum())} atoms do not have their natural mass "
                "(deuterium or repartitioned masses); use natural masses."
            )
    return tuple(objections)


def langevin_friction(ensemble: Ensemble) -> float:
    """Friction in 1/ps; zero where the thermostat has none."""
    if isinstance(ensemble, NVT) and ensemble.thermostat == "langevin":
        return 1000 / ensemble.time_constant
    return 0.0
