"""What a Bayesian linear fit knows about its own weights."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Posterior:
    r"""Covariance Σ of the weights, N(w̄, Σ).

    Attributes
    ----------
    scale : (n_columns,) array
        Columns are multiplied by it before the ridge is applied.
    precision_factor : (n_columns, n_columns) array
        Lower triangular L with Σ⁻¹ = L Lᵀ in scaled columns.
    """

    scale: NDArray[np.float64]
    precision_factor: NDArray[np.float64]

    def deviation(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """√(φᵀΣφ), without noise, of each row φ of (n_rows, n_columns)."""
        solved = scipy.linalg.solve_triangular(
            self.precision_factor, (rows * self.scale).T, lower=True, check_finite=False
        )
        return np.asarray(np.sqrt(np.square(solved).sum(0)))


@dataclass(frozen=True)
class Calibration:
    """How predicted standard deviations follow from the posterior's.

    ``σ_F² = force_floor² + (force_factor · √(φᵀΣφ))²`` and
    ``σ_E² = energy_factor² (n_atoms² · energy_floor² + φᵀΣφ)``.

    Attributes
    ----------
    force_floor : float, eV/Å
        What the model cannot describe at all.
    force_factor : float
    energy_floor : float, eV/atom
    energy_factor : float
    n_frames : int
        Held-out frames behind it; zero where only the fit's own noise is known.
    """

    force_floor: float
    force_factor: float
    energy_floor: float
    energy_factor: float
    n_frames: int
