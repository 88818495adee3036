"""How far predictions are from labels: energy, forces, stress.

Energies are compared per atom, with and without the mean of the error removed:
a constant offset is harmless in dynamics, a slope with volume or composition is
not, so both are measured. Forces are compared per element. The split of force
errors into molecular motions is in `molecular_errors`.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import ArrayLike, NDArray

from brine.errors import InputError, ShapeError
from brine.units import BAR

MILLI = 1e3


@dataclass(frozen=True)
class EnergyErrors:
    """Errors of the energy per atom over held-out frames, meV/atom.

    Attributes
    ----------
    n_frames : int
    rmse, mae : float, meV/atom
        Every offset included.
    mean : float, meV/atom
        Average of predicted minus labelled.
    rmse_centred, mae_centred : float, meV/atom
        With `mean` removed.
    volume_slope, volume_slope_error : float, meV/atom per 1 % of volume
        Trend of the error with the volume per atom inside one composition, and
        its standard error; NaN where the frames do not differ in volume. In water
        (10 Å³ an atom) 0.01 meV/atom per 1 % is 160 bar of pressure.
    composition_spread : float, meV/atom
        Root mean square of the mean error of each composition about `mean`; NaN
        where there is one composition.
    """

    n_frames: int
    rmse: float
    mae: float
    mean: float
    rmse_centred: float
    mae_centred: float
    volume_slope: float
    volume_slope_error: float
    composition_spread: float


@dataclass(frozen=True)
class ElementErrors:
    """Errors of the force components on the atoms of one element.

    Attributes
    ----------
    n_atoms : int
    rmse, mae : float, meV/Å
        Over components.
    label_rms : float, meV/Å
        Root mean square of the labelled components: the scale of the forces.
    """

    n_atoms: int
    rmse: float
    mae: float
    label_rms: float


@dataclass(frozen=True)
class ForceErrors:
    """Errors of force components over held-out frames, meV/Å.

    Attributes
    ----------
    n_atoms : int
    rmse, mae, maximum, label_rms : float, meV/Å
    elements : mapping of symbol to ElementErrors
    """

    n_atoms: int
    rmse: float
    mae: float
    maximum: float
    label_rms: float
    elements: Mapping[str, ElementErrors]


@dataclass(frozen=True)
class StressErrors:
    """Errors of the stress, in bar.

    Attributes
    ----------
    n_frames : int
    rmse, mae : float, bar
        Over the nine components.
    pressure_mean, pressure_mean_error : float, bar
        Average of predicted minus labelled pressure, and its standard error.
    pressure_rmse : float, bar
    """

    n_frames: int
    rmse: float
    mae: float
    pressure_mean: float
    pressure_mean_error: float
    pressure_rmse: float


@dataclass(frozen=True, eq=False)
class LearningCurve:
    """Held-out errors against the amount of training.

    Attributes
    ----------
    amount : (n_points,) array of int
    unit : str
        Of the amount: training frames, or epochs.
    energy_rmse : (n_points,) array, meV/atom
        Mean removed; NaN where there are no energies.
    force_rmse : (n_points,) array, meV/Å
    """

    amount: NDArray[np.int64]
    unit: str
    energy_rmse: NDArray[np.float64]
    force_rmse: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Check that the three columns have one length."""
        lengths = {len(self.amount), len(self.energy_rmse), len(self.force_rmse)}
        if len(lengths) != 1:
            raise ShapeError(
                "`amount`, `energy_rmse` and `force_rmse` must have one length, "
                f"got {sorted(lengths)}."
            )


def root_mean_square(values: ArrayLike) -> float:
    """Root of the mean of the squares of all values; NaN of nothing."""
    values = np.asarray(values, dtype=np.float64)
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else float("nan")


def energy_errors(
    predicted: ArrayLike,
    labelled: ArrayLike,
    *,
    n_atoms: ArrayLike,
    volumes: ArrayLike | None = None,
    compositions: Sequence[Hashable] | None = None,
) -> EnergyErrors:
    """Errors of the energy per atom.

    Parameters
    ----------
    predicted, labelled : (n_frames,) array, eV
        Total energies of frames that have a label.
    n_atoms : (n_frames,) array of int
    volumes : (n_frames,) array, Å³, optional
        NaN for frames without a cell.
    compositions : sequence of hashable, optional
        What each frame is made of, e.g. ``"H128O64"``.

    Raises
    ------
    ShapeError
        The columns differ in length.
    InputError
        There is no frame.
    """
    predicted, labelled = _same_shape(predicted, labelled, dimensions=1)
    sizes = np.asarray(n_atoms, dtype=np.float64)
    if sizes.shape != predicted.shape:
        raise ShapeError(
            f"`n_atoms` must have shape {predicted.shape}, got {sizes.shape}."
        )
    error = (predicted - labelled) / sizes * MILLI
    mean = float(error.mean())
    groups = _group_indices(compositions, len(error))
    slope, slope_error = _volume_slope(error, volumes, sizes, groups)
    return EnergyErrors(
        n_frames=len(error),
        rmse=root_mean_square(error),
        mae=float(np.abs(error).mean()),
        mean=mean,
        rmse_centred=root_mean_square(error - mean),
        mae_centred=float(np.abs(error - mean).mean()),
        volume_slope=slope,
        volume_slope_error=slope_error,
        composition_spread=_composition_spread(error, groups),
    )


