from dataclasses import replace

import pytest

from brine.datasets import Finding
from brine.settings.validation import ValidationSettings
from brine.training import (
    ElementErrors,
    EnergyErrors,
    ForceErrors,
    HeldOutErrors,
    MolecularErrors,
    MotionErrors,
)
from brine.validation import (
    Status,
    held_out_energy_gate,
    held_out_forces_gate,
    label_audit_gate,
)

SETTINGS = ValidationSettings()
NAN = float("nan")
ENERGY = EnergyErrors(80, 12.0, 10.0, -12.0, 0.4, 0.3, NAN, NAN, NAN)
FORCES = ForceErrors(
    *(9000, 41.0, 30.0, 400.0, 1000.0),
    {"O": ElementErrors(3000, 50.0, 40.0, 1200.0)},
)
MOTION = MotionErrors(12.0, 300.0)
ERRORS = HeldOutErrors(ENERGY, FORCES, None, MolecularErrors(3000, *(MOTION,) * 3))


def test_an_offset_of_the_energy_alone_does_not_fail():
    gate = held_out_energy_gate(ENERGY, SETTINGS)
    assert gate.status is Status.PASS
    assert gate.value == 0.4
    assert gate.unit == "meV/atom"
    assert gate.details["rmse_with_mean_meV_per_atom"] == 12.0


def test_energies_scattered_beyond_the_limit_fail():
    gate = held_out_energy_gate(replace(ENERGY, rmse_centred=1.01), SETTINGS)
    assert gate.status is Status.FAIL


def test_errors_that_are_not_numbers_fail():
    gate = held_out_energy_gate(replace(ENERGY, rmse_centred=NAN), SETTINGS)
    assert gate.status is Status.FAIL


def test_forces_are_told_per_element_and_per_molecular_motion():
    gate = held_out_forces_gate(ERRORS, SETTINGS)
    assert gate.status is Status.PASS
    assert "O 50.0" in gate.reason
    assert gate.details["rmse_O_meV_per_A"] == 50.0
    assert gate.details["rmse_translation_meV_per_A"] == 12.0
    assert gate.unit == "meV/Å"


def test_forces_beyond_the_limit_fail_and_the_limit_can_be_set():
    strict = ValidationSettings(force_rmse_meV_per_A=40.0)
    assert held_out_forces_gate(ERRORS, strict).status is Status.FAIL


def test_a_small_error_on_near_copies_of_training_frames_proves_nothing():
    gate = held_out_forces_gate(ERRORS, SETTINGS, leaks=True)
    assert gate.status is Status.UNDETERMINED
    assert gate.blocks
    assert "near copies" in gate.reason


def test_a_large_error_on_near_copies_fails_all_the_same():
    bad = replace(ENERGY, rmse_centred=3.0)
    assert held_out_energy_gate(bad, SETTINGS, leaks=True).status is Status.FAIL


@pytest.mark.parametrize(
    ("severity", "status"), [("error", Status.FAIL), ("warning", Status.PASS)]
)
def test_only_errors_of_the_labels_fail_the_audit(severity, status):
    gate = label_audit_gate([Finding(severity, "units", "Frame 3 is in bohr.")])
    assert gate.status is status
    assert ("bohr" in gate.reason) == (status is Status.FAIL)
