from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms

from brine.errors import InputError
from brine.observables import Estimate, Peak
from brine.settings.validation import ValidationSettings
from brine.validation import (
    DynamicsConditions,
    LabelSupport,
    Origin,
    PeakReference,
    Reference,
    Status,
    density_gate,
    diffusion_gate,
    label_support,
    rdf_gate,
)

SETTINGS = ValidationSettings()
ORACLE = Reference(1.000, 0.003, Origin.ORACLE, "SPC/Fw")
WATER = Reference(0.997, 1e-5, Origin.EXPERIMENT, "Kell")
WIDE = LabelSupport(0.9, 1.1, 0.22, 1900.0, 100, has_stress=True)


class Rdf:
    r = np.linspace(2, 6, 200)
    g = np.ones(200)
    error = np.zeros(200)

    def __init__(self, position: float, height: float, error: float = 0.02) -> None:
        self.pair = ("O", "O")
        self.first_peak = Peak(Estimate(position, 0.002), Estimate(height, error))


PEAK = PeakReference(
    Reference(2.80, 0.002, Origin.ORACLE, "SPC/Fw"),
    Reference(2.90, 0.02, Origin.ORACLE, "SPC/Fw"),
    *(np.linspace(2, 7, 100), np.full(100, 1.1)),
)


@pytest.mark.parametrize(
    ("value", "error", "status"),
    [
        (1.004, 0.003, Status.PASS),  # within two combined errors of 0.0042
        (1.004, 0.0001, Status.PASS),  # within 0.5 %, which does not matter
        (1.020, 0.003, Status.FAIL),
        (1.001, 0.030, Status.UNDETERMINED),  # error bar of 3 %
        (1.200, 0.030, Status.FAIL),  # far off whatever the error bar
        (float("nan"), 0.003, Status.FAIL),
    ],
)
def test_density_agrees_within_two_errors_or_half_a_percent(value, error, status):
    gate = density_gate(Estimate(value, error), ORACLE, SETTINGS, support=WIDE)
    assert gate.status is status
    assert gate.blocks == (status is not Status.PASS)
    assert gate.unit == "g/mL"
    assert gate.reference == 1.0


def test_an_unknown_error_bar_leaves_agreement_undetermined():
    gate = density_gate(Estimate(1.0, float("nan")), ORACLE, SETTINGS)
    assert gate.status is Status.UNDETERMINED
    assert "run longer" in gate.reason


def test_labels_at_a_single_volume_leave_the_density_undetermined_and_say_why():
    box = Atoms("OH2", np.eye(3), cell=[12.4447] * 3, pbc=True)
    for found in (None, Estimate(0.8, 0.001)):
        gate = density_gate(
            found,
            WATER,
            SETTINGS,
            support=LabelSupport(0.993, 0.993, 0.0, 1927.3, 400, has_stress=False),
        )
        assert gate.status is Status.UNDETERMINED
        assert not gate.blocks
        assert "one volume (1927 Å³, 0.993 g/mL)" in gate.reason
        assert "not the pressure" in gate.reason
        assert "±10 %" in gate.reason
    assert box.cell.volume == pytest.approx(1927.3, abs=0.1)


def test_label_support_measures_volumes_inside_one_composition(dataset_of):
    small = Atoms("OH2", np.eye(3), cell=[3.0, 3.0, 3.0], pbc=True)
    large = Atoms("OH2", np.eye(3), cell=[3.0, 3.0, 3.3], pbc=True)
    other = Atoms("Ar", [[0, 0, 0]], cell=[9.0] * 3, pbc=True)

    assert label_support(dataset_of([small, other])).volume_span == 0
    support = label_support(dataset_of([small, large, other]))
    assert support.volume_span == pytest.approx(0.1, abs=1e-12)
    assert support.fixes_density(0.05)
    assert support.highest_density == pytest.approx(18.015 / 27 / 0.602214, abs=1e-3)
    assert label_support(dataset_of([Atoms("OH2", np.eye(3))])) is None


