"""Bayesian linear regression with the evidence approximation."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from brine.errors import InputError
from brine.potentials.posterior import Posterior

_LEAST_RIDGE = 1e-14
"""Of the largest eigenvalue: below it the normal matrix is rounding noise."""
_LEAST_COLUMN = 1e-8
"""Of the largest root mean square: below it a column is rounding noise."""


class NormalEquations:
    r"""ΦᵀΦ, ΦᵀY and YᵀY, gathered row by row, so that memory does not grow.

    Deterministic for a given number of BLAS threads: blocks are added in the order in
    which they are handed over.
    """

    def __init__(self, n_columns: int) -> None:
        self.matrix = np.zeros((n_columns, n_columns), order="F")
        self.vector = np.zeros(n_columns)
        self.square = 0.0
        self.n_rows = 0

    def add(self, rows: NDArray[np.float64], targets: NDArray[np.float64]) -> None:
        """Add rows Φ, (n_rows, n_columns), with targets Y, (n_rows,)."""
        self.matrix = scipy.linalg.blas.dsyrk(
            1.0, rows.T, beta=1.0, c=self.matrix, lower=1, overwrite_c=1
        )
        self.vector += rows.T @ targets
        self.square += float(targets @ targets)
        self.n_rows += len(targets)

    def symmetric(self) -> NDArray[np.float64]:
        """ΦᵀΦ with both triangles filled."""
        lower = np.tril(self.matrix, -1)
        return lower + lower.T + np.diag(np.diag(self.matrix))


@dataclass(frozen=True, eq=False)
class Regression:
    r"""The outcome of a fit.

    Attributes
    ----------
    weights : (n_columns,) array
        Posterior mean.
    posterior : Posterior
    noise : float
        Standard deviation of a target, 1/√s_v.
    effective_parameters : float
        γ, the number of directions that the data determine.
    log_evidence : float
        Up to a constant.
    """

    weights: NDArray[np.float64]
    posterior: Posterior
    noise: float
    effective_parameters: float
    log_evidence: float


def bayesian_ridge(equations: NormalEquations) -> Regression:
    r"""The regression whose prior and noise precision maximise the evidence.

    Columns that the rows never fill keep the prior: zero, with a wide margin. With
    the others scaled to unit mean square, prior precision s_w, noise precision s_v
    and ratio α = s_w/s_v, the evidence of M rows and F columns

    .. math::
        2 \ln p(Y) = F \ln α + M \ln s_v - \sum_k \ln(λ_k + α) + \text{const},
        \quad s_v = M / (Y^T Y - q^T (Λ + α)^{-1} q)

    is maximised over ln α alone, which finds the fixed point of MacKay's iteration
    (γ = Σ λ_k/(λ_k + α)) without its risk of wandering off.
    Source: Bishop, *Pattern Recognition and Machine Learning* (2006), 3.5;
    10.1103/PhysRevB.100.014105.

    Raises
    ------
    InputError
        There are no rows, or targets are all zero or not finite.
    """
    _check(equations)
    matrix = equations.symmetric()
    rms = np.sqrt(np.diag(matrix) / equations.n_rows)
    least = rms.max() * _LEAST_COLUMN
    scale = 1 / np.maximum(rms, least)
    data_scale = np.where(rms > least, scale, 0.0)
    matrix *= data_scale * data_scale[:, None]
    eigenvalues, vectors = scipy.linalg.eigh(
        matrix, driver="evd", overwrite_a=True, check_finite=False
    )
    eigenvalues = np.maximum(eigenvalues, 0)
    projected = vectors.T @ (equations.vector * data_scale)
    ridge, cost = _best_ridge(
        eigenvalues, projected, equations.square, equations.n_rows
    )
    weights = vectors @ (projected / (eigenvalues + ridge))
    residual = equations.square - projected @ (projected / (eigenvalues + ridge))
    precision = equations.n_rows / residual
    # Σ⁻¹ = V s_v (Λ + α) Vᵀ = RᵀR; a Cholesky factorisation could fail by rounding.
    root = np.sqrt(precision * (eigenvalues + ridge))[:, None] * vectors.T
    factor = scipy.linalg.qr(root, mode="r", overwrite_a=True, check_finite=False)[0].T
    return Regression(
        weights=weights * scale,
        posterior=Posterior(scale, np.ascontiguousarray(factor)),
        noise=float(precision**-0.5),
        effective_parameters=float(np.sum(eigenvalues / (eigenvalues + ridge))),
        log_evidence=-cost,
    )


def _check(equations: NormalEquations) -> None:
    if not np.isfinite(equations.square):
        raise InputError("labels must be finite; `brine audit` names the frames.")
    if equations.n_rows == 0 or equations.square == 0:
        raise InputError(
            f"a fit needs targets that differ from zero, got {equations.n_rows} rows."
        )


def _best_ridge(
    eigenvalues: NDArray[np.float64],
    projected: NDArray[np.float64],
    square: float,
    n_rows: int,
) -> tuple[float, float]:
    """α of the largest evidence, and minus the log evidence there."""

    def cost(log_ridge: float) -> float:
        shifted = eigenvalues + np.exp(log_ridge)
        residual = max(square - float(np.sum(projected**2 / shifted)), square * 1e-15)
        return 0.5 * float(
            n_rows * np.log(residual / n_rows)
            + np.log(shifted).sum()
            - len(eigenvalues) * log_ridge
        )

    grid = np.log(eigenvalues[-1]) + np.linspace(np.log(_LEAST_RIDGE), 5, 50)
    costs = [cost(x) for x in grid]
    best = int(np.argmin(costs))
    found = minimize_scalar(
        cost,
        bounds=(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]),
        method="bounded",
    )
    return float(np.exp(found.x)), float(found.fun)
