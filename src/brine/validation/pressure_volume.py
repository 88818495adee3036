"""Pressure against volume, before any run lets the box breathe.

A barostat follows the slope of this curve: where the pressure does not fall as the
volume grows, the box swells to nothing or collapses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from brine.potentials.potential import Potential
from brine.settings.validation import ValidationSettings
from brine.structures.perturbations import scale_cell, scale_molecules
from brine.structures.progress import Report, silent
from brine.training.errors import StressErrors
from brine.units import BAR, GRAM_PER_ML
from brine.validation.held_out_gates import not_run
from brine.validation.measurements import LabelSupport
from brine.validation.verdict import Gate, Status

GIGAPASCAL = 1e4
"""bar"""
LENGTH_FACTORS = np.linspace(0.94, 1.06, 13)
"""relative to the frames' own cell lengths"""

SCALINGS = {"molecules": scale_molecules, "cell": scale_cell}


@dataclass(frozen=True, eq=False)
class PressureVolumeScan:
    """Pressure without kinetic term of frames scaled to several volumes.

    Attributes
    ----------
    moved : ``molecules`` or ``cell``
        Whether molecules stayed rigid while their centres were scaled, or
        everything was scaled.
    factors : (n_factors,) array
        Of every length, ascending.
    densities : (n_frames, n_factors) array, g/mL
    pressures : (n_frames, n_factors) array, bar
    """

    moved: Literal["molecules", "cell"]
    factors: NDArray[np.float64]
    densities: NDArray[np.float64]
    pressures: NDArray[np.float64]

    @property
    def mean_pressures(self) -> NDArray[np.float64]:
        """(n_factors,) array, bar: average over frames."""
        return np.asarray(self.pressures.mean(axis=0))

    @property
    def pressure_errors(self) -> NDArray[np.float64]:
        """(n_factors,) array, bar: standard error of the average; NaN for one frame."""
        n_frames = len(self.pressures)
        if n_frames < 2:
            return np.full(len(self.factors), np.nan)
        return np.asarray(self.pressures.std(axis=0, ddof=1) / np.sqrt(n_frames))

    def bulk_modulus(self) -> tuple[float, float]:
        """-V dP/dV where the factor is one, and its standard error over frames, GPa.

        The molecules do not relax, so this is well above a measured modulus; only
        its sign and its size against that of other potentials mean something.
        """
        centre = int(np.argmin(np.abs(self.factors - 1)))
        near = slice(max(centre - 1, 0), centre + 2)
        slopes = np.polyfit(
            3 * np.log(self.factors[near]), self.pressures[:, near].T, 1
        )
        moduli = -slopes[0] / GIGAPASCAL
        error = moduli.std(ddof=1) / np.sqrt(len(moduli)) if len(moduli) > 1 else np.nan
        return float(moduli.mean()), float(error)

    def roughness(self) -> float:
        """Largest departure of the mean from a quartic in V, fraction of its range."""
        mean = self.mean_pressures
        if len(mean) < 7:
            return float("nan")
        x = self.factors**3 - 1
        smooth = np.polyval(np.polyfit(x, mean, 4), x)
        return float(np.abs(mean - smooth).max() / np.ptp(mean))

    def rises(self, window: float) -> NDArray[np.float64]:
        """Steps up of the mean pressure with V, within ± `window` in density, bar."""
        inside = np.abs(self.factors**-3 - 1) <= window
        steps = np.diff(self.mean_pressures[inside])
        return steps[~(steps < 0)]


