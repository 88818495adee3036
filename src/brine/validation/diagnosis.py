"""Why gates failed, as far as the evidence says.

Each rule looks for one known cause and the traces it leaves; it speaks only when
the gate it explains failed, or when it takes the ground from under a gate.
"""

from collections.abc import Callable, Sequence

from brine.validation.evidence import Evidence
from brine.validation.verdict import Gate, Status

Rule = Callable[[Evidence, frozenset[str]], str]


def diagnose(evidence: Evidence, gates: Sequence[Gate]) -> tuple[str, ...]:
    """Sentences that name a likely cause and a remedy, the deepest cause first.

    Parameters
    ----------
    evidence : Evidence
    gates : sequence of Gate
    """
    failed = frozenset(g.name for g in gates if g.status is Status.FAIL)
    return tuple(text for rule in RULES if (text := rule(evidence, failed)))


def _bad_labels(evidence: Evidence, failed: frozenset[str]) -> str:
    if "label_audit" not in failed or len(failed) < 2:
        return ""
    return (
        "The labels themselves have errors; whatever else failed may follow from "
        "them. Fix the labels and train again before looking further."
    )


def _leak(evidence: Evidence, failed: frozenset[str]) -> str:
    dynamic = failed & {"stability", "density", "rdf", "diffusion", "short_range"}
    if not evidence.leaks or not dynamic or "held_out_forces" in failed:
        return ""
    return (
        "Held-out frames are near copies of training frames, so the small held-out "
        "errors say little: split by trajectory or in blocks of time, and expect "
        "larger errors."
    )


def _narrow_volumes(evidence: Evidence, failed: frozenset[str]) -> str:
    support = evidence.support
    if support is None or not failed & {"density", "pressure_volume"}:
        return ""
    found = evidence.density.value if evidence.density else None
    if found is not None and not (
        support.lowest_density <= found <= support.highest_density
    ):
        return (
            f"The box settled at {found:.3f} g/mL, outside the labels' "
            f"{support.lowest_density:.3f} to {support.highest_density:.3f} g/mL: "
            "there the pressure is extrapolated. Add labels at that density."
        )
    if support.volume_span < 0.15:
        return (
            f"The labels span only {support.volume_span:.1%} in volume, which fixes "
            "forces but hardly the pressure: add frames within ±10 % in density, by "
            "scaling molecular centres and the whole cell."
        )
    return ""


def _stress(evidence: Evidence, failed: frozenset[str]) -> str:
    stress = evidence.errors.stress if evidence.errors else None
    if stress is None or not failed & {"density", "pressure_volume"}:
        return ""
    if abs(stress.pressure_mean) < 0.5 * stress.pressure_rmse:
        return ""
    return (
        f"Predicted pressures are {stress.pressure_mean:+.0f} bar off on average, not "
        "by chance: check sign, unit and Pulay stress of the labels (−dE/dV by finite "
        "difference settles it), and that stress has weight in the fit."
    )


def _energy_slope(evidence: Evidence, failed: frozenset[str]) -> str:
    energy = evidence.errors.energy if evidence.errors else None
    if energy is None or not failed & {"density", "pressure_volume", "held_out_energy"}:
        return ""
    slope, error = energy.volume_slope, energy.volume_slope_error
    if not abs(slope) > max(2 * error, 0.02):
        return ""
    return (
        f"The energy error changes by {slope:+.3f} ± {error:.3f} meV/atom for each 1 % "
        "of volume, an error of the pressure itself; a constant offset would be "
        "harmless. Labels at several volumes, or a larger weight of energy and "
        "stress, remove it."
    )


def _compositions(evidence: Evidence, failed: frozenset[str]) -> str:
    energy = evidence.errors.energy if evidence.errors else None
    if energy is None or "held_out_energy" not in failed:
        return ""
    if not energy.composition_spread > 0.5 * energy.rmse_centred:
        return ""
    return (
        f"The energy error differs by {energy.composition_spread:.2f} meV/atom between "
        "compositions: reference energies of single atoms are not separable in "
        "neutral salts; train on more compositions."
    )


def _hidden_forces(evidence: Evidence, failed: frozenset[str]) -> str:
    molecular = evidence.errors.molecular if evidence.errors else None
    if molecular is None or not failed & {"density", "rdf", "diffusion"}:
        return ""
    worst = max(molecular.translation.relative, molecular.rotation.relative)
    if not worst > 2 * molecular.vibration.relative:
        return ""
    return (
        f"Forces on whole molecules are {molecular.translation.relative:.0%} off "
        f"(translation) and {molecular.rotation.relative:.0%} (rotation), against "
        f"{molecular.vibration.relative:.0%} inside molecules: the covalent forces "
        "hide it in the overall error."
    )


def _clumping(evidence: Evidence, failed: frozenset[str]) -> str:
    if not {"stability", "short_range"} <= failed:
        return ""
    return (
        "Runs break and pairs have wells at short range: atoms fall together where no "
        "label is. Train against a repulsive baseline (ZBL) and add shrunken frames."
    )


def _extrapolation(evidence: Evidence, failed: frozenset[str]) -> str:
    if "stability" not in failed or failed & {"short_range", "held_out_forces"}:
        return ""
    return (
        "Runs break although held-out errors and dimers are good: dynamics leaves the "
        "region of the labels. Label the frames saved before the stop, sample hotter, "
        "and train again."
    )


def _timestep(evidence: Evidence, failed: frozenset[str]) -> str:
    if "energy_drift" not in failed:
        return ""
    return (
        "NVE drifts: the timestep is too long for the fastest vibration, or forces are "
        "not the exact gradient of the energy (a jump at the cutoff, low precision)."
    )


def _friction(evidence: Evidence, failed: frozenset[str]) -> str:
    conditions = evidence.conditions
    if conditions is None or conditions.friction <= 0 or "diffusion" not in failed:
        return ""
    return (
        f"A Langevin friction of {conditions.friction:g} ps⁻¹ acted while diffusion "
        "was measured and slows it; repeat in NVE."
    )


def _density_drives_dynamics(evidence: Evidence, failed: frozenset[str]) -> str:
    if not {"density", "diffusion"} <= failed:
        return ""
    return (
        "Density and diffusion fail together: molecules move slower in a denser box, "
        "so mend the pressure first."
    )


RULES: tuple[Rule, ...] = (
    _bad_labels,
    _leak,
    _narrow_volumes,
    _stress,
    _energy_slope,
    _compositions,
    _hidden_forces,
    _clumping,
    _extrapolation,
    _timestep,
    _friction,
    _density_drives_dynamics,
)
"""In the order in which causes come before effects."""
