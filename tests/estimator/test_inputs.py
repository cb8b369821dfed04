"""Kinds of data: dense, sparse, single precision, wide, and those that are refused."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse

from study import MomentumRegressor
from study.estimator.inputs import hold_out, in_range
from tests.conftest import LINEAR, SOLVERS, standardised


class TestKindsOfData:
    @pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_array])
    @pytest.mark.parametrize("batch_size", [None, 16])
    @pytest.mark.parametrize("solver", SOLVERS)
    def test_sparse_is_dense(self, solver, batch_size, kind, rng):
        X = rng.normal(size=(120, 9)) * (rng.random((120, 9)) < 0.3)
        y = X @ rng.normal(size=9) + 1
        settings = {
            "eta": 0.02, "alpha": 1e-3, "solver": solver, "batch_size": batch_size,
            "max_iter": 40, "tol": None, "random_state": 0,
        }  # fmt: skip
        dense = MomentumRegressor(**settings).fit(X, y)
        sparse = MomentumRegressor(**settings).fit(kind(X), y)
        np.testing.assert_allclose(sparse.coef_, dense.coef_, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(sparse.predict(kind(X)), dense.predict(X), rtol=1e-9)

    @pytest.mark.parametrize("batch_size", [None, 16])
    @pytest.mark.parametrize("max_iter", [2, 40])
    def test_float32_is_kept(self, batch_size, max_iter):
        X, y = standardised("diabetes")
        settings = {
            "eta": 0.05,
            "batch_size": batch_size,
            "max_iter": max_iter,
            "tol": None,
            "random_state": 0,
        }
        model = MomentumRegressor(**settings).fit(X.astype(np.float32), y)
        assert model.coef_.dtype == model.intercept_.dtype == np.float32
        assert model.predict(X.astype(np.float32)).dtype == np.float32
        double = MomentumRegressor(**settings).fit(X, y)
        np.testing.assert_allclose(model.coef_, double.coef_, rtol=1e-3, atol=1e-2)

    @pytest.mark.parametrize("batch_size", [None, 16])
    def test_a_fit_makes_no_copy_of_x(self, batch_size):
        X, y = np.random.default_rng(0).normal(size=(40_000, 30)), np.ones(40_000)
        model = MomentumRegressor(0.01, batch_size=batch_size, max_iter=2 if batch_size else 50, tol=None)
        model.fit(X[:100], y[:100])
        tracemalloc.start()
        model.fit(X, y)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < X.nbytes / 2

    def test_a_wide_design_converges_to_least_norm(self, rng):
        X, y = rng.normal(size=(20, 60)), rng.normal(size=20)
        model = MomentumRegressor(fit_intercept=False, max_iter=3000).fit(X, y)
        np.testing.assert_allclose(model.coef_, np.linalg.pinv(X) @ y, atol=1e-6)

    def test_a_sparse_design_of_100_000_columns(self, rng):
        X = scipy.sparse.random_array((300, 100_000), density=2e-4, format="csr", rng=rng)
        y = np.asarray(X @ rng.normal(size=100_000))
        model = MomentumRegressor(max_iter=200, tol=None).fit(X, y)
        assert model.score(X, y) > 0.99


def test_weights_that_are_all_zero_are_refused():
    X, y = standardised("diabetes")
    with pytest.raises(ValueError, match="at least one non-zero"):
        MomentumRegressor().fit(X, y, sample_weight=np.zeros(len(y)))


def test_targets_whose_squares_overflow_are_refused():
    with pytest.raises(ValueError, match="y is too large"):
        MomentumRegressor().fit([[1.0], [2.0]], [1e200, 1e200])


class TestWeightsOfAnyScale:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize("batch_size", [None, 16])
    @pytest.mark.parametrize("scale", [1e308, 2.0**1000, 1e150, 1e-150, 1e-300, 5e-324])
    def test_only_their_ratios_matter(self, scale, batch_size, dtype, rng):
        X, y = standardised("diabetes")
        weights = rng.integers(0, 2, len(y)).astype(float)
        settings = {"eta": 0.05, "batch_size": batch_size, "max_iter": 30, "tol": None, "random_state": 0}
        plain = MomentumRegressor(**settings).fit(X.astype(dtype), y, sample_weight=weights)
        scaled = MomentumRegressor(**settings).fit(X.astype(dtype), y, sample_weight=weights * scale)
        np.testing.assert_allclose(scaled.coef_, plain.coef_, rtol=1e-12 if dtype is np.float64 else 1e-4)

    @pytest.mark.parametrize("power", [-900, -200, 200, 900])
    def test_scaling_by_a_power_of_four_rounds_nothing(self, power, rng):
        weights = rng.uniform(0, 1, 50)
        ratios = in_range(np.ldexp(weights, power))
        np.testing.assert_array_equal(ratios / ratios.max(), weights / weights.max())
        assert 0.25 <= ratios.max() <= 4

    def test_usual_weights_are_left_alone(self):
        weights = np.array([0.0, 1e-3, 1e6])
        assert in_range(weights) is weights


class TestWhatFloatingPointCannotHoldIsNamed:
    @pytest.mark.parametrize("max_iter", [1, 300])
    @pytest.mark.parametrize("batch_size", [None, 16])
    @pytest.mark.parametrize("solver", SOLVERS)
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_targets_and_columns(self, dtype, solver, batch_size, max_iter):
        X, y = standardised("diabetes")
        largest = np.finfo(dtype).max
        # X of float32 has squares that double precision holds.
        columns = {} if dtype is np.float32 else {"X": (X * 1e200, y)}
        for name, data in {"y": (X, y * float(largest) ** 0.99), **columns}.items():
            model = MomentumRegressor(solver=solver, batch_size=batch_size, max_iter=max_iter, random_state=0)
            with pytest.raises(ValueError, match=rf"{name} .*too large") as raised:
                model.fit(data[0].astype(dtype), data[1])
            assert "eta" not in str(raised.value)

    @pytest.mark.parametrize("batch_size", [None, 16])
    @pytest.mark.parametrize("solver", LINEAR)
    def test_targets_whose_squares_single_precision_cannot_hold_are_fitted(self, solver, batch_size):
        X, y = standardised("diabetes")
        settings = {"solver": solver, "batch_size": batch_size, "max_iter": 2, "tol": None, "random_state": 0}
        single = MomentumRegressor(0.01, **settings).fit(X.astype(np.float32), y * 1e19)
        double = MomentumRegressor(0.01, **settings).fit(X, y * 1e19)
        np.testing.assert_allclose(single.coef_, double.coef_, rtol=1e-3)

    def test_targets_beyond_single_precision(self):
        with pytest.raises(ValueError, match="y is too large for float32"):
            MomentumRegressor().fit(np.ones((2, 1), np.float32), [1e200, 1.0])

    def test_squares_that_vanish(self):
        X, y = standardised("diabetes")
        with pytest.raises(ValueError, match="y is too small"):
            MomentumRegressor().fit(X, y * 1e-170)
        with pytest.raises(ValueError, match="X is too small"):
            MomentumRegressor().fit(X * np.where(np.arange(10) == 3, 1e-170, 1), y)

    def test_zeros_are_no_squares_that_vanish(self):
        X, y = standardised("diabetes")
        X[:, 3] = 0
        weights = np.ones(len(y))
        weights[:5] = 0
        X[:5, 3] = 1e-170  # of rows that do not count
        MomentumRegressor().fit(X, 0 * y, sample_weight=weights)

    @pytest.mark.parametrize("solver", ["adam", "rmsprop"])
    @pytest.mark.parametrize("batch_size", [None, 16])
    def test_gradients_whose_squares_overflow_let_no_fit_stand_still(self, solver, batch_size):
        X, y = standardised("diabetes")
        model = MomentumRegressor(
            0.1, solver=solver, batch_size=batch_size, max_iter=3, tol=None, random_state=0
        )
        with pytest.raises(ValueError, match=r"squares of the gradient overflow|products overflow"):
            model.fit(X * 1e100, y * 1e120)

    def test_a_start_whose_loss_overflows(self):
        X, y = standardised("diabetes")
        with pytest.raises(ValueError, match=r"coef_init.*too large"):
            MomentumRegressor().fit(X, y, coef_init=np.full(10, 1e200))

    def test_a_rate_beyond_single_precision(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor(1e-60, batch_size=8, max_iter=2, tol=None, random_state=0)
        with pytest.raises(ValueError, match="beyond the range of float32"):
            model.fit(X.astype(np.float32), y)


def test_rows_held_out_are_never_fitted(rng):
    X, y, weights = np.arange(20.0)[:, None], np.arange(20.0)[:, None], np.ones(20)
    (fitted, _, share), (held_out, _, held_out_share) = hold_out(
        (X, y, weights), 0.25, np.random.RandomState(0)
    )
    assert sorted([*fitted[:, 0], *held_out[:, 0]]) == list(range(20))
    assert (len(held_out), len(share), len(held_out_share)) == (5, 15, 5)


def test_a_held_out_part_without_weight_is_refused():
    X, weights = np.ones((20, 1)), np.zeros(20)
    weights[0] = 1
    with pytest.raises(ValueError, match="change random_state"):
        hold_out((X, X, weights), 0.25, np.random.RandomState(0))
