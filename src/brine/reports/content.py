"""What a report can show; every part but the verdict may be missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.datasets import Finding
from brine.errors import ShapeError
from brine.training.errors import LearningCurve
from brine.training.held_out import HeldOutErrors
from brine.validation.dimers import DimerScan
from brine.validation.pressure_volume import PressureVolumeScan
from brine.validation.verdict import Verdict


@dataclass(frozen=True, eq=False)
class Parity:
    """Predictions against labels of one kind.

    Attributes
    ----------
    title, unit : str
    series : mapping of str to (labelled, predicted)
        By name (an element, a composition); arrays of any one length.
    noise : float or None
        Of the labels themselves, where it is known.
    """

    title: str
    unit: str
    series: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]]
    noise: float | None = None

    def __post_init__(self) -> None:
        """Check that every prediction has its label."""
        for name, (labelled, predicted) in self.series.items():
            if np.shape(labelled) != np.shape(predicted) or np.ndim(labelled) != 1:
                raise ShapeError(
                    f"`series[{name!r}]` must hold two arrays of one length, got "
                    f"{np.shape(labelled)} and {np.shape(predicted)}."
                )


@dataclass(frozen=True, eq=False)
class Calibration:
    """Predicted standard deviations beside the errors that were made.

    Attributes
    ----------
    predicted : (n,) array, meV/Å
        Standard deviations of force components.
    errors : (n,) array, meV/Å
        Predicted minus labelled.
    """

    predicted: NDArray[np.float64]
    errors: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TimeSeries:
    """Density and temperature of one run.

    Attributes
    ----------
    title : str
    times : (n_lines,) array, ps
    temperature : (n_lines,) array, K
    density : (n_lines,) array, g/mL
        Constant in a fixed box.
    target_temperature : float, K
        NaN without.
    reference_density : float, g/mL
        NaN without.
    """

    title: str
    times: NDArray[np.float64]
    temperature: NDArray[np.float64]
    density: NDArray[np.float64]
    target_temperature: float = float("nan")
    reference_density: float = float("nan")


@dataclass(frozen=True, eq=False)
class Curve:
    """One g(r).

    Attributes
    ----------
    name : str
        For the legend.
    r : (n_bins,) array, Å
    g : (n_bins,) array
    error : (n_bins,) array or None
    """

    name: str
    r: NDArray[np.float64]
    g: NDArray[np.float64]
    error: NDArray[np.float64] | None = None


@dataclass(frozen=True, eq=False)
class RdfFigure:
    """g(r) of one pair: the model's, a reference's, experiment's.

    Attributes
    ----------
    pair : tuple of two symbols
    model : Curve
    reference, experiment : Curve or None
    """

    pair: tuple[str, str]
    model: Curve
    reference: Curve | None = None
    experiment: Curve | None = None


@dataclass(frozen=True, eq=False)
class DisplacementFigure:
    """Mean squared displacement with the straight line fitted to it.

    Attributes
    ----------
    name : str
        Of the species.
    times : (n_lags,) array, ps
    displacement : (n_lags,) array, Å²
    fit_window : (float, float), ps
    slope, intercept : float, Å²/ps and Å²
        Of the fitted line.
    reference_times, reference_displacement : arrays or None
        The same of the reference.
    note : str
        Diffusion coefficient, exponent and correction in words.
    """

    name: str
    times: NDArray[np.float64]
    displacement: NDArray[np.float64]
    fit_window: tuple[float, float]
    slope: float
    intercept: float
    reference_times: NDArray[np.float64] | None = None
    reference_displacement: NDArray[np.float64] | None = None
    note: str = ""


@dataclass(frozen=True, eq=False)
class LeakFigure:
    """How far held-out frames are from training frames.

    Attributes
    ----------
    split : str
        How the frames were split, in words.
    is_random : bool
    nearest : (n_test,) array, Å
        Root-mean-square displacement to the nearest training frame; may be empty.
    independent : float, Å
        The same between independent frames.
    leaks : bool
    """

    split: str
    is_random: bool
    nearest: NDArray[np.float64]
    independent: float
    leaks: bool


@dataclass(frozen=True)
class Reproduction:
    """Everything needed to run it again.

    Attributes
    ----------
    protocol : str
        The resolved protocol, YAML.
    command : str
    seed : int or None
    versions : mapping of package to version
    data_hashes : mapping of name to hexadecimal digest
    fingerprint : str
        Level of theory of the labels.
    """

    protocol: str = ""
    command: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    data_hashes: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""


@dataclass(frozen=True, eq=False)
class ReportContent:
    """All parts of a report; what is None or empty is left out.

    Attributes
    ----------
    title : str
    verdict : Verdict
    summary : mapping of str to str
        A few facts for the head, e.g. frames, atoms, time taken.
    errors : HeldOutErrors or None
    other_errors : mapping of str to HeldOutErrors
        Of further splits, beside the first, by name.
    learning_curve : LearningCurve or None
    parities : sequence of Parity
    calibration : Calibration or None
    dimers : sequence of DimerScan
    pressure_volume : sequence of PressureVolumeScan
    series : sequence of TimeSeries
    rdfs : sequence of RdfFigure
    displacements : sequence of DisplacementFigure
    box : ase.Atoms or None
        A frame to draw.
    leak : LeakFigure or None
    findings : sequence of Finding
    reproduction : Reproduction or None
    """

    title: str
    verdict: Verdict
    summary: Mapping[str, str] = field(default_factory=dict)
    errors: HeldOutErrors | None = None
    other_errors: Mapping[str, HeldOutErrors] = field(default_factory=dict)
    learning_curve: LearningCurve | None = None
    parities: Sequence[Parity] = ()
    calibration: Calibration | None = None
    dimers: Sequence[DimerScan] = ()
    pressure_volume: Sequence[PressureVolumeScan] = ()
    series: Sequence[TimeSeries] = ()
    rdfs: Sequence[RdfFigure] = ()
    displacements: Sequence[DisplacementFigure] = ()
    box: Atoms | None = None
    leak: LeakFigure | None = None
    findings: Sequence[Finding] = ()
    reproduction: Reproduction | None = None
