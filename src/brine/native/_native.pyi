import numpy as np
from numpy.typing import NDArray

# structures
def neighbour_pairs(
    positions: NDArray[np.float64],
    cell: NDArray[np.float64],
    periodic: NDArray[np.bool_],
    cutoff: float,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]: ...

class ForceField:
    def compute(
        self,
        positions: NDArray[np.float64],
        cell: NDArray[np.float64],
        periodic: NDArray[np.bool_],
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]: ...
    def forget(self) -> None: ...
    def closest_margin(self) -> float: ...

# potentials

# dynamics

# observables
def radial_counts(
    positions: NDArray[np.float64],
    cells: NDArray[np.float64],
    types: NDArray[np.int32],
    groups: NDArray[np.int32],
    n_types: int,
    r_max: float,
    n_bins: int,
) -> NDArray[np.uint32]: ...
