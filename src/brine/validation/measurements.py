"""What the gates compare: measured values, their references, where labels reach."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from ase.data import atomic_masses
from numpy.typing import NDArray

from brine.datasets.dataset import Dataset
from brine.units import GRAM_PER_ML


class Measured(Protocol):
    """A value with its standard error."""

    @property
    def value(self) -> float:
        """The value."""
        ...

    @property
    def error(self) -> float:
        """Its standard error."""
        ...


class Peak(Protocol):
    """A maximum of g(r)."""

    @property
    def position(self) -> Measured:
        """Where, Å."""
        ...

    @property
    def height(self) -> Measured:
        """How high."""
        ...


class PairDistribution(Protocol):
    """A radial distribution function."""

    @property
    def pair(self) -> tuple[str, str]:
        """Whose: such as O and O."""
        ...

    @property
    def r(self) -> NDArray[np.float64]:
        """(n_bins,) array, Å."""
        ...

    @property
    def g(self) -> NDArray[np.float64]:
        """(n_bins,) array, without unit."""
        ...

    @property
    def error(self) -> NDArray[np.float64]:
        """(n_bins,) array: standard error of `g`."""
        ...

    @property
    def first_peak(self) -> Peak:
        """The first maximum."""
        ...


class Origin(StrEnum):
    """Where a reference comes from."""

    ORACLE = "oracle"
    TRAJECTORY = "trajectory"
    LABELS = "labels"
    EXPERIMENT = "experiment"


@dataclass(frozen=True)
class Reference:
    """A value to compare with.

    Attributes
    ----------
    value, error : float
        In the unit of what is compared; the error is NaN or 0 where unknown.
    origin : Origin
        Experiment judges the level of theory together with the potential; dynamics
        on the same labels judges the potential alone.
    source : str
        For readers: a DOI, a file, the oracle's fingerprint.
    """

    value: float
    error: float
    origin: Origin
    source: str


@dataclass(frozen=True)
class LabelSupport:
    """What the labels can say about pressure and density.

    Attributes
    ----------
    lowest_density, highest_density : float, g/mL
    volume_span : float
        Largest over compositions of highest over lowest volume, minus one.
    volume : float, Å³
        Median volume of the frames.
    n_frames : int
    has_stress : bool
        Whether any frame is labelled with a stress.
    """

    lowest_density: float
    highest_density: float
    volume_span: float
    volume: float
    n_frames: int
    has_stress: bool

    def fixes_density(self, span: float) -> bool:
        """Whether one composition was labelled over a relative `span` of volumes."""
        return self.volume_span >= span


def label_support(dataset: Dataset) -> LabelSupport | None:
    """What the periodic frames of `dataset` say of density; None without any."""
    rows = np.flatnonzero(dataset.periodic.all(axis=1))
    if not rows.size:
        return None
    volumes = np.abs(np.linalg.det(dataset.cells[rows]))
    owners = np.repeat(np.arange(len(dataset)), dataset.n_atoms)
    masses = np.bincount(
        owners, weights=atomic_masses[dataset.numbers], minlength=len(dataset)
    )[rows]
    densities = masses / volumes / GRAM_PER_ML
    return LabelSupport(
        lowest_density=float(densities.min()),
        highest_density=float(densities.max()),
        volume_span=_volume_span(dataset, rows, volumes),
        volume=float(np.median(volumes)),
        n_frames=len(rows),
        has_stress=bool(dataset.has_stress[rows].any()),
    )


def _volume_span(
    dataset: Dataset, rows: NDArray[np.int64], volumes: NDArray[np.float64]
) -> float:
    ranges: dict[bytes, tuple[float, float]] = {}
    for k, volume in zip(rows, volumes, strict=True):
        numbers = np.sort(dataset.numbers[dataset.atoms_of(int(k))]).tobytes()
        low, high = ranges.get(numbers, (volume, volume))
        ranges[numbers] = min(low, volume), max(high, volume)
    return float(max(high / low for low, high in ranges.values()) - 1)


@dataclass(frozen=True, eq=False)
class PeakReference:
    """A first maximum of g(r) to compare with, and the curve it belongs to.

    Attributes
    ----------
    position : Reference, Å
    height : Reference
    r, g : (n_bins,) array or None
    """

    position: Reference
    height: Reference
    r: NDArray[np.float64] | None = None
    g: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class DynamicsConditions:
    """How the trajectory was made from which diffusion was measured.

    Attributes
    ----------
    friction : float, 1/ps
        Of a Langevin thermostat; zero without.
    altered_masses : bool
        Deuterium or repartitioned hydrogen masses.
    exponent : float
        Slope of log MSD against log time in the fit window; NaN where unknown.
    """

    friction: float = 0.0
    altered_masses: bool = False
    exponent: float = float("nan")
