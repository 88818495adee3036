"""What a trajectory says."""

from brine.observables.density import densities, density
from brine.observables.estimate import Estimate
from brine.observables.peaks import Peak
from brine.observables.radial_distribution import (
    RadialDistribution,
    coordination_number,
    radial_distribution,
    radial_distributions,
)
from brine.observables.series import (
    block_error,
    equilibration,
    mean_estimate,
    statistical_inefficiency,
)

__all__ = [
    "Estimate",
    "Peak",
    "RadialDistribution",
    "block_error",
    "coordination_number",
    "densities",
    "density",
    "equilibration",
    "mean_estimate",
    "radial_distribution",
    "radial_distributions",
    "statistical_inefficiency",
]
