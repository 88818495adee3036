"""Gates that compare density, g(r) and diffusion with a reference."""

import numpy as np

from brine.errors import InputError
from brine.settings.validation import ValidationSettings
from brine.validation.agreement import Comparison, compare
from brine.validation.held_out_gates import not_run
from brine.validation.measurements import (
    DynamicsConditions,
    LabelSupport,
    Measured,
    Origin,
    PairDistribution,
    PeakReference,
    Reference,
)
from brine.validation.verdict import Gate, Status


def density_gate(
    found: Measured | None,
    reference: Reference | None,
    settings: ValidationSettings,
    *,
    support: LabelSupport | None = None,
) -> Gate:
    """Whether the density at constant pressure agrees with the reference.

    Parameters
    ----------
    found : Measured or None, g/mL
    reference : Reference or None, g/mL
    settings : ValidationSettings
    support : LabelSupport or None
        Without several volumes in the labels, no density is learned.
    """
    name, unit = "density", "g/mL"
    if support is not None and not support.fixes_density(settings.density_span):
        return Gate(
            name=name,
            status=Status.UNDETERMINED,
            value=found.value if found else None,
            error=found.error if found else None,
            unit=unit,
            reason=_why_labels_fix_no_density(support),
        )
    if found is None:
        return not_run(name, "no run at constant pressure")
    if reference is None:
        return _without_reference(name, found, unit)
    comparison = compare(
        found, reference, settings.density, settings=settings, what="Density", unit=unit
    )
    details = {}
    if support is not None:
        details = {
            "labels_lowest_density_g_per_mL": support.lowest_density,
            "labels_highest_density_g_per_mL": support.highest_density,
        }
    return _gate(name, found, reference, comparison, unit=unit, details=details)


def rdf_gate(
    found: PairDistribution | None,
    reference: PeakReference | None,
    settings: ValidationSettings,
) -> Gate:
    """Whether the first maximum of g(r) has the reference's place and height.

    The gate's value is the height; the positions are in its details, with the mean
    absolute difference of the curves where the reference has a curve.
    """
    name = "rdf"
    if found is None:
        return not_run(name, "no trajectory to take g(r) from")
    try:
        peak = found.first_peak
    except InputError as error:
        return Gate(name=name, status=Status.FAIL, reason=f"Not a liquid: {error}")
    if reference is None:
        return _without_reference(name, peak.height, "")
    comparison = compare(
        peak.height,
        reference.height,
        settings.rdf,
        settings=settings,
        what=f"The first maximum of g({'–'.join(found.pair)})",
        unit="",
    )
    shift = peak.position.value - reference.position.value
    noise = np.nan_to_num(np.hypot(peak.position.error, reference.position.error))
    allowed = max(settings.first_peak_A, settings.standard_errors * float(noise))
    if comparison.status is Status.PASS and not abs(shift) <= allowed:
        comparison = _shifted(comparison, reference, shift, allowed)
    details = {
        "position_A": peak.position.value,
        "position_error_A": peak.position.error,
        "reference_position_A": reference.position.value,
        "position_tolerance_A": allowed,
        "mean_difference": curve_difference(found, reference),
    }
    return _gate(name, peak.height, reference.height, comparison, details=details)


def diffusion_gate(
    found: Measured | None,
    reference: Reference | None,
    settings: ValidationSettings,
    *,
    conditions: DynamicsConditions | None = None,
) -> Gate:
    """Whether the self-diffusion coefficient agrees with the reference.

    Refused where friction or masses have changed the dynamics, and where the
    displacements are not yet diffusive.

    Parameters
    ----------
    found : Measured or None, 1e-9 m²/s
    reference : Reference or None, 1e-9 m²/s
        With the same finite-size correction as `found`, or of the same box.
    settings : ValidationSettings
    conditions : DynamicsConditions, optional
        How the trajectory was made.
    """
    name, unit = "diffusion", "1e-9 m²/s"
    if found is None:
        return not_run(name, "no trajectory to measure diffusion on")
    refusal = _refusal(conditions or DynamicsConditions(), settings)
    if refusal:
        return Gate(
            name=name,
            status=Status.UNDETERMINED,
            blocks=True,
            value=found.value,
            error=found.error,
            unit=unit,
            reason=refusal,
        )
    if reference is None:
        return _without_reference(name, found, unit)
    comparison = compare(
        found,
        reference,
        settings.diffusion,
        settings=settings,
        what="The self-diffusion coefficient",
        unit=unit,
    )
    return _gate(name, found, reference, comparison, unit=unit)


