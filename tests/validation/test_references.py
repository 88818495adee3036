"""Fits against tabulated values of other sources."""

import numpy as np
import pytest

from brine.errors import InputError
from brine.observables import Estimate
from brine.units import BAR, BOLTZMANN
from brine.validation import (
    Origin,
    labels_density,
    water_density,
    water_diffusion,
    water_first_peak,
    water_viscosity,
)


@pytest.mark.parametrize(
    ("temperature", "density"),
    [(277.13, 0.99997), (298.15, 0.99705), (323.15, 0.98804), (373.15, 0.95835)],
)
def test_the_density_of_water_is_that_of_the_tables(temperature, density):
    """IAPWS-95 at 1 atm; 2e-5 g/mL covers both fits."""
    assert water_density(temperature).value == pytest.approx(density, abs=2e-5)


def test_the_diffusion_of_water_is_that_of_holz():
    """Table 4 of the paper gives 2.299 at 25 °C and 1.777 (fit) at 15 °C, ± 1 %."""
    assert water_diffusion(298.15).value == pytest.approx(2.299, abs=2e-3)
    assert water_diffusion(288.15).value == pytest.approx(1.777, abs=0.02)


@pytest.mark.parametrize(
    ("temperature", "viscosity"), [(293.15, 1.0016), (298.15, 0.8900), (323.15, 0.5468)]
)
def test_the_viscosity_of_water_is_that_of_iapws(temperature, viscosity):
    assert water_viscosity(temperature).value == pytest.approx(viscosity, abs=1e-3)


def test_the_measured_curve_has_the_first_maximum_that_is_quoted():
    peak = water_first_peak()
    assert peak.r is not None
    assert peak.g is not None
    top = int(np.argmax(peak.g))
    assert peak.r[top] == pytest.approx(peak.position.value, abs=0.01)
    assert peak.g[top] == pytest.approx(peak.height.value, abs=0.01)
    assert peak.g[-1] == pytest.approx(1.0, abs=0.01)


def test_a_temperature_outside_the_fit_is_refused():
    with pytest.raises(InputError, match="between 273"):
        water_density(200.0)


def test_the_labels_density_is_the_models_moved_by_the_error_of_its_pressure():
    """Exact: 1000 ± 100 Å³ at 300 K are a bulk modulus of 4142 bar."""
    volumes = np.array([900.0, 1100.0])
    modulus = BOLTZMANN * 300.0 * 1000.0 / 1e4 / BAR

    found = labels_density(
        Estimate(0.95, 0.01), volumes, Estimate(200.0, 50.0), temperature=300.0
    )

    assert modulus == pytest.approx(4142, rel=1e-3)
    assert found.value == pytest.approx(0.95 * (1 + 200 / modulus))
    assert found.error == pytest.approx(0.95 * 50 / modulus)
    assert found.origin is Origin.LABELS
    with pytest.raises(InputError, match="volume must fluctuate"):
        labels_density(
            Estimate(1.0, 0.1), np.ones(3), Estimate(1.0, 1.0), temperature=300.0
        )
