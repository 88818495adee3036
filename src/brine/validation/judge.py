"""The verdict on a force field."""

from collections.abc import Sequence

from brine.errors import InputError
from brine.settings.validation import ValidationSettings
from brine.validation.diagnosis import diagnose
from brine.validation.dimers import short_range_gate
from brine.validation.energy_drift import energy_drift_gate
from brine.validation.evidence import SKIPPABLE, Evidence
from brine.validation.held_out_gates import (
    held_out_energy_gate,
    held_out_forces_gate,
    label_audit_gate,
)
from brine.validation.observable_gates import density_gate, diffusion_gate, rdf_gate
from brine.validation.pressure_volume import pressure_volume_gate
from brine.validation.stability import stability_gate
from brine.validation.verdict import Gate, Status, Verdict


def judge(evidence: Evidence, *, settings: ValidationSettings | None = None) -> Verdict:
    """The verdict that `evidence` supports, every gate in it.

    Parameters
    ----------
    evidence : Evidence
    settings : ValidationSettings, optional
        Tolerances.

    Raises
    ------
    InputError
        A gate is skipped that every force field must pass.
    """
    gates = [
        _skip(gate, evidence)
        for gate in all_gates(evidence, settings or ValidationSettings())
    ]
    _check_skipped(evidence)
    return Verdict.from_gates(
        gates, diagnosis=diagnose(evidence, gates), info=evidence.info
    )


def all_gates(evidence: Evidence, settings: ValidationSettings) -> Sequence[Gate]:
    """Every gate, in the order of `GATE_NAMES`."""
    errors, support = evidence.errors, evidence.support
    return (
        label_audit_gate(evidence.findings),
        held_out_energy_gate(
            errors.energy if errors else None, settings, leaks=evidence.leaks
        ),
        held_out_forces_gate(errors, settings, leaks=evidence.leaks),
        short_range_gate(evidence.dimers, settings),
        pressure_volume_gate(
            evidence.pressure_volume,
            settings,
            stress=errors.stress if errors else None,
            support=support,
        ),
        energy_drift_gate(evidence.drift, settings),
        stability_gate(evidence.stability, settings),
        density_gate(
            evidence.density, evidence.density_reference, settings, support=support
        ),
        rdf_gate(evidence.rdf, evidence.rdf_reference, settings),
        diffusion_gate(
            evidence.diffusion,
            evidence.diffusion_reference,
            settings,
            conditions=evidence.conditions,
        ),
    )


def _skip(gate: Gate, evidence: Evidence) -> Gate:
    """An undetermined gate that the protocol left out blocks nothing."""
    why = evidence.skipped.get(gate.name)
    if why is None or gate.status is not Status.UNDETERMINED or not gate.blocks:
        return gate
    return gate.model_copy(update={"blocks": False, "reason": f"Not asked for: {why}."})


def _check_skipped(evidence: Evidence) -> None:
    wrong = sorted(set(evidence.skipped) - SKIPPABLE)
    if wrong:
        raise InputError(
            f"`skipped` must name gates among {sorted(SKIPPABLE)}, got {wrong}; the "
            "others are asked of every force field."
        )
