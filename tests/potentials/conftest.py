"""A small native potential, fitted once."""

import pytest

from brine.potentials import NativePotential
from brine.settings.potential import NativeSettings
from brine.training import fit
from tests.potentials.training_frames import water_like_frames

SMALL = NativeSettings(two_body_channels=10, three_body_channels=4, angular_momentum=2)


@pytest.fixture(scope="session")
def small_potential() -> NativePotential:
    return fit(water_like_frames(40), SMALL)
