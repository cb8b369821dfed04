"""The searched settings against the best of a grid that is simulated plainly, and the rules where nothing is searched."""

import contextlib
from itertools import product

import numpy as np
import pytest
import scipy.sparse
from sklearn import datasets

from study import DivergenceError, MomentumRegressor
from study.descent import auto, auto_rates
from study.descent.quadratic import GramLoss, Objective
from study.descent.solvers import SOLVERS
from study.descent.spectrum import spectrum_at
from study.descent.theory import stability_limit
from tests.conftest import conditioned, standardised


class TestSearch:
    """The pair that the search finds, against the best of a grid that is simulated plainly."""

    @staticmethod
    def arrivals(found, betas, etas, max_iter):
        """Epochs until the excess stays at most 1 % of its start, by the recurrence itself."""
        share = found.excess / found.excess.sum()
        before = errors = np.ones((len(betas), len(share)))
        beta, eta = betas[:, None], etas[:, None]
        arrival = np.zeros(len(betas), int)
        for epoch in range(max_iter + 1):
            arrival[~(errors**2 @ share <= 0.01)] = epoch + 1
            errors, before = (
                (1 + beta - eta * (1 - beta) * found.eigenvalues) * errors - beta * before,
                errors,
            )
        return arrival

    def check(self, X, y, beta):
        found = spectrum_at(Objective(GramLoss(X, y), 0.0, float), np.zeros((X.shape[1] + 1, y.shape[1])))
        eta, chosen = auto.search(found, "auto", beta, solver="momentum", max_iter=1000)
        reached = self.arrivals(found, np.array([chosen]), np.array([eta]), 1000)[0]
        betas = 1 - np.geomspace(1e-4, 1, 50) if beta == "auto" else np.array([beta])
        pairs = np.array(
            [
                (b, e)
                for b in betas
                for e in np.geomspace(0.05 / found.L, 0.9999 * stability_limit(b, found.L), 50)
            ]
        )
        best = self.arrivals(found, *pairs.T, 1000).min()
        assert reached <= max(1.2 * best, best + 2)

    @pytest.mark.parametrize("beta", [0.9, "auto"])
    @pytest.mark.parametrize("name", ["diabetes", "linnerud", "wine", "iris", "breast_cancer", "digits"])
    def test_arrives_nearly_as_soon_as_the_best_of_a_grid_on_bundled_data(self, name, beta):
        X, y = standardised(name)
        self.check(X, y.reshape(len(y), -1), beta)

    @pytest.mark.parametrize("beta", [0.9, "auto"])
    @pytest.mark.parametrize("condition", [1e1, 1e2, 1e3, 1e4, 1e5, 1e6])
    @pytest.mark.parametrize("intercept", [0.0, 3.0])
    def test_arrives_nearly_as_soon_as_the_best_of_a_grid_at_any_condition_number(
        self, condition, beta, intercept
    ):
        X, y = conditioned(condition, n=500, d=10, noise=0.5, intercept=intercept)
        self.check(X, y[:, None], beta)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("weighted", [False, True])
def test_where_nothing_predicts_mini_batches_their_rate_is_half_the_reciprocal_of_the_largest_row_curvature(
    kind, weighted, rng
):
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))
    weights = rng.uniform(1, 3, 40) if weighted else None
    share = np.ones(40) if weights is None else weights / weights.mean()
    # One row's loss w(y − x̃·θ)² + α‖w‖² has the Hessian 2wx̃x̃ᵀ + 2αI, the intercept's α aside.
    dropout = 0.5
    design = np.column_stack([X / (1 - dropout), np.ones(40)])
    largest = max(2 * w * (x @ x) for w, x in zip(share, design, strict=True)) + 2 * 0.3
    objective = Objective(GramLoss(kind(X), y, weights), 0.3, float)
    for solver, expected in [("momentum", 0.5 / largest), ("heavy_ball", 0.05 / largest)]:
        eta, beta = auto.resolve(
            "auto", "auto", solver=solver, objective=objective, theta=np.zeros((4, 1)), max_iter=10,
            rows=(kind(X), y, weights), batch_size=8, dropout=dropout,
        )  # fmt: skip
        assert beta == 0.9
        assert eta == pytest.approx(expected, rel=1e-12)


def test_beta_is_0_where_it_has_no_effect():
    X, y = standardised("iris")
    objective = Objective(GramLoss(X, y[:, None]), 0.0, float)
    for solver in ("sgd", "rmsprop"):
        _, beta = auto.resolve(
            0.1, "auto", solver=solver, objective=objective, theta=np.zeros((5, 1)), max_iter=10
        )
        assert beta == 0.0


