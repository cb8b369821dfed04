"""The theory against brute force: fits, bisection, and the formulas as they stand in the sources."""

import numpy as np
import pytest

from study import DivergenceError, MomentumRegressor
from study.descent import auto
from study.descent.curves import excess_curves, loss_curves, spectrum_at
from study.descent.quadratic import GramLoss, Objective, ResidualLoss
from study.descent.rules import RULES
from study.descent.theory import (
    convergence_rate,
    noise_floor,
    optimal_beta_eta,
    response_surface,
    spectrum,
    stability_limit,
)
from tests.conftest import conditioned, standardised

LINEAR = ["momentum", "nesterov", "heavy_ball", "sgd"]


def design_hessian(X):
    design = np.column_stack([X, np.ones(len(X))])
    return 2 * design.T @ design / len(X)


@pytest.mark.parametrize("solver", LINEAR)
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_stability_limit_is_where_fits_begin_to_diverge(solver, beta):
    X, y = conditioned(10)
    L = np.linalg.eigvalsh(design_hessian(X))[-1]

    def diverges(eta):
        try:
            MomentumRegressor(eta, beta, solver=solver, max_iter=20_000, tol=None).fit(X, y)
        except DivergenceError:
            return True
        return False

    limit = stability_limit(beta, L, solver)
    assert diverges(1.005 * limit)
    assert not diverges(0.995 * limit)


def test_optimal_pair_of_the_notes_example():
    draw = np.random.RandomState(42)
    curvatures = np.linalg.eigvalsh(design_hessian(2 * draw.rand(100, 1)))
    assert curvatures[1] / curvatures[0] == pytest.approx(12.17, abs=0.005)
    beta, eta = optimal_beta_eta(*curvatures)
    assert (beta, eta) == (pytest.approx(0.307, abs=5e-4), pytest.approx(0.845, abs=5e-4))


def test_beta_of_0_9_is_optimal_at_condition_1442():
    beta, _ = optimal_beta_eta(1.0, 1442.0)
    assert beta == pytest.approx(0.9, abs=1e-4)


