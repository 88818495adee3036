"""From evidence to verdict, and to the reasons behind a failure."""

from dataclasses import replace

import numpy as np
import pytest

from brine.datasets import Finding
from brine.errors import InputError
from brine.observables import Estimate, Peak
from brine.training import (
    ElementErrors,
    EnergyErrors,
    ForceErrors,
    HeldOutErrors,
    MolecularErrors,
    MotionErrors,
    StressErrors,
)
from brine.validation import (
    DimerScan,
    DynamicsConditions,
    EnergyDrift,
    Evidence,
    LabelSupport,
    Origin,
    PeakReference,
    PressureVolumeScan,
    Reference,
    StabilityRun,
    Status,
    judge,
)

NAN = float("nan")
R = np.arange(0.5, 4.0, 0.02)
FACTORS = np.linspace(0.94, 1.06, 13)


class Rdf:
    r, g, error = R, np.ones_like(R), np.zeros_like(R)
    pair = ("O", "O")
    first_peak = Peak(Estimate(2.80, 0.002), Estimate(2.90, 0.02))


def oracle(value: float, error: float) -> Reference:
    return Reference(value, error, Origin.ORACLE, "SPC/Fw")


GOOD = Evidence(
    findings=(),
    errors=HeldOutErrors(
        EnergyErrors(60, 0.9, 0.7, 0.8, 0.3, 0.2, 0.001, 0.01, NAN),
        ForceErrors(900, 30.0, 20.0, 200.0, 900.0, {"O": ElementErrors(*(900,) * 4)}),
        StressErrors(60, 300.0, 200.0, -20.0, 30.0, 200.0),
        MolecularErrors(300, *(MotionErrors(10.0, 300.0),) * 3),
    ),
    support=LabelSupport(0.9, 1.1, 0.22, 1900.0, 300, has_stress=True),
    dimers=(DimerScan(("O", "O"), R, 10 * R**-6 - 10 * 4.0**-6, 2.4),),
    pressure_volume=PressureVolumeScan(
        *("molecules", FACTORS, np.ones((2, 13))),
        np.tile(-6e4 * np.log(FACTORS), (2, 1)),
    ),
    drift=EnergyDrift(0.3, 0.4, 20.0),
    stability=(
        StabilityRun(300.0, 300.0, 100.0, 100.0, "", ()),
        StabilityRun(400.0, 400.0, 20.0, 20.0, "", ()),
    ),
    density=Estimate(1.001, 0.003),
    density_reference=oracle(1.0, 0.003),
    rdf=Rdf(),
    rdf_reference=PeakReference(oracle(2.80, 0.002), oracle(2.91, 0.02)),
    diffusion=Estimate(2.4, 0.2),
    diffusion_reference=oracle(2.3, 0.1),
    conditions=DynamicsConditions(exponent=1.0),
)


def test_good_evidence_is_accepted_without_any_diagnosis():
    verdict = judge(GOOD)
    assert {gate.status for gate in verdict.gates} == {Status.PASS}
    assert verdict.accepted
    assert verdict.diagnosis == ()


@pytest.mark.parametrize(
    ("changes", "gate"),
    [
        ({"findings": [Finding("error", "nan", "Frame 2 has NaN forces.")]}, 0),
        ({"drift": EnergyDrift(50.0, 1.0, 20.0)}, 5),
        ({"density": Estimate(0.80, 0.003)}, 7),
        ({"diffusion": Estimate(0.4, 0.02)}, 9),
    ],
)
def test_one_bad_part_fails_its_own_gate_alone(changes, gate):
    verdict = judge(replace(GOOD, **changes))
    assert not verdict.accepted
    failed = [g.name for g in verdict.gates if g.status is Status.FAIL]
    assert failed == [verdict.gates[gate].name]


def test_labels_at_one_volume_do_not_withhold_acceptance():
    single = LabelSupport(0.993, 0.993, 0.0, 1927.0, 400, has_stress=False)
    verdict = judge(replace(GOOD, support=single, density=None))
    assert verdict.gate("density").status is Status.UNDETERMINED
    assert verdict.accepted


