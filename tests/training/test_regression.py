import numpy as np
import pytest

from brine.errors import InputError
from brine.training.regression import NormalEquations, bayesian_ridge


def _problem(n_rows=4000, n_columns=12, noise=0.3, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, n_columns)) * np.logspace(-3, 2, n_columns)
    weights = rng.normal(size=n_columns) / np.logspace(-3, 2, n_columns)
    return rows, weights, rows @ weights + noise * rng.normal(size=n_rows)


def _fit(rows, targets, block=100):
    equations = NormalEquations(rows.shape[1])
    for start in range(0, len(rows), block):
        equations.add(rows[start : start + block], targets[start : start + block])
    return bayesian_ridge(equations)


def test_noise_and_weights_are_found_whatever_the_scale_of_columns():
    rows, weights, targets = _problem()
    found = _fit(rows, targets)
    # 4000 targets: the standard error of σ is σ/√8000 = 0.0034.
    assert found.noise == pytest.approx(0.3, abs=4 * 0.0034)
    assert found.effective_parameters == pytest.approx(12, abs=0.1)
    error = (rows @ (found.weights - weights)).std()
    assert error < 4 * 0.3 * np.sqrt(12 / 4000)


def test_blocks_do_not_matter():
    rows, _, targets = _problem()
    one, many = _fit(rows, targets, block=4000), _fit(rows, targets, block=7)
    np.testing.assert_allclose(one.weights, many.weights, rtol=1e-9)


def test_predicted_deviations_cover_the_truth():
    """Over many data sets the error divided by its deviation has unit variance."""
    scores = []
    for seed in range(200):
        rows, weights, targets = _problem(n_rows=60, seed=seed)
        found = _fit(rows, targets)
        query = np.random.default_rng(seed + 999).normal(size=(1, 12))
        query *= np.logspace(-3, 2, 12)
        error = float((query @ (found.weights - weights))[0])
        scores.append(error / float(found.posterior.deviation(query)[0]))
    # 200 scores: the standard error of their variance is √(2/200) = 0.1.
    assert np.mean(np.square(scores)) == pytest.approx(1.0, abs=0.4)


def test_useless_columns_are_held_at_zero():
    """Evidence decides: with pure noise no parameter is determined."""
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(300, 40))
    found = _fit(rows, rng.normal(size=300))
    assert found.effective_parameters < 4


def test_a_column_of_rounding_noise_keeps_the_prior():
    """Its weight is zero and its deviation wide, however well noise fits noise."""
    rows, _, targets = _problem()
    noise = 1e-13 * np.random.default_rng(5).normal(size=(len(rows), 1))
    found = _fit(np.hstack([rows, noise]), targets + 1e12 * noise[:, 0])
    assert found.weights[-1] == 0
    query = np.eye(13)[[0, 12]]
    seen, unseen = found.posterior.deviation(query)
    assert unseen > 100 * seen


def test_nothing_to_fit_is_refused():
    with pytest.raises(InputError, match="differ from zero"):
        bayesian_ridge(NormalEquations(3))
    equations = NormalEquations(2)
    equations.add(np.ones((4, 2)), np.array([1.0, np.nan, 0.0, 0.0]))
    with pytest.raises(InputError, match="finite"):
        bayesian_ridge(equations)
