"""What a trajectory says."""

from brine.observables.centres import molecule_centres, molecule_formulas
from brine.observables.density import densities, density
from brine.observables.diffusion import (
    Diffusion,
    finite_size_correction,
    self_diffusion,
)
from brine.observables.estimate import Estimate
from brine.observables.mean_squared_displacement import mean_squared_displacement
from brine.observables.peaks import Peak
from brine.observables.radial_distribution import (
    RadialDistribution,
    coordination_number,
    radial_distribution,
    radial_distributions,
)
from brine.observables.reading import read_trajectory, trajectory_of
from brine.observables.series import (
    block_error,
    equilibration,
    mean_estimate,
    statistical_inefficiency,
)
from brine.observables.standard_set import Observables, observe, production_start
from brine.observables.unwrapping import unwrapped_positions

__all__ = [
    "Diffusion",
    "Estimate",
    "Observables",
    "Peak",
    "RadialDistribution",
    "block_error",
    "coordination_number",
    "densities",
    "density",
    "equilibration",
    "finite_size_correction",
    "mean_estimate",
    "mean_squared_displacement",
    "molecule_centres",
    "molecule_formulas",
    "observe",
    "production_start",
    "radial_distribution",
    "radial_distributions",
    "read_trajectory",
    "self_diffusion",
    "statistical_inefficiency",
    "trajectory_of",
    "unwrapped_positions",
]
