"""No fit claims to have converged while much is left, and every warning names its cause."""

import re
import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.preprocessing import scale

from study import MomentumRegressor
from tests.conftest import SOLVERS, standardised


def easy(columns=1.0):
    """A target that five well-conditioned columns explain, and the columns on other scales."""
    draw = np.random.RandomState(0)
    X = draw.normal(size=(200, 5))
    return X * columns, X @ [1, -2, 3, 0, 0.5] + 1


def diamonds(n=3000):
    """A table with the columns and scales of ggplot2's diamonds: carat, depth, table, x, y, z, and a price."""
    draw = np.random.default_rng(0)
    carat = np.clip(np.exp(draw.normal(-0.4, 0.58, n)), 0.2, 5)
    depth, table = draw.normal(61.7, 1.4, n), draw.normal(57.5, 2.2, n)
    x = 6.5 * np.cbrt(carat) * (1 + 0.01 * draw.normal(size=n))
    y = x * (1 + 0.01 * draw.normal(size=n))
    price = np.exp(8.4 + 1.7 * np.log(carat) + 0.3 * draw.normal(size=n))
    return np.column_stack([carat, depth, table, x, y, x * depth / 100]), price


def left(model, X, y, alpha=0.0):
    """The share of the starting excess that a model leaves, by scikit-learn's minimum."""
    best = Ridge(alpha * len(y), solver="svd") if alpha else LinearRegression()
    best.fit(scale(X) if not alpha else X, y)
    minimum = np.mean((y - best.predict(scale(X) if not alpha else X)) ** 2) + alpha * np.sum(best.coef_**2)
    value = np.mean((y - model.predict(X)) ** 2) + alpha * np.sum(model.coef_**2)
    return (value - minimum) / (np.mean(y**2) - minimum)


class TestWithoutAWarningAtMostOnePercentIsLeft:
    @pytest.mark.parametrize("batch_size", [None, 32])
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("eta", ["auto", 1e-6, 1e-3, 0.1])
    @pytest.mark.parametrize("alpha", [0.0, 0.1])
    def test_on_scaled_data(self, solver, batch_size, eta, alpha):
        X, y = standardised("diabetes")
        self.check(MomentumRegressor(eta, solver=solver, batch_size=batch_size, alpha=alpha), X, y)

    @pytest.mark.parametrize("batch_size", [None, 64])
    @pytest.mark.parametrize("solver", ["momentum", "adam", "rmsprop", "sgd"])
    @pytest.mark.parametrize("scaled", [True, False])
    def test_on_a_table_like_diamonds(self, solver, batch_size, scaled):
        X, y = diamonds()
        X = scale(X) if scaled else X
        self.check(MomentumRegressor(solver=solver, batch_size=batch_size, max_iter=120), X, y)

    @pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
    @pytest.mark.parametrize("eta", ["auto", 1e-4, 1e-2])
    def test_where_no_moments_are_formed(self, kind, eta, rng):
        X = rng.normal(size=(30, 100)) * (rng.random((30, 100)) < 0.3)
        y = X @ rng.normal(size=100)
        self.check(MomentumRegressor(eta, max_iter=100), kind(X), y)

    @staticmethod
    def check(model, X, y):
        model.set_params(random_state=0)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            model.fit(X, y)
        assert all(warning.category is ConvergenceWarning for warning in warned)
        share = left(model, X.toarray() if scipy.sparse.issparse(X) else X, y, model.alpha)
        if not warned:
            assert share < 0.0101
        elif model.n_iter_ < model.max_iter:  # noise
            assert share > 0.0099


