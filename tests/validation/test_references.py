"""Fits against tabulated values of other sources."""

import numpy as np
import pytest

from brine.errors import InputError
from brine.validation import (
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
