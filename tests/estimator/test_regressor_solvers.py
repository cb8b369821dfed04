"""Every solver and schedule that MomentumRegressor knows, against plain loops, closed forms and its peers."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from study import MomentumRegressor
from study.descent.theory import spectrum, stability_limit
from tests.conftest import LINEAR, SOLVERS, conditioned, standardised


def pytorchs_path(solver, X, y, *, eta, beta, alpha, epochs, batch_size):
    """The weights after each epoch, as PyTorch's optimisers document their updates."""
    design = np.column_stack([X, np.ones(len(X))])
    decay = np.append(np.full(X.shape[1], 2 * alpha), 0.0)
    theta = np.zeros(design.shape[1])
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    lr = eta * (1 - beta) if solver in ("momentum", "nesterov") else eta
    step, path = 0, []
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            rows, target = design[start : start + batch_size], y[start : start + batch_size]
            gradient = 2 * rows.T @ (rows @ theta - target) / len(rows) + decay * theta
            step += 1
            if solver == "sgd":
                theta = theta - lr * gradient
            elif solver == "rmsprop":
                second = 0.99 * second + 0.01 * gradient**2
                theta = theta - lr * gradient / (np.sqrt(second) + 1e-8)
            elif solver == "adam":
                first = beta * first + (1 - beta) * gradient
                second = 0.999 * second + 0.001 * gradient**2
                denominator = np.sqrt(second) / np.sqrt(1 - 0.999**step) + 1e-8
                theta = theta - lr / (1 - beta**step) * first / denominator
            else:  # SGD(momentum=beta), whose buffer is a sum of gradients
                first = beta * first + gradient
                theta = theta - lr * (gradient + beta * first if solver == "nesterov" else first)
        path.append(theta)
    return np.array(path)


@pytest.mark.parametrize("alpha", [0.0, 0.05])
@pytest.mark.parametrize("batch_size", [None, 7])
@pytest.mark.parametrize("solver", SOLVERS)
def test_follows_pytorchs_path(solver, batch_size, alpha):
    X, y = standardised("iris")
    settings = {"eta": 0.05, "beta": 0.8, "alpha": alpha}
    expected = pytorchs_path(solver, X, y, epochs=25, batch_size=batch_size or len(y), **settings)[-1]
    model = MomentumRegressor(
        solver=solver, batch_size=batch_size, shuffle=False, max_iter=25, tol=None, **settings
    )
    model.fit(X, y)
    tolerance = 1e-8 if solver in ("adam", "rmsprop") else 1e-10
    np.testing.assert_allclose(np.append(model.coef_, model.intercept_), expected, rtol=tolerance)


@pytest.mark.parametrize("batch_size", [None, 16])
def test_momentum_is_heavy_ball_at_its_rate_and_sgd_at_beta_0(batch_size):
    X, y = standardised("diabetes")
    common = {"batch_size": batch_size, "max_iter": 30, "tol": None, "random_state": 0}
    momentum = MomentumRegressor(0.02, 0.9, **common).fit(X, y)
    heavy_ball = MomentumRegressor(0.002, 0.9, solver="heavy_ball", **common).fit(X, y)
    np.testing.assert_allclose(momentum.coef_, heavy_ball.coef_, rtol=1e-10)
    still = MomentumRegressor(0.02, 0.0, **common).fit(X, y)
    sgd = MomentumRegressor(0.02, solver="sgd", **common).fit(X, y)
    np.testing.assert_allclose(still.coef_, sgd.coef_, rtol=1e-12)