class TestSpectrum:
    def test_is_the_hessians(self):
        X, y = standardised("diabetes")
        found = spectrum_at(Objective(GramLoss(X, y[:, None]), 0.0, float), np.zeros((11, 1)))
        np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(design_hessian(X)), rtol=1e-9)

    def test_excess_sums_to_the_starts(self):
        X, y = standardised("diabetes")
        loss = GramLoss(X, y[:, None])
        found = spectrum_at(Objective(loss, 0.0, float), np.zeros((11, 1)))
        assert found.excess.sum() == pytest.approx(np.mean(y**2) - loss.least_squares, rel=1e-9)

    def test_lanczos_reproduces_the_curve(self, rng):
        X = rng.normal(size=(300, 900)) * np.geomspace(1, 0.1, 900)
        y = (X @ rng.normal(size=900))[:, None]
        wide = ResidualLoss(X, y)
        found = spectrum_at(Objective(wide, 0.0, X.dtype), np.zeros((901, 1)))
        assert pytest.approx(np.linalg.eigvalsh(design_hessian(X))[-1], rel=1e-3) == found.L
        eta = 1 / found.L
        model = MomentumRegressor(eta, 0.5, max_iter=20, tol=None).fit(X, y[:, 0])
        (curve,) = excess_curves(found, np.array([0.5]), np.array([eta]), 20)
        np.testing.assert_allclose(curve[1:, 0] * np.mean(y**2), model.loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("solver", LINEAR)
def test_excess_curves_are_the_fits(solver):
    X, y = standardised("diabetes")
    loss = GramLoss(X, y[:, None])
    found = spectrum_at(Objective(loss, 0.0, float), np.zeros((11, 1)))
    betas, places = np.array([0.0, 0.5, 0.9]), 0.7
    etas = np.array([places * stability_limit(beta, found.L, solver) for beta in betas])
    curves = np.concatenate(list(excess_curves(found, betas, etas, 150, solver)))
    assert curves.shape == (151, 3)
    for i in range(3):
        model = MomentumRegressor(etas[i], betas[i], solver=solver, max_iter=150, tol=None).fit(X, y)
        expected = (np.array(model.loss_curve_) - loss.least_squares) / (np.mean(y**2) - loss.least_squares)
        np.testing.assert_allclose(curves[1:, i], expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("alpha", [0.0, 0.1])
@pytest.mark.parametrize("solver", LINEAR)
def test_loss_curves_are_the_fits(alpha, solver):
    X, Y = standardised("linnerud")
    train, held_out = GramLoss(X[:14], Y[:14]), GramLoss(X[14:], Y[14:])
    betas, etas = np.array([0.0, 0.3, 0.9]), np.array([0.05, 0.1, 0.02])
    losses = list(loss_curves(train, betas, etas, 60, held_out=held_out, alpha=alpha, solver=solver))
    for i in range(3):
        model = MomentumRegressor(etas[i], betas[i], solver=solver, alpha=alpha, max_iter=60, tol=None)
        model.fit(X[:14], Y[:14])
        np.testing.assert_allclose([train_loss[i] for train_loss, _ in losses], model.loss_curve_, rtol=1e-9)
        validation = np.mean((Y[14:] - model.predict(X[14:])) ** 2)
        assert losses[-1][1][i] == pytest.approx(validation, rel=1e-9)


def test_loss_curves_are_infinite_where_the_descent_left_the_numbers():
    X, y = standardised("diabetes")
    *_, (train, _) = loss_curves(GramLoss(X, y[:, None]), np.array([0.9]), np.array([1e6]), 100)
    assert train[0] == np.inf


class TestAuto:
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
    def test_bundled(self, name, beta):
        X, y = standardised(name)
        self.check(X, y.reshape(len(y), -1), beta)

    @pytest.mark.parametrize("beta", [0.9, "auto"])
    @pytest.mark.parametrize("condition", [1e1, 1e2, 1e3, 1e4, 1e5, 1e6])
    @pytest.mark.parametrize("intercept", [0.0, 3.0])
    def test_synthetic(self, condition, beta, intercept):
        X, y = conditioned(condition, n=500, d=10, noise=0.5, intercept=intercept)
        self.check(X, y[:, None], beta)


def test_convergence_rate_is_that_of_fits():
    X, y = conditioned(50, d=4)
    design = design_hessian(X)
    lam = np.linalg.eigvalsh(design)
    for beta, eta in [optimal_beta_eta(lam[0], lam[-1]), (0.5, 0.3 / lam[-1]), (0.95, 1 / lam[-1])]:
        loss = GramLoss(X, y[:, None])
        model = MomentumRegressor(eta, beta, max_iter=700, tol=None)
        excess = np.array(model.fit(X, y).loss_curve_) - loss.least_squares
        window = slice(*np.searchsorted(-excess, [-1e-2 * excess[0], -1e-12 * excess[0]]))
        rate = np.exp(np.polyfit(np.arange(700)[window], np.log(excess[window]), 1)[0] / 2)
        assert convergence_rate(beta, eta, lam) == pytest.approx(rate, abs=0.03)
    assert convergence_rate(0.9, 1.01 * stability_limit(0.9, lam[-1]), lam) > 1


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("eta", [0.05, 0.5])
def test_noise_floor_is_the_variance_under_independent_draws(beta, eta):
    draw = np.random.default_rng(0)
    lam, sigma2 = 1.3, 2.0
    w = v = np.zeros(20_000)
    for _ in range(int(20 / (eta * lam)) + int(20 / (1 - beta))):
        gradient = lam * w + np.sqrt(sigma2) * draw.normal(size=w.shape)
        w, v, _ = RULES["momentum"](w, v, None, gradient, 1, eta, beta, None, None)
    assert noise_floor(beta, eta, lam, sigma2) == pytest.approx(np.var(w), rel=0.03)


def test_public_spectrum_is_the_hessians():
    X, y = standardised("diabetes")
    weights = np.linspace(1, 3, len(y))
    found = spectrum(X, y, sample_weight=weights, alpha=0.1)
    design = np.column_stack([X, np.ones(len(X))])
    hessian = 2 * design.T @ (design * weights[:, None]) / weights.sum() + np.diag([0.2] * 10 + [0])
    np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(hessian), rtol=1e-9)


@pytest.mark.parametrize("every_epoch", [True, False])
def test_response_surface_is_the_fits(every_epoch):
    X, y = standardised("diabetes")
    betas, etas = [0.0, 0.9], [0.05, 0.1, 2.0]
    train, val = response_surface(
        X[:300], y[:300], betas, etas, 40, X_val=X[300:], y_val=y[300:], every_epoch=every_epoch
    )
    assert train.shape == val.shape == ((40, 2, 3) if every_epoch else (2, 3))
    for i, beta in enumerate(betas):
        for j, eta in enumerate(etas):
            if (i, j) == (0, 2):
                assert np.isinf(train[..., i, j]).all()
                continue
            model = MomentumRegressor(eta, beta, max_iter=40, tol=None).fit(X[:300], y[:300])
            expected = model.loss_curve_ if every_epoch else model.loss_curve_[-1]
            np.testing.assert_allclose(train[..., i, j], expected, rtol=1e-9)
            last = np.mean((y[300:] - model.predict(X[300:])) ** 2)
            np.testing.assert_allclose(val[-1, i, j] if every_epoch else val[i, j], last, rtol=1e-9)
