from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk

from brine.settings.validation import ValidationSettings
from brine.training import StressErrors
from brine.validation import (
    LabelSupport,
    PressureVolumeScan,
    Status,
    pressure_volume_gate,
    pressure_volume_scan,
)

SETTINGS = ValidationSettings()
FACTORS = np.linspace(0.94, 1.06, 13)
WIDE = LabelSupport(0.9, 1.1, 0.22, 1900.0, 100, has_stress=True)
SINGLE = LabelSupport(0.99, 0.99, 0.0, 1900.0, 100, has_stress=False)
STRESS = StressErrors(50, 300.0, 200.0, 40.0, 30.0, 200.0)


def scan_of(pressure) -> PressureVolumeScan:
    """P(V/V0) in bar, for two frames 100 bar apart."""
    curve = pressure(FACTORS**3)
    pressures = np.stack([curve - 50, curve + 50])
    densities = np.tile(1 / FACTORS**3, (2, 1))
    return PressureVolumeScan("molecules", FACTORS, densities, pressures)


def falling(v):
    return -2e4 * np.log(v) + 3e4 * np.log(v) ** 2


def test_the_bulk_modulus_is_minus_v_dp_dv():
    modulus, error = scan_of(lambda v: -2e4 * np.log(v)).bulk_modulus()
    assert modulus == pytest.approx(2.0, abs=1e-9)
    assert error == pytest.approx(0, abs=1e-9)


def test_a_smooth_falling_curve_passes():
    gate = pressure_volume_gate(scan_of(falling), SETTINGS, stress=STRESS, support=WIDE)
    assert gate.status is Status.PASS
    assert gate.value == pytest.approx(2.0, abs=0.01)
    assert gate.unit == "GPa"


def test_a_pressure_that_rises_with_volume_fails():
    """The sign of the stress turned round: the barostat would run away."""
    gate = pressure_volume_gate(scan_of(lambda v: -falling(v)), SETTINGS, support=WIDE)
    assert gate.status is Status.FAIL
    assert "not positive" in gate.reason


def test_a_curve_that_turns_up_inside_the_window_fails():
    gate = pressure_volume_gate(
        scan_of(lambda v: falling(v) + 8e5 * np.clip(v - 1.03, 0, None) ** 1.5),
        SETTINGS,
        support=WIDE,
    )
    assert gate.status is Status.FAIL
    assert "rises with volume" in gate.reason


def test_a_jagged_curve_fails():
    gate = pressure_volume_gate(
        scan_of(lambda v: falling(v) + 600 * np.sin(90 * v)), SETTINGS, support=WIDE
    )
    assert gate.status is Status.FAIL
    assert "smooth curve" in gate.reason


def test_pressures_off_on_average_fail_beyond_their_error_bar():
    off = replace(STRESS, pressure_mean=-900.0)
    gate = pressure_volume_gate(scan_of(falling), SETTINGS, stress=off, support=WIDE)
    assert gate.status is Status.FAIL
    assert "-900 ± 30 bar" in gate.reason
    unsure = replace(off, pressure_mean_error=400.0)
    gate = pressure_volume_gate(scan_of(falling), SETTINGS, stress=unsure)
    assert gate.status is Status.PASS


def test_labels_at_one_volume_cannot_fail_a_pressure_they_do_not_fix():
    gate = pressure_volume_gate(
        scan_of(lambda v: -falling(v)), SETTINGS, support=SINGLE
    )
    assert gate.status is Status.UNDETERMINED
    assert not gate.blocks
    assert "one volume" in gate.reason


def test_a_good_curve_on_labels_at_one_volume_says_that_nothing_fixes_the_pressure():
    gate = pressure_volume_gate(scan_of(falling), SETTINGS, support=SINGLE)
    assert gate.status is Status.PASS
    assert "keep the volume fixed" in gate.reason


def test_the_scan_of_solid_argon_gives_minus_the_energy_slope(lennard_jones):
    """P = -dE/dV by central difference, at every volume of the scan."""
    atoms = bulk("Ar", "fcc", a=5.3, cubic=True)
    atoms.rattle(0.05, seed=1)
    scan = pressure_volume_scan(
        lennard_jones, [atoms], moved="cell", factors=np.array([0.97, 1.0, 1.03])
    )
    step = 1e-4
    for factor, found in zip(scan.factors, scan.pressures[0], strict=True):
        energies, volumes = [], []
        for f in (factor - step, factor + step):
            scaled = atoms.copy()
            scaled.set_cell(atoms.cell * f, scale_atoms=True)
            energies.append(lennard_jones.evaluate(scaled).energy)
            volumes.append(scaled.get_volume())
        expected = -np.diff(energies)[0] / np.diff(volumes)[0] / 6.241509074e-7
        assert abs(expected) > 10
        assert found == pytest.approx(expected, abs=1.0)
    assert scan.densities[0, 0] > scan.densities[0, -1]
