"""Chunks unlike those before them: `partial_fit` with eta="auto" neither diverges nor is silent."""

import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning

from study import DivergenceError, MomentumRegressor
from tests.conftest import LINEAR, SOLVERS, standardised


def squared_error(model, X, y):
    return np.mean((y - X @ model.coef_ - model.intercept_) ** 2)


@pytest.mark.parametrize("layout", ["dense", "sparse"])
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("solver", LINEAR)
def test_auto_lowers_the_rate_for_a_chunk_that_does_not_allow_it_and_says_so(solver, batch_size, layout):
    X, y = standardised("diabetes")
    first, large, last = (
        scipy.sparse.csr_array(part) if layout == "sparse" else part
        for part in (X[:150], 1e4 * X[150:300], X[300:])
    )
    model = MomentumRegressor(solver=solver, batch_size=batch_size)
    for _ in range(3):
        model.partial_fit(first, y[:150])
    eta, before = model.eta_, squared_error(model, large, y[150:300])
    with pytest.warns(
        ConvergenceWarning, match=r"chunk 4 .*eta='auto'.* first chunk.*StandardScaler"
    ) as said:
        model.partial_fit(large, y[150:300])
    assert [warning.filename for warning in said] == [__file__]
    assert squared_error(model, large, y[150:300]) <= before
    assert model.eta_ == eta
    assert model.eta_curve_[:3] == [eta] * 3
    assert model.eta_curve_[3] < 1e-2 * eta
    # The next chunk is like the first, and nothing of the large one is left in the optimiser's state.
    model.partial_fit(last, y[300:])
    assert model.eta_curve_[4] == eta
    assert squared_error(model, X[300:], y[300:]) <= 1.05 * np.mean(y[300:] ** 2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("solver", SOLVERS)
def test_auto_raises_no_divergence_over_chunks_of_any_scale(solver, dtype, rng):
    reach = 30 if dtype is np.float64 else 6
    for batch_size in (None, 4):
        model = MomentumRegressor(solver=solver, batch_size=batch_size)
        for exponent in rng.uniform(-reach, reach, size=12):
            X = (rng.normal(size=(10, 3)) * 10**exponent).astype(dtype)
            y = rng.normal(size=10).astype(dtype)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                model.partial_fit(X, y)
            assert np.isfinite(model.coef_).all()


def test_a_rate_that_was_given_is_not_lowered():
    X, y = standardised("iris")
    model = MomentumRegressor(0.1).partial_fit(X, y)
    with pytest.raises(DivergenceError, match="on chunk 2"):
        model.partial_fit(1e4 * X, y)


def test_a_chunk_whose_loss_overflows_before_the_first_update_is_refused_with_the_cause():
    X, y = standardised("iris")
    model = MomentumRegressor(fit_intercept=False).partial_fit(1e-100 * X, y)
    before = model.coef_.copy()
    with pytest.raises(
        ValueError, match=r"chunk 2 .*X is too large for the weights of the chunks before"
    ) as error:
        model.partial_fit(1e120 * X, y)
    assert not isinstance(error.value, DivergenceError)
    np.testing.assert_array_equal(model.coef_, before)
