import numpy as np
import pytest

from brine.potentials.baselines.zbl import zbl, zbl_cutoff
from brine.units import COULOMB


def test_near_contact_nuclei_repel_by_coulomb():
    r = np.array([1e-6])
    energy, _ = zbl(r, (8, 30), cutoff=2.0)
    # The universal amplitudes sum to 1.00000.
    assert energy[0] * r[0] == pytest.approx(COULOMB * 240, rel=2e-4)


def test_a_value_worked_by_hand():
    """O–O at 1 Å: a = 0.4685/(2·8^0.23) = 0.145201 Å, Φ(6.88702) = 0.0252766."""
    energy, _ = zbl(np.array([1.0]), (8, 8), cutoff=1e6)
    assert energy[0] == pytest.approx(14.3996454784 * 64 * 0.0252766, rel=1e-4)


def test_slope_is_the_derivative_and_the_end_is_smooth():
    r = np.linspace(0.4, 1.79, 40)
    _, slope = zbl(r, (1, 8), cutoff=1.8)
    step = 1e-5
    numerical = (
        zbl(r + step, (1, 8), cutoff=1.8)[0] - zbl(r - step, (1, 8), cutoff=1.8)[0]
    ) / (2 * step)
    assert np.abs(slope).max() > 10
    np.testing.assert_allclose(slope, numerical, rtol=0, atol=1e-5)
    assert not np.any(zbl(np.array([1.8, 2.5]), (1, 8), cutoff=1.8))


def test_the_wall_of_a_bond_is_never_thinner_than_the_bond():
    assert zbl_cutoff((1, 8), 0.8) == pytest.approx(1.1 * (0.31 + 0.66))
    assert zbl_cutoff((8, 8), 2.4) == 2.4