class TestSchedules:
    @pytest.mark.parametrize(
        ("schedule", "expected"),
        [
            ("constant", lambda t: 1.0),
            ("invscaling", lambda t: (t + 1) ** -0.25),
            ("exponential", lambda t: 0.99**t),
            ("cosine", lambda t: 0.5 * (1 + np.cos(np.pi * t / 40))),
            (lambda t: 1 / (1 + t), lambda t: 1 / (1 + t)),
        ],
    )
    @pytest.mark.parametrize("batch_size", [None, 50])
    def test_eta_of_each_epoch_is_kept(self, schedule, expected, batch_size):
        X, y = standardised("diabetes")
        model = MomentumRegressor(
            0.1, schedule=schedule, batch_size=batch_size, max_iter=40, tol=None, random_state=0
        ).fit(X, y)
        np.testing.assert_allclose(model.eta_curve_, [0.1 * expected(t) for t in range(40)])

    def test_each_epoch_uses_its_eta(self):
        X, y = standardised("iris")
        model = MomentumRegressor(0.2, 0.0, schedule="exponential", gamma=0.5, max_iter=3, tol=None).fit(X, y)
        theta = np.zeros(X.shape[1] + 1)
        design = np.column_stack([X, np.ones(len(X))])
        for epoch in range(3):
            theta -= 0.2 * 0.5**epoch * 2 * design.T @ (design @ theta - y) / len(y)
        np.testing.assert_allclose(np.append(model.coef_, model.intercept_), theta, rtol=1e-12)

    def test_adaptive_divides_by_five_at_each_plateau(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor(
            0.02, schedule="adaptive", batch_size=20, max_iter=3000, random_state=0
        ).fit(X, y)
        rates = np.unique(model.eta_curve_)[::-1]
        np.testing.assert_allclose(rates[:-1] / rates[1:], 5)
        assert model.score(X, y) > LinearRegression().fit(X, y).score(X, y) - 0.01


class TestDropout:
    def test_expected_fit_is_ridge_with_its_penalty(self):
        X, y = conditioned(3, n=400, d=4, noise=0.3)
        X = X * [1, 2, 0.5, 1]
        p = 0.3
        model = MomentumRegressor(
            0.05, dropout=p, batch_size=20, max_iter=4000, tol=None, schedule="cosine", random_state=0
        ).fit(X, y)
        penalty = np.diag(p / (1 - p) * np.mean(X**2, axis=0))
        centred, target = X - X.mean(axis=0), y - y.mean()
        # The intercept is free and columns keep their means: J + penalty, minimised in closed form.
        expected = np.linalg.solve(centred.T @ centred / len(y) + penalty, centred.T @ target / len(y))
        np.testing.assert_allclose(model.coef_, expected, rtol=0.03, atol=0.01)

    def test_full_batch_redraws_its_masks(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor(0.05, dropout=0.5, max_iter=50, tol=None, random_state=0).fit(X, y)
        assert np.abs(model.coef_).sum() < np.abs(LinearRegression().fit(X, y).coef_).sum()


class TestWarmStartAndPartialFit:
    def test_warm_start_starts_from_the_last_weights(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor(0.05, max_iter=30, tol=None, warm_start=True).fit(X, y)
        before = {"coef_init": model.coef_, "intercept_init": model.intercept_}
        again = MomentumRegressor(0.05, max_iter=30, tol=None).fit(X, y, **before)
        np.testing.assert_array_equal(model.fit(X, y).coef_, again.coef_)

    @pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
    @pytest.mark.parametrize("solver", SOLVERS)
    def test_chunks_are_one_unshuffled_epoch(self, solver, kind):
        X, y = standardised("diabetes")
        settings = {"eta": 0.01, "alpha": 1e-3, "solver": solver, "batch_size": 20}
        whole = MomentumRegressor(**settings, shuffle=False, max_iter=1, tol=None).fit(kind(X), y)
        parts = MomentumRegressor(**settings)
        for start in range(0, len(y), 100):
            parts.partial_fit(kind(X)[start : start + 100], y[start : start + 100])
        np.testing.assert_allclose(parts.coef_, whole.coef_, rtol=1e-12)
        assert parts.n_iter_ == len(parts.loss_curve_) == 5

    def test_partial_fit_goes_on_from_a_fit(self):
        X, y = standardised("diabetes")
        settings = {"eta": 0.01, "batch_size": 20, "shuffle": False, "tol": None}
        two = MomentumRegressor(**settings, max_iter=2).fit(X, y)
        one = MomentumRegressor(**settings, max_iter=1).fit(X, y).partial_fit(X, y)
        np.testing.assert_array_equal(one.coef_, two.coef_)

    def test_partial_fit_settles_auto_on_the_first_chunk(self):
        X, y = standardised("diabetes")
        model = MomentumRegressor().partial_fit(X[:50], y[:50])
        eta = model.eta_
        assert 0 < eta < stability_limit(0.9, spectrum(X[:50]).L)
        assert model.partial_fit(2 * X[50:60], y[50:60]).eta_ == eta


def test_a_fitted_model_predicts_the_same_in_a_fresh_process(tmp_path):
    skops = pytest.importorskip("skops.io")
    X, y = standardised("iris")
    np.save(tmp_path / "X.npy", X)
    expected = []
    for solver in ("momentum", "adam"):
        model = MomentumRegressor(solver=solver, eta=0.05, max_iter=50, tol=None).fit(X, y)
        (tmp_path / f"{solver}.pickle").write_bytes(pickle.dumps(model))
        skops.dump(model, tmp_path / f"{solver}.skops")
        expected += [float(model.predict(X)[0]).hex()] * 2
    code = (
        "import pickle, numpy as np, skops.io as skops\n"
        "X = np.load('X.npy')\n"
        "trusted = ['study.estimator.regressor.MomentumRegressor', 'study.descent.loop.Optimizer']\n"
        "for solver in ('momentum', 'adam'):\n"
        "    pickled = pickle.load(open(f'{solver}.pickle', 'rb'))\n"
        "    for model in (pickled, skops.load(f'{solver}.skops', trusted=trusted)):\n"
        "        print(model.predict(X)[0].hex())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == expected


REASONS = {
    "batches": "another number of rows is another order of batches (SGDRegressor marks the same)",
    "rmsprop": "its limit cycle amplifies rounding",
}


def expected_failures(estimator):
    """The two checks of sample weights, where a reason of ours stands against them."""
    # With eta="auto", mini-batches of a linear solver come so near the minimum that the order no longer shows.
    settles = estimator.solver in LINEAR
    by_batches = REASONS["batches"] if estimator.batch_size and not settles else None
    reason = by_batches or REASONS.get(estimator.solver)
    names = [f"check_sample_weight_equivalence_on_{kind}_data" for kind in ("dense", "sparse")]
    return dict.fromkeys(names, reason) if reason else {}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks(
    [MomentumRegressor(solver=s, batch_size=b) for s in SOLVERS for b in (None, 5)],
    expected_failed_checks=expected_failures,
    xfail_strict=True,
)
def test_passes_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("alpha", [0.0, 0.01])
def test_sgd_is_sgd_regressor_at_half_its_rate(alpha):
    X, y = standardised("diabetes")
    peer = SGDRegressor(
        alpha=alpha, learning_rate="constant", eta0=0.002, shuffle=False, max_iter=3, tol=None
    ).fit(X, y)
    model = MomentumRegressor(
        0.001, solver="sgd", batch_size=1, alpha=alpha, shuffle=False, max_iter=3, tol=None
    ).fit(X, y)
    # SGDRegressor takes the penalty's step before the loss's.
    np.testing.assert_allclose(model.coef_, peer.coef_, rtol=1e-4 if alpha else 1e-10)
    np.testing.assert_allclose(model.intercept_, peer.intercept_, rtol=1e-4 if alpha else 1e-10)


def test_momentum_is_mlp_regressor_without_a_hidden_layer():
    X, y = standardised("iris")
    start = {"loss": "squared_error", "hidden_layer_sizes": (), "solver": "sgd", "alpha": 0.0}
    peer = MLPRegressor(
        **start, batch_size=len(y), learning_rate_init=0.02, momentum=0.8, nesterovs_momentum=False,
        shuffle=False, max_iter=1, warm_start=True, random_state=0,
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        peer.fit(X, y)
        first = peer.coefs_[0].ravel().copy(), peer.intercepts_[0].copy()
        peer.set_params(max_iter=2, warm_start=False)
        weights = MLPRegressor(**start, max_iter=1, learning_rate_init=1e-300, random_state=0).fit(X, y)
        peer.fit(X, y)
    model = MomentumRegressor(0.02 / (2 * 0.2), 0.8, max_iter=1, tol=None)
    began = {"coef_init": weights.coefs_[0].ravel(), "intercept_init": weights.intercepts_[0]}
    np.testing.assert_allclose(model.fit(X, y, **began).coef_, first[0], rtol=1e-10)
    model.set_params(max_iter=2).fit(X, y, **began)
    np.testing.assert_allclose(model.coef_, peer.coefs_[0].ravel(), rtol=1e-10)