def test_experiment_cannot_tell_the_potential_from_the_level_of_theory():
    gate = density_gate(Estimate(0.93, 0.002), WATER, SETTINGS, support=WIDE)
    assert gate.status is Status.UNDETERMINED
    assert not gate.blocks
    assert "level of theory" in gate.reason


def test_a_box_that_collapsed_fails_against_experiment_too():
    gate = density_gate(Estimate(5.5, 0.01), WATER, SETTINGS, support=WIDE)
    assert gate.status is Status.FAIL


def test_without_any_reference_a_density_is_told_and_not_judged():
    gate = density_gate(Estimate(1.2, 0.01), None, SETTINGS)
    assert gate.status is Status.UNDETERMINED
    assert gate.value == 1.2
    assert not gate.blocks


@pytest.mark.parametrize(
    ("position", "height", "status"),
    [
        (2.81, 2.93, Status.PASS),
        (2.83, 2.90, Status.FAIL),
        (2.80, 3.10, Status.FAIL),
    ],
)
def test_the_first_peak_must_be_in_place_and_of_the_right_height(
    position, height, status
):
    gate = rdf_gate(Rdf(position, height), PEAK, SETTINGS)
    assert gate.status is status
    assert gate.details["position_A"] == position
    assert gate.details["mean_difference"] == pytest.approx(0.1, abs=1e-9)


def test_a_curve_without_a_peak_is_no_liquid():
    class Gas(Rdf):
        def __init__(self) -> None: ...

        @property
        def first_peak(self) -> Peak:
            raise InputError("g(r) has no maximum above one.")

    gate = rdf_gate(Gas(), PEAK, SETTINGS)
    assert gate.status is Status.FAIL
    assert "no maximum" in gate.reason


def test_diffusion_agrees_within_two_combined_errors():
    reference = Reference(2.3, 0.15, Origin.ORACLE, "SPC/Fw")
    good = diffusion_gate(Estimate(2.7, 0.2), reference, SETTINGS)
    assert good.status is Status.PASS
    assert good.tolerance == pytest.approx(2 * np.hypot(0.2, 0.15), abs=1e-12)
    bad = diffusion_gate(Estimate(1.2, 0.1), reference, SETTINGS)
    assert bad.status is Status.FAIL


@pytest.mark.parametrize(
    ("conditions", "word"),
    [
        (DynamicsConditions(friction=50.0), "friction of 50 ps⁻¹"),
        (DynamicsConditions(altered_masses=True), "masses"),
        (DynamicsConditions(exponent=0.6), "not yet diffusive"),
    ],
)
def test_dynamics_that_was_tampered_with_is_refused(conditions, word):
    """At 50 ps⁻¹ water diffuses 81 % slower: a value that agrees means nothing."""
    reference = Reference(2.3, 0.1, Origin.ORACLE, "SPC/Fw")
    gate = diffusion_gate(
        Estimate(2.3, 0.1), reference, SETTINGS, conditions=conditions
    )
    assert gate.status is Status.UNDETERMINED
    assert gate.blocks
    assert word in gate.reason


def test_weak_friction_and_natural_masses_are_measured():
    reference = Reference(2.3, 0.1, Origin.ORACLE, "SPC/Fw")
    gate = diffusion_gate(
        Estimate(2.3, 0.1),
        reference,
        SETTINGS,
        conditions=DynamicsConditions(friction=0.05, exponent=1.05),
    )
    assert gate.status is Status.PASS


def test_a_peak_in_the_wrong_place_against_experiment_blames_nobody():
    experiment = PeakReference(
        replace(PEAK.position, origin=Origin.EXPERIMENT),
        replace(PEAK.height, origin=Origin.EXPERIMENT),
    )
    gate = rdf_gate(Rdf(2.74, 2.90), experiment, SETTINGS)
    assert gate.status is Status.UNDETERMINED
    assert not gate.blocks
