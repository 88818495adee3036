"""Whether errors are as large as predicted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """Predicted deviation against the RMS error found, in bins of equal population.

    Attributes
    ----------
    predicted : (n_bins,) array
        RMS predicted standard deviation in each bin, in the unit of the errors.
    observed : (n_bins,) array
        RMS error in each bin.
    within_one, within_two : float
        Share of errors inside one and two predicted deviations: 0.683 and 0.954 for
        normal errors.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    within_one: float
    within_two: float


def calibration_curve(
    predicted: NDArray[np.float64], errors: NDArray[np.float64], *, n_bins: int = 12
) -> CalibrationCurve:
    """The curve of errors (n,) against predicted deviations (n,)."""
    order = np.argsort(predicted, kind="stable")
    groups = [g for g in np.array_split(order, n_bins) if g.size]
    size = np.abs(errors)
    return CalibrationCurve(
        np.array([np.sqrt(np.mean(predicted[g] ** 2)) for g in groups]),
        np.array([np.sqrt(np.mean(errors[g] ** 2)) for g in groups]),
        float(np.mean(size <= predicted)),
        float(np.mean(size <= 2 * predicted)),
    )
