"""How a fit ends: diverged, warned about, or on auto, where it never diverges."""

import pickle

import numpy as np
import pytest
import scipy.sparse
from sklearn import datasets
from sklearn.exceptions import ConvergenceWarning, FitFailedWarning
from sklearn.model_selection import GridSearchCV

from study import DivergenceError, MomentumRegressor
from tests.conftest import LINEAR, SOLVERS, conditioned, standardised


class TestDivergence:
    @pytest.mark.parametrize("solver", ["momentum", "sgd"])
    @pytest.mark.parametrize("tol", [1e-4, 0, None])
    def test_is_raised_with_the_curve_so_far(self, solver, tol):
        X, y = standardised("diabetes")
        with pytest.raises(DivergenceError, match=r"eta=1e\+06.*stable on these data for eta <") as raised:
            MomentumRegressor(eta=1e6, solver=solver, tol=tol).fit(X, y)
        assert len(raised.value.loss_curve) == raised.value.n_iter > 0

    def test_is_raised_where_the_end_is_above_the_start(self):
        X, y = standardised("diabetes")
        with pytest.raises(DivergenceError):
            MomentumRegressor(eta=1e6, max_iter=1, tol=None).fit(X, y)

    def test_names_the_true_limit(self):
        X, y = standardised("diabetes")
        with pytest.raises(DivergenceError) as raised:
            MomentumRegressor(eta=1e6).fit(X, y)
        named = float(str(raised.value).split("eta < ")[1].split(".\x20")[0])
        design = np.column_stack([X, np.ones(len(X))])
        L = np.linalg.eigvalsh(2 * design.T @ design / len(X))[-1]
        assert named == pytest.approx(2 * 1.9 / (0.1 * L), rel=1e-3)

    def test_survives_pickling(self):
        error = pickle.loads(pickle.dumps(DivergenceError("why", [1.0, 2.0], 2)))
        assert (str(error), error.loss_curve, error.n_iter) == ("why", [1.0, 2.0], 2)

    def test_is_a_failed_fit_to_a_grid_search_in_a_process_pool(self):
        X, y = standardised("diabetes")
        search = GridSearchCV(MomentumRegressor(), {"eta": [0.1, 1e6]}, n_jobs=2)
        with (
            pytest.warns(FitFailedWarning, match="DivergenceError"),
            pytest.warns(UserWarning, match="non-finite"),
        ):
            search.fit(X, y)
        assert search.best_params_ == {"eta": 0.1}


# A full batch of Adam or RMSprop comes back from any rate: its first gradient fills s.
@pytest.mark.parametrize(("solver", "batch_size"), [(s, None) for s in LINEAR] + [(s, 16) for s in SOLVERS])
@pytest.mark.parametrize("tol", [1e-4, 0, None])
def test_a_huge_rate_raises_whatever_the_tolerance(solver, tol, batch_size):
    X, y = standardised("diabetes")
    model = MomentumRegressor(
        1e6, solver=solver, tol=tol, batch_size=batch_size, max_iter=200, random_state=0
    )
    with pytest.raises(DivergenceError):
        model.fit(X, y)


@pytest.mark.parametrize("solver", ["momentum", "nesterov", "heavy_ball", "sgd"])
def test_a_mini_batch_fit_whose_losses_are_huge_is_never_returned(solver):
    """Between the first loss above the start and infinity lie losses of 1e25 to 1e236: no rounding may hide them."""
    X, y = standardised("iris")
    for epochs in range(3, 60):
        model = MomentumRegressor(
            3.0, solver=solver, batch_size=16, max_iter=epochs, tol=None, random_state=0
        )
        try:
            model.fit(X, y)
        except DivergenceError:
            continue
        assert min(model.loss_curve_[-5:]) <= 2 * np.mean(y**2) * (1 + 1e-8)


class TestAutoNeverDiverges:
    @pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    @pytest.mark.parametrize("scaled", [True, False])
    @pytest.mark.parametrize("batch_size", [None, 32])
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("name", ["diabetes", "linnerud", "wine", "iris", "breast_cancer", "digits"])
    def test_on_bundled_data(self, name, solver, batch_size, scaled):
        X, y = standardised(name)
        if not scaled:
            X = getattr(datasets, f"load_{name}")().data
        for data in (X, scipy.sparse.csr_array(X)):
            model = MomentumRegressor(solver=solver, batch_size=batch_size, max_iter=60, random_state=0)
            assert np.isfinite(model.fit(data, y).coef_).all()


class TestWarning:
    def test_names_the_condition_number_where_that_is_the_cause(self):
        X, y = conditioned(1e6)
        with pytest.warns(ConvergenceWarning, match=r"condition number is .*StandardScaler"):
            MomentumRegressor(eta=1e-3).fit(X, y)

    def test_says_nothing_where_no_tolerance_was_asked_for(self):
        X, y = conditioned(1e6)
        MomentumRegressor(eta=1e-3, tol=None).fit(X, y)


def test_partial_fit_that_diverges_leaves_the_model_as_it_was():
    X, y = standardised("diabetes")
    model = MomentumRegressor(1e-2).partial_fit(X, y)
    before = model.coef_.copy()
    with pytest.raises(DivergenceError, match="chunk 2"):
        model.partial_fit(1e100 * X, y)
    np.testing.assert_array_equal(model.coef_, before)
    model.partial_fit(X, y)
    assert np.isfinite(model.coef_).all()
