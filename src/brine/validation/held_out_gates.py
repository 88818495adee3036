"""Gates on the labels and on errors over held-out frames."""

from collections.abc import Sequence

from brine.datasets import Finding
from brine.settings.validation import ValidationSettings
from brine.training.errors import EnergyErrors, ForceErrors
from brine.training.held_out import HeldOutErrors
from brine.validation.verdict import Gate, Status


def label_audit_gate(findings: Sequence[Finding] | None) -> Gate:
    """Whether the labels are free of errors; warnings and notes do not fail them."""
    if findings is None:
        return not_run("label_audit", "the labels were not audited")
    errors = [f.message for f in findings if f.severity == "error"]
    warnings = [f.message for f in findings if f.severity == "warning"]
    if errors:
        rest = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        reason = f"The labels must be fixed first: {errors[0]}{rest}"
    else:
        plural = "" if len(warnings) == 1 else "s"
        reason = f"No error in the labels, {len(warnings)} warning{plural}."
    return Gate(
        name="label_audit",
        status=Status.FAIL if errors else Status.PASS,
        value=len(errors),
        error=0.0,
        reference=0.0,
        tolerance=0.0,
        unit="errors",
        reason=reason,
        details={"warnings": len(warnings)},
    )


def held_out_energy_gate(
    errors: EnergyErrors | None, settings: ValidationSettings, *, leaks: bool = False
) -> Gate:
    """Whether held-out energies, mean of the error removed, are good enough.

    Parameters
    ----------
    errors : EnergyErrors or None
    settings : ValidationSettings
    leaks : bool
        Whether held-out frames are near copies of training frames.
    """
    name = "held_out_energy"
    if errors is None:
        return not_run(name, "no held-out frame has an energy label")
    limit = settings.energy_rmse_meV_per_atom
    standard = errors.rmse_centred / (2 * max(errors.n_frames - 1, 1)) ** 0.5
    status, blocks, remark = _held_out_status(errors.rmse_centred, limit, leaks)
    reason = (
        f"Energy RMSE over {errors.n_frames} held-out frames is "
        f"{errors.rmse_centred:.2f} meV/atom with the mean removed "
        f"({errors.rmse:.2f} with it), limit {limit:g}{remark}"
    )
    return Gate(
        name=name,
        status=status,
        blocks=blocks,
        value=errors.rmse_centred,
        error=standard,
        reference=0.0,
        tolerance=limit,
        unit="meV/atom",
        reason=reason,
        details={
            "rmse_with_mean_meV_per_atom": errors.rmse,
            "mae_centred_meV_per_atom": errors.mae_centred,
            "volume_slope_meV_per_atom_per_percent": errors.volume_slope,
            "composition_spread_meV_per_atom": errors.composition_spread,
        },
    )


def held_out_forces_gate(
    errors: HeldOutErrors | None, settings: ValidationSettings, *, leaks: bool = False
) -> Gate:
    """Whether held-out forces are good enough, over all components.

    Parameters
    ----------
    errors : HeldOutErrors or None
    settings : ValidationSettings
    leaks : bool
        Whether held-out frames are near copies of training frames.
    """
    name = "held_out_forces"
    forces = None if errors is None else errors.forces
    if errors is None or forces is None:
        return not_run(name, "no held-out frame has force labels")
    limit = settings.force_rmse_meV_per_A
    status, blocks, remark = _held_out_status(forces.rmse, limit, leaks)
    elements = ", ".join(f"{s} {e.rmse:.1f}" for s, e in forces.elements.items())
    return Gate(
        name=name,
        status=status,
        blocks=blocks,
        value=forces.rmse,
        error=forces.rmse / (6 * forces.n_atoms) ** 0.5,
        reference=0.0,
        tolerance=limit,
        unit="meV/Å",
        reason=f"Force RMSE is {forces.rmse:.1f} meV/Å ({elements}), limit "
        f"{limit:g}{remark}",
        details=_force_details(forces, errors),
    )


def not_run(name: str, why: str) -> Gate:
    """A gate without evidence: undetermined, and it withholds acceptance."""
    return Gate(
        name=name,
        status=Status.UNDETERMINED,
        blocks=True,
        reason=f"Not run: {why}.",
    )


def _held_out_status(
    value: float, limit: float, leaks: bool
) -> tuple[Status, bool, str]:
    """Status, whether it blocks, and the end of the reason."""
    if not value <= limit:
        return Status.FAIL, True, "."
    if leaks:
        return (
            Status.UNDETERMINED,
            True,
            "; but held-out frames are near copies of training frames, so this "
            "flatters: split by trajectory or in blocks of time.",
        )
    return Status.PASS, False, "."


def _force_details(
    forces: ForceErrors, errors: HeldOutErrors
) -> dict[str, float | None]:
    details: dict[str, float | None] = {
        "mae_meV_per_A": forces.mae,
        "maximum_meV_per_A": forces.maximum,
        "label_rms_meV_per_A": forces.label_rms,
    }
    for symbol, element in forces.elements.items():
        details[f"rmse_{symbol}_meV_per_A"] = element.rmse
    if errors.molecular is not None:
        for motion in ("translation", "rotation", "vibration"):
            rmse = getattr(errors.molecular, motion).rmse
            details[f"rmse_{motion}_meV_per_A"] = rmse
    return details