def test_a_gate_that_the_protocol_leaves_out_does_not_block_but_a_core_one_must_run():
    without = replace(GOOD, diffusion=None)
    assert not judge(without).accepted
    verdict = judge(replace(without, skipped={"diffusion": "statics only"}))
    assert verdict.accepted
    assert verdict.gate("diffusion").reason == "Not asked for: statics only."
    with pytest.raises(InputError, match="stability"):
        judge(replace(GOOD, skipped={"stability": "too slow"}))


def test_leaving_a_gate_out_does_not_hide_that_it_failed():
    verdict = judge(
        replace(GOOD, diffusion=Estimate(0.4, 0.02), skipped={"diffusion": "no"})
    )
    assert verdict.gate("diffusion").status is Status.FAIL
    assert not verdict.accepted


def diagnosis(**changes) -> str:
    return " ".join(judge(replace(GOOD, **changes)).diagnosis)


def with_errors(**changes) -> HeldOutErrors:
    return replace(GOOD.errors, **changes)


def test_a_box_outside_the_sampled_densities_is_blamed_on_sampling():
    assert "outside the labels' 0.900 to 1.100 g/mL" in diagnosis(
        density=Estimate(0.8, 0.003)
    )


def test_a_narrow_range_of_volumes_is_blamed():
    narrow = LabelSupport(0.97, 1.05, 0.08, 1900.0, 300, has_stress=True)
    text = diagnosis(density=Estimate(1.04, 0.003), support=narrow)
    assert "span only 8.0% in volume" in text


def test_a_systematic_pressure_error_is_blamed_on_sign_unit_or_pulay_stress():
    stress = StressErrors(60, 9e3, 9e3, -5200.0, 50.0, 5300.0)
    text = diagnosis(errors=with_errors(stress=stress))
    assert "sign, unit and Pulay stress" in text


def test_an_energy_error_that_grows_with_volume_is_blamed():
    energy = replace(GOOD.errors.energy, volume_slope=0.3, volume_slope_error=0.01)
    text = diagnosis(density=Estimate(0.95, 0.003), errors=with_errors(energy=energy))
    assert "+0.300 ± 0.010 meV/atom for each 1 %" in text


def test_forces_between_molecules_hidden_by_bonds_are_named():
    motion = MolecularErrors(
        300,
        MotionErrors(90.0, 300.0),
        MotionErrors(60.0, 300.0),
        MotionErrors(20.0, 900.0),
    )
    text = diagnosis(
        diffusion=Estimate(1.0, 0.05), errors=with_errors(molecular=motion)
    )
    assert "30% off (translation)" in text


def test_clumping_is_told_from_leaving_the_labels():
    crashed = (StabilityRun(300.0, 300.0, 1.0, 100.0, "two O are 1.3 Å apart", ()),)
    well = GOOD.dimers[0].energies - 1e4 * np.exp(-(((R - 1.0) / 0.2) ** 2))
    sick = (DimerScan(("O", "O"), R, well, 2.4),)
    assert "repulsive baseline" in diagnosis(stability=crashed, dimers=sick)
    assert "leaves the region of the labels" in diagnosis(stability=crashed)


def test_small_errors_beside_a_leak_are_called_flattering():
    leaking = {"leaks": True, "density": Estimate(0.8, 0.003)}
    assert "near copies of training frames" in diagnosis(**leaking)
    large = with_errors(forces=replace(GOOD.errors.forces, rmse=5000.0))
    assert "near copies of training" not in diagnosis(**leaking, errors=large)


def test_friction_below_the_refusal_is_still_named_when_diffusion_fails():
    text = diagnosis(
        diffusion=Estimate(1.0, 0.05), conditions=DynamicsConditions(friction=0.08)
    )
    assert "0.08 ps⁻¹" in text


def test_compositions_that_disagree_are_named():
    energy = replace(GOOD.errors.energy, rmse_centred=4.0, composition_spread=3.9)
    text = diagnosis(errors=with_errors(energy=energy))
    assert "not separable" in text
