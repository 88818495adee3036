import numpy as np
import pytest
from scipy.stats import ortho_group

from brine.potentials import NetworkLayout
from brine.training.soap import Soap

LAYOUT = NetworkLayout(
    n_l=1, n_channels=2, products=16, n_products=16, n_inputs=32, hidden=16
)


def _descend(gradient_of, start, n_steps=80):
    """Where SOAP ends with the second layer alone, whose gradient is given."""
    theta = np.zeros((1, LAYOUT.size))
    weights = LAYOUT.views(theta)["w2"]
    weights[0] = start
    soap = Soap(theta, LAYOUT)
    for _ in range(n_steps):
        gradient = np.zeros_like(theta)
        LAYOUT.views(gradient)["w2"][0] = gradient_of(weights[0])
        soap.step(gradient, 0.03)
    return weights[0].copy()


@pytest.fixture
def valley():
    """The slope of a quadratic whose curvatures span three orders of magnitude."""
    rng = np.random.default_rng(0)
    curvature = 10 ** rng.uniform(-3, 0, size=(16, 16))
    aim, start = rng.normal(size=(2, 16, 16))
    return lambda weights: curvature * (weights - aim), start, aim


def test_the_way_does_not_depend_on_how_inputs_and_outputs_are_turned(valley):
    slope, start, _ = valley
    left, right = ortho_group.rvs(16, size=2, random_state=1)

    def turned_slope(weights):
        return left @ slope(left.T @ weights @ right) @ right.T

    straight = _descend(slope, start)
    turned = _descend(turned_slope, left @ start @ right.T)

    assert np.abs(straight - start).max() > 0.5
    np.testing.assert_allclose(turned, left @ straight @ right.T, rtol=0, atol=1e-6)


def test_it_goes_down_a_narrow_valley(valley):
    slope, start, aim = valley
    end = _descend(slope, start, n_steps=400)
    loss = [np.vdot(slope(at), at - aim) for at in (start, end)]
    assert loss[1] < 1e-2 * loss[0]


def test_one_violent_gradient_does_not_stop_the_descent(valley):
    slope, start, _ = valley
    calls = iter(range(10**6))

    def interrupted(weights):
        return slope(weights) * (1e6 if next(calls) == 50 else 1.0)

    usual, hit = _descend(slope, start), _descend(interrupted, start)

    np.testing.assert_allclose(hit, usual, rtol=0, atol=0.3)


def test_weights_that_nothing_moves_decay_and_biases_stay():
    theta = np.ones((1, LAYOUT.size))
    soap = Soap(theta, LAYOUT, decay=0.5)
    for _ in range(3):
        gradient = np.zeros_like(theta)
        LAYOUT.views(gradient)["b2"][:] = 1.0
        soap.step(gradient, 0.1)
    left = LAYOUT.views(theta)
    for name in ("mixes", "w1", "w2"):
        np.testing.assert_allclose(left[name], 0.95**3, rtol=1e-12)
    for name in ("b1", "w3", "b3"):
        np.testing.assert_array_equal(left[name], 1.0)
