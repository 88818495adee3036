"""Mass density with its equilibration cut and error bar."""

import numpy as np
from numpy.typing import NDArray

from brine.observables.boxes import cell_volumes
from brine.observables.estimate import Estimate
from brine.observables.series import mean_estimate
from brine.structures.simulation import Simulation
from brine.structures.trajectory import Trajectory
from brine.units import GRAM_PER_ML


def densities(trajectory: Trajectory) -> NDArray[np.float64]:
    """Mass density of every frame, g/mL, with the masses of the simulation.

    Parameters
    ----------
    trajectory : Trajectory

    Raises
    ------
    InputError
        A frame has no periodic box.
    """
    mass = float(np.sum(trajectory.masses))
    return mass / cell_volumes(trajectory.cells) / GRAM_PER_ML


def density(run: Simulation | Trajectory) -> Estimate:
    """Mean mass density after equilibration, g/mL.

    Of a simulation the log is used, which has more samples than the trajectory.
    A box that does not change has an error of zero.

    Parameters
    ----------
    run : Simulation or Trajectory

    Raises
    ------
    InputError
        A frame has no periodic box, or there are no frames.
    """
    if isinstance(run, Trajectory):
        return mean_estimate(densities(run))
    logged = run.log.get("density_g_per_mL")
    if logged is None or not len(logged) or not np.isfinite(logged).all():
        return mean_estimate(densities(run.trajectory))
    return mean_estimate(logged)