@pytest.mark.parametrize("solver", [name for name in SOLVERS if SOLVERS[name].is_scale_normalised])
def test_the_rate_of_normalised_steps_costs_at_most_1_percent_of_the_mean_square(solver, rng):
    X, y = rng.normal(size=(60, 4)), rng.normal(size=(60, 1))
    loss = GramLoss(X, y)
    # With dropout nothing is tried.
    eta, _ = auto.resolve(
        "auto", 0.9, solver=solver, objective=Objective(loss, 0.0, float), theta=np.zeros((5, 1)), max_iter=10,
        dropout=0.5,
    )  # fmt: skip
    design = np.column_stack([X, np.ones(60)])
    for _ in range(50):
        off = eta * rng.choice([-1.0, 1.0], size=(5, 1))
        assert np.mean((design @ off) ** 2) <= 0.01 * np.mean(y**2)


def excess_after(X, y, model, batch_size, epochs):
    """Mean over 8 seeds of the training loss above least squares, at a model's β and η."""
    design = np.column_stack([X, np.ones(len(X))])
    least = np.mean((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2)
    losses = []
    for seed in range(8):
        fit = MomentumRegressor(
            model.eta_, model.beta_, batch_size=batch_size, max_iter=epochs, tol=None, random_state=seed
        ).fit(X, y)
        losses.append(fit.loss_curve_[-1])
    return np.mean(losses) - least


@pytest.mark.parametrize("beta", ["auto", 0.9])
@pytest.mark.parametrize("name", ["diabetes", "iris", "wine", "breast_cancer"])
@pytest.mark.parametrize(("batch_size", "epochs"), [(8, 5), (32, 5), (32, 50)])
def test_auto_for_mini_batches_ends_within_3_times_the_best_of_a_grid(name, batch_size, epochs, beta):
    X, y = standardised(name)
    chosen = MomentumRegressor(beta=beta, batch_size=batch_size, max_iter=epochs, tol=None, random_state=0)
    found = excess_after(X, y, chosen.fit(X, y), batch_size, epochs)
    fits = []
    for slowness, eta in product(
        np.geomspace(1, 0.01, 5) if beta == "auto" else [0.1], np.geomspace(1e-4, 1, 13)
    ):
        model = MomentumRegressor(
            eta, 1 - slowness, batch_size=batch_size, max_iter=epochs, tol=None, random_state=0
        )
        with contextlib.suppress(DivergenceError):
            fits.append(model.fit(X, y))
    # The pairs that one seed finds best are measured with all.
    fits.sort(key=lambda fit: fit.loss_curve_[-1])
    best = min(excess_after(X, y, fit, batch_size, epochs) for fit in fits[:8])
    assert found <= 3 * best


@pytest.mark.parametrize("solver", ["momentum", "nesterov", "heavy_ball", "sgd"])
def test_auto_for_mini_batches_does_not_diverge_on_raw_tables(solver):
    for name in ("diabetes", "wine", "breast_cancer", "linnerud"):
        bunch = getattr(datasets, f"load_{name}")()
        y = np.asarray(bunch.target, float).reshape(len(bunch.data), -1)
        for batch_size in (1, 8):
            model = MomentumRegressor(
                solver=solver, batch_size=batch_size, max_iter=20, tol=None, random_state=0
            ).fit(bunch.data, y)
            assert model.loss_curve_[-1] <= np.mean(y**2)


@pytest.mark.parametrize("solver", ["adam", "rmsprop"])
@pytest.mark.parametrize(("batch_size", "epochs"), [(None, 50), (32, 5), (32, 50)])
@pytest.mark.parametrize("name", ["diabetes", "wine", "breast_cancer"])
def test_auto_for_adam_and_rmsprop_ends_within_3_times_the_best_of_a_grid(name, solver, batch_size, epochs):
    X, y = standardised(name)
    settings = {"solver": solver, "batch_size": batch_size, "max_iter": epochs, "tol": None}
    design = np.column_stack([X, np.ones(len(X))])
    least = np.mean((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2)

    def excess(eta):
        """Mean training loss above least squares, over 4 orders of the rows."""
        seeds = range(4 if batch_size else 1)
        try:
            fits = [MomentumRegressor(eta, random_state=seed, **settings).fit(X, y) for seed in seeds]
        except DivergenceError:
            return np.inf
        return np.mean([fit.loss_curve_[-1] for fit in fits]) - least

    chosen = MomentumRegressor(random_state=0, **settings).fit(X, y).eta_
    assert excess(chosen) <= 3 * min(map(excess, np.geomspace(chosen / 30, chosen * 30, 15)))


def test_the_rate_is_the_same_whether_a_sparse_table_is_made_dense_at_once_or_batch_by_batch(monkeypatch):
    X = scipy.sparse.random(60, 8, 0.3, format="csr", random_state=0)
    y = X @ np.arange(8.0) + 1
    model = MomentumRegressor(solver="adam", batch_size=16, max_iter=10, tol=None, random_state=0)
    at_once = model.fit(X, y).eta_
    monkeypatch.setattr(auto_rates, "MOST_DENSE", 0)
    assert model.fit(X, y).eta_ == at_once
    assert model.fit(X.toarray(), y).eta_ == pytest.approx(at_once, rel=1e-6)