def force_errors(
    predicted: ArrayLike, labelled: ArrayLike, *, numbers: ArrayLike
) -> ForceErrors:
    """Errors of the force components, overall and for each element.

    Parameters
    ----------
    predicted, labelled : (n_atoms, 3) array, eV/Å
        Atoms of all frames that have a label, one after the other.
    numbers : (n_atoms,) array of int
        Atomic numbers.

    Raises
    ------
    ShapeError
        The columns differ in length.
    InputError
        There is no atom.
    """
    predicted, labelled = _same_shape(predicted, labelled, dimensions=2)
    elements = np.asarray(numbers)
    if elements.shape != predicted.shape[:1]:
        raise ShapeError(
            f"`numbers` must have shape {predicted.shape[:1]}, got {elements.shape}."
        )
    error, label = (predicted - labelled) * MILLI, labelled * MILLI
    return ForceErrors(
        n_atoms=len(error),
        rmse=root_mean_square(error),
        mae=float(np.abs(error).mean()),
        maximum=float(np.abs(error).max()),
        label_rms=root_mean_square(label),
        elements={
            chemical_symbols[z]: ElementErrors(
                n_atoms=int(np.sum(elements == z)),
                rmse=root_mean_square(error[elements == z]),
                mae=float(np.abs(error[elements == z]).mean()),
                label_rms=root_mean_square(label[elements == z]),
            )
            for z in np.unique(elements)
        },
    )


def stress_errors(predicted: ArrayLike, labelled: ArrayLike) -> StressErrors:
    """Errors of the stress and of the pressure ``-trace(stress)/3``.

    Parameters
    ----------
    predicted, labelled : (n_frames, 3, 3) array, eV/Å³
        Tension positive, without kinetic term, of frames that have a label.

    Raises
    ------
    ShapeError
        The arrays differ in shape.
    InputError
        There is no frame.
    """
    predicted, labelled = _same_shape(predicted, labelled, dimensions=3)
    error = (predicted - labelled) / BAR
    pressure = -np.trace(error, axis1=1, axis2=2) / 3
    n_frames = len(error)
    scatter = float(pressure.std(ddof=1)) if n_frames > 1 else float("nan")
    return StressErrors(
        n_frames=n_frames,
        rmse=root_mean_square(error),
        mae=float(np.abs(error).mean()),
        pressure_mean=float(pressure.mean()),
        pressure_mean_error=scatter / float(np.sqrt(n_frames)),
        pressure_rmse=root_mean_square(pressure),
    )


def _same_shape(
    predicted: ArrayLike, labelled: ArrayLike, *, dimensions: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Both as float64 arrays, after checking that they can be compared."""
    first = np.asarray(predicted, dtype=np.float64)
    second = np.asarray(labelled, dtype=np.float64)
    if first.shape != second.shape or first.ndim != dimensions:
        raise ShapeError(
            f"`predicted` and `labelled` must have one shape of {dimensions} "
            f"dimensions, got {first.shape} and {second.shape}."
        )
    if not len(first):
        raise InputError("`labelled` must hold at least one label, got none.")
    return first, second


def _group_indices(
    compositions: Sequence[Hashable] | None, n_frames: int
) -> NDArray[np.int64]:
    """(n_frames,) array: which composition each frame has."""
    if compositions is None:
        return np.zeros(n_frames, dtype=np.int64)
    if len(compositions) != n_frames:
        raise ShapeError(
            f"`compositions` must have {n_frames} entries, got {len(compositions)}."
        )
    order = {name: k for k, name in enumerate(dict.fromkeys(compositions))}
    return np.array([order[name] for name in compositions], dtype=np.int64)


def _group_means(
    values: NDArray[np.float64], groups: NDArray[np.int64]
) -> NDArray[np.float64]:
    """(n_groups,) array: the mean of `values` in each group."""
    sums = np.bincount(groups, weights=values)
    return np.asarray(sums / np.bincount(groups))


def _composition_spread(error: NDArray[np.float64], groups: NDArray[np.int64]) -> float:
    means = _group_means(error, groups)
    return root_mean_square(means - means.mean()) if len(means) > 1 else float("nan")


def _volume_slope(
    error: NDArray[np.float64],
    volumes: ArrayLike | None,
    sizes: NDArray[np.float64],
    groups: NDArray[np.int64],
) -> tuple[float, float]:
    """Slope and its standard error, meV/atom per 1 % of volume."""
    unknown = float("nan"), float("nan")
    if volumes is None:
        return unknown
    volume = np.asarray(volumes, dtype=np.float64) / sizes
    if not np.isfinite(volume).all():
        return unknown
    percent = 100 * (volume / _group_means(volume, groups)[groups] - 1)
    residual = error - _group_means(error, groups)[groups]
    spread = float(np.square(percent).sum())
    freedom = len(error) - len(np.unique(groups)) - 1
    if np.ptp(percent) < 0.1 or freedom < 1:
        return unknown
    slope = float(percent @ residual) / spread
    variance = float(np.square(residual - slope * percent).sum()) / freedom / spread
    return slope, float(np.sqrt(variance))
