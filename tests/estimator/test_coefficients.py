"""Coefficients as scikit-learn shapes them, to where a descent starts and back."""

import numpy as np
import pytest

from study import MomentumRegressor
from study.estimator.coefficients import from_theta, to_theta
from tests.conftest import standardised


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_targets", [1, 3])
def test_theta_holds_a_column_of_weights_and_an_intercept_a_target(n_targets, fit_intercept, rng):
    coef, intercept = rng.normal(size=(n_targets, 4)), rng.normal(size=n_targets)
    shape = {"n_features": 4, "fit_intercept": fit_intercept, "is_flat": False, "dtype": np.float64}
    theta = to_theta(coef, intercept, n_targets=n_targets, **shape)
    X = rng.normal(size=(5, 4))
    design = np.column_stack([X, np.ones(5)]) if fit_intercept else X
    expected = X @ coef.T + (intercept if fit_intercept else 0)
    np.testing.assert_allclose(design @ theta, expected, rtol=1e-12)
    back = from_theta(theta, **shape)
    np.testing.assert_array_equal(back["coef_"], coef)
    np.testing.assert_array_equal(back["intercept_"], intercept if fit_intercept else np.zeros(n_targets))


def test_one_target_without_a_second_dimension_has_flat_coefficients():
    shape = {"n_features": 2, "fit_intercept": True, "is_flat": True, "dtype": np.float64}
    theta = to_theta([1.0, 2.0], 3.0, n_targets=1, **shape)
    assert theta.tolist() == [[1.0], [2.0], [3.0]]
    back = from_theta(theta, **shape)
    assert back["coef_"].tolist() == [1.0, 2.0]
    assert back["intercept_"] == 3.0


def test_weights_beyond_single_precision_are_refused():
    # No errstate: NumPy must print no warning beside the error.
    with pytest.raises(ValueError, match="overflow float32"):
        from_theta(np.array([[1e300]]), n_features=1, fit_intercept=False, is_flat=True, dtype=np.float32)


def test_weights_that_all_vanish_in_single_precision_are_refused():
    with pytest.raises(ValueError, match="vanish in float32"):
        from_theta(np.array([[1e-60]]), n_features=1, fit_intercept=False, is_flat=True, dtype=np.float32)
    zeros = from_theta(np.zeros((1, 1)), n_features=1, fit_intercept=False, is_flat=True, dtype=np.float32)
    assert zeros["coef_"].tolist() == [0.0]


def test_wrong_starts_are_refused_by_name():
    X, y = standardised("diabetes")
    with pytest.raises(ValueError, match="coef_init has shape"):
        MomentumRegressor().fit(X, y, coef_init=[1.0])
    with pytest.raises(ValueError, match="must be finite"):
        MomentumRegressor().fit(X, y, intercept_init=np.nan)