def pressure_volume_scan(
    potential: Potential,
    frames: Sequence[Atoms],
    *,
    moved: Literal["molecules", "cell"] = "molecules",
    factors: NDArray[np.float64] = LENGTH_FACTORS,
    report: Report = silent,
) -> PressureVolumeScan:
    """Pressures of `frames` scaled by each of `factors`.

    Parameters
    ----------
    potential : Potential
    frames : sequence of ase.Atoms
        Periodic, equilibrated; about ten average well.
    moved : ``molecules`` or ``cell``
        Whether molecules stay rigid while their centres are scaled, or everything
        is scaled.
    factors : (n_factors,) array
        Of every length, ascending.
    report : Report
        Told ``done`` after each frame.
    """
    shape = (len(frames), len(factors))
    densities, pressures = np.empty(shape), np.empty(shape)
    for k, frame in enumerate(frames):
        for j, factor in enumerate(factors):
            scaled = SCALINGS[moved](frame, float(factor))
            stress = potential.evaluate(scaled).stress
            pressures[k, j] = -np.trace(stress) / 3 / BAR
            densities[k, j] = (
                scaled.get_masses().sum() / scaled.get_volume() / GRAM_PER_ML
            )
        report("pressure and volume", {"done": (k + 1) / len(frames)})
    return PressureVolumeScan(moved, np.asarray(factors), densities, pressures)


def pressure_volume_gate(
    scan: PressureVolumeScan | None,
    settings: ValidationSettings,
    *,
    stress: StressErrors | None = None,
    support: LabelSupport | None = None,
) -> Gate:
    """Whether P(V) is smooth and falls, and agrees with the labels' own pressure.

    Parameters
    ----------
    scan : PressureVolumeScan or None
    settings : ValidationSettings
    stress : StressErrors or None
        Of held-out frames, where labels have a stress.
    support : LabelSupport or None
    """
    name = "pressure_volume"
    if scan is None:
        return not_run(name, "no frame was scaled")
    modulus, error = scan.bulk_modulus()
    faults = _faults(scan, settings, modulus, stress)
    fixed = support is None or support.fixes_density(settings.density_span)
    status, end = Status.PASS, _remark(stress, fixed)
    if faults and not fixed:
        status = Status.UNDETERMINED
        end = (
            "; the labels are all at one volume and do not fix the pressure, so keep "
            "the volume fixed or add labels within ±10 % in density."
        )
    elif faults:
        status, end = Status.FAIL, "; a barostat would drive the box away."
    text = "; ".join(faults) or f"P(V) is smooth and falls ({modulus:.1f} GPa)"
    return Gate(
        name=name,
        status=status,
        value=modulus,
        error=error,
        reference=0.0,
        tolerance=None,
        unit="GPa",
        reason=text[0].upper() + text[1:] + end,
        details={
            "roughness": scan.roughness(),
            "pressure_mean_error_bar": stress.pressure_mean if stress else None,
            "pressure_rmse_bar": stress.pressure_rmse if stress else None,
        },
    )


def _faults(
    scan: PressureVolumeScan,
    settings: ValidationSettings,
    modulus: float,
    stress: StressErrors | None,
) -> list[str]:
    faults = []
    if not np.isfinite(scan.pressures).all():
        return ["the pressure is not finite on some scaled frames"]
    if not modulus > 0:
        faults.append(f"the bulk modulus is {modulus:.2f} GPa, not positive")
    elif scan.rises(settings.density_window).size:
        faults.append(
            "the pressure rises with volume by up to "
            f"{scan.rises(settings.density_window).max():.0f} bar"
        )
    if scan.roughness() > settings.pressure_roughness:
        faults.append(f"P(V) departs from a smooth curve by {scan.roughness():.0%}")
    if stress is not None and _pressure_is_off(stress, settings):
        faults.append(
            f"held-out pressures are {stress.pressure_mean:+.0f} ± "
            f"{stress.pressure_mean_error:.0f} bar off on average, limit "
            f"{settings.pressure_error_bar:g}"
        )
    return faults


def _pressure_is_off(stress: StressErrors, settings: ValidationSettings) -> bool:
    """Beyond the tolerance by more than the error bar allows."""
    noise = np.nan_to_num(stress.pressure_mean_error) * settings.standard_errors
    return bool(abs(stress.pressure_mean) > settings.pressure_error_bar + noise)


def _remark(stress: StressErrors | None, fixed: bool) -> str:
    if stress is None and not fixed:
        return (
            "; but the labels are all at one volume and hold no stress, so nothing "
            "fixes the pressure itself: keep the volume fixed."
        )
    if stress is None:
        return "; the labels hold no stress to compare the pressure with."
    return (
        f"; held-out pressures are {stress.pressure_mean:+.0f} ± "
        f"{stress.pressure_mean_error:.0f} bar off on average."
    )