class TestTheWarningNames:
    def test_the_condition_number_and_what_is_left(self):
        X, y = easy([1e4, 1, 1, 1, 1])
        message = (
            rf"{left_of(X, y):.2g} % of the starting excess.*condition number is 1.4e\+08.*StandardScaler"
        )
        with pytest.warns(ConvergenceWarning, match=message):
            MomentumRegressor().fit(X, y)

    def test_the_condition_number_even_where_eigenvalues_hide_it(self):
        X, y = easy([1e9, 1, 1, 1, 1])
        with pytest.warns(ConvergenceWarning, match=r"condition number is 1.\de\+18.*StandardScaler"):
            MomentumRegressor().fit(X, y)

    @pytest.mark.parametrize("early_stopping", [False, True])
    @pytest.mark.parametrize("batch_size", [None, 16])
    def test_a_rate_far_below_what_the_data_allow(self, batch_size, early_stopping):
        X, y = easy()
        model = MomentumRegressor(1e-6, batch_size=batch_size, early_stopping=early_stopping, random_state=0)
        with pytest.warns(
            ConvergenceWarning, match=r"eta=1e-06 is far below .* eta < (\S+)\).*eta='auto'"
        ) as warned:
            model.fit(X, y)
        design = np.column_stack([X, np.ones(len(X))])
        limit = 2 * 1.9 / 0.1 / np.linalg.eigvalsh(2 * design.T @ design / len(X))[-1]
        named = float(re.search(r"eta < (\S+)\)", str(warned[0].message)).group(1))
        assert named == pytest.approx(limit, rel=0.1 if early_stopping else 1e-3)

    def test_the_noise_of_mini_batches(self):
        X, y = standardised("diabetes")
        with pytest.warns(ConvergenceWarning, match="noise of mini-batches.*batch_size.*schedule='adaptive'"):
            model = MomentumRegressor(0.3, batch_size=8, random_state=0).fit(X, y)
        assert model.n_iter_ < 1000

    def test_a_schedule_that_has_fallen_too_fast(self):
        X, y = standardised("diabetes")
        with pytest.warns(ConvergenceWarning, match="schedule has let eta fall"):
            MomentumRegressor(0.1, schedule="exponential", gamma=0.9).fit(X, y)

    @pytest.mark.parametrize("batch_size", [None, 32])
    @pytest.mark.parametrize("solver", ["adam", "rmsprop"])
    def test_steps_of_adam_and_rmsprop_that_are_too_short_to_arrive(self, solver, batch_size):
        X, y = standardised("diabetes")
        model = MomentumRegressor(0.1, solver=solver, batch_size=batch_size, max_iter=30, random_state=0)
        with pytest.warns(
            ConvergenceWarning, match="still falling.*moves a weight by about eta=0.1 an update"
        ):
            model.fit(X, y)

    def test_steps_of_adam_that_are_too_long(self):
        X, y = standardised("iris")
        with pytest.warns(ConvergenceWarning, match="Steps about as long as eta pass the minimum: lower eta"):
            MomentumRegressor(0.4, 0.0, solver="adam", beta_2=0.0, max_iter=300).fit(X, y)

    def test_max_iter_where_nothing_else_is_the_cause(self):
        X, y = standardised("diabetes")
        with pytest.warns(ConvergenceWarning, match=r"max_iter=20 .*Raise max_iter, or use eta='auto'"):
            MomentumRegressor(0.1, max_iter=20).fit(X, y)

    def test_the_condition_number_where_early_stopping_ends_far_from_the_minimum(self):
        X, y = datasets.load_wine(return_X_y=True)
        with pytest.warns(ConvergenceWarning, match=r"Early stopping ended .*condition number"):
            MomentumRegressor(early_stopping=True, random_state=1).fit(X, y)

    def test_the_condition_number_of_unscaled_mini_batches(self):
        X, y = diamonds()
        with pytest.warns(ConvergenceWarning, match="condition number"):
            MomentumRegressor(batch_size=32, max_iter=100, random_state=0).fit(X, y)


def left_of(X, y):
    """What the default fit leaves, in percent."""
    return 100 * left(MomentumRegressor(tol=None).fit(X, y), X, y)


def test_without_a_tolerance_nothing_is_said_of_convergence():
    X, y = easy([1e4, 1, 1, 1, 1])
    MomentumRegressor(tol=None).fit(X, y)
    MomentumRegressor(1e-12, tol=None, batch_size=8, max_iter=5).fit(X, y)


@pytest.mark.parametrize("solver", ["adam", "rmsprop"])
def test_adaptive_solvers_on_mini_batches_end_near_least_squares(solver):
    X, y = diamonds()
    X = scale(X)
    model = MomentumRegressor(solver=solver, batch_size=64, random_state=0).fit(X, y)
    assert model.score(X, y) > LinearRegression().fit(X, y).score(X, y) - 0.004
    # Of the rates that only half converge, the fits go on longer than a window, or say so.
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        model.set_params(eta=1.0).fit(X, y)
    assert warned or model.score(X, y) > 0.84


def test_dropout_converges_to_the_minimum_that_dropout_has():
    X, y = standardised("diabetes")
    model = MomentumRegressor(0.002, dropout=0.3, batch_size=32, random_state=0).fit(
        X, y
    )  # without a warning
    # Its plain loss is over 1 % of the starting excess above least squares.
    assert left(model, X, y) > 0