def curve_difference(found: PairDistribution, reference: PeakReference) -> float:
    """Mean absolute difference of two g(r) where both are known; NaN without."""
    if reference.r is None or reference.g is None:
        return float("nan")
    inside = (found.r >= reference.r[0]) & (found.r <= reference.r[-1])
    expected = np.interp(found.r[inside], reference.r, reference.g)
    return float(np.abs(found.g[inside] - expected).mean()) if inside.any() else np.nan


def _why_labels_fix_no_density(support: LabelSupport) -> str:
    if support.volume_span < 1e-3:
        where = (
            f"all {support.n_frames} labelled frames have one volume "
            f"({support.volume:.0f} Å³, {support.highest_density:.3f} g/mL)"
        )
    else:
        where = (
            f"the labels of no composition span more than {support.volume_span:.1%} "
            f"in volume ({support.lowest_density:.3f} to "
            f"{support.highest_density:.3f} g/mL)"
        )
    stress = (
        "their stress fixes the pressure there only"
        if support.has_stress
        else "and none has a stress: forces at one volume fix the energy's gradients "
        "with respect to positions, not the pressure"
    )
    return (
        f"The labels cannot fix a density: {where}, {stress}. Add labels of the same "
        "composition within ±10 % in density, with stress where the method gives it."
    )


def _refusal(conditions: DynamicsConditions, settings: ValidationSettings) -> str:
    """Why diffusion cannot be taken from such a run; empty where it can."""
    if conditions.friction > settings.friction_per_ps:
        return (
            f"A Langevin friction of {conditions.friction:g} ps⁻¹ slows diffusion (by "
            "some 81 % in water at 50 ps⁻¹): measure it in NVE or with stochastic "
            "velocity rescaling."
        )
    if conditions.altered_masses:
        return (
            "Altered hydrogen masses change dynamics: measure diffusion with the "
            "masses of nature."
        )
    if abs(conditions.exponent - 1) > settings.diffusion_exponent:
        return (
            f"Displacements grow as time to the power {conditions.exponent:.2f}, not "
            "yet diffusive: run longer."
        )
    return ""


def _shifted(
    comparison: Comparison, reference: PeakReference, shift: float, allowed: float
) -> Comparison:
    """The comparison of a peak of the right height in the wrong place."""
    experiment = reference.position.origin is Origin.EXPERIMENT
    return Comparison(
        Status.UNDETERMINED if experiment else Status.FAIL,
        not experiment,
        comparison.tolerance,
        f"The first maximum of g(r) is {shift:+.3f} Å from the reference "
        f"({reference.position.source}), at most {allowed:.3f} Å agrees.",
    )


def _without_reference(name: str, found: Measured, unit: str) -> Gate:
    return Gate(
        name=name,
        status=Status.UNDETERMINED,
        value=found.value,
        error=found.error,
        unit=unit,
        reason="There is no reference for this liquid: neither dynamics on the same "
        "labels nor a built-in experimental value.",
    )


def _gate(
    name: str,
    found: Measured,
    reference: Reference,
    comparison: Comparison,
    *,
    unit: str = "",
    details: dict[str, float] | None = None,
) -> Gate:
    return Gate(
        name=name,
        status=comparison.status,
        blocks=comparison.blocks,
        value=found.value,
        error=found.error,
        reference=reference.value,
        reference_error=reference.error,
        reference_source=reference.source,
        tolerance=comparison.tolerance,
        unit=unit,
        reason=comparison.reason,
        details=dict(details or {}),
    )
