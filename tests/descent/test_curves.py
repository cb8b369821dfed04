"""The exact curves against fits."""

import numpy as np
import pytest

from study import MomentumRegressor
from study.descent.curves import excess_after, excess_curves, loss_curves, objective_after
from study.descent.quadratic import GramLoss, Objective
from study.descent.spectrum import spectrum_at
from study.descent.theory import stability_limit
from tests.conftest import LINEAR, standardised


@pytest.mark.parametrize("solver", LINEAR)
def test_excess_curves_are_those_of_fits(solver):
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
def test_loss_curves_are_those_of_fits(alpha, solver):
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


def test_loss_curves_are_infinite_where_the_descent_left_the_floating_point_range():
    X, y = standardised("diabetes")
    *_, (train, _) = loss_curves(GramLoss(X, y[:, None]), np.array([0.9]), np.array([1e6]), 100)
    assert train[0] == np.inf


@pytest.mark.parametrize("epoch", [1, 2, 37, 60])
@pytest.mark.parametrize("solver", LINEAR)
def test_excess_after_an_epoch_is_that_of_a_fit_of_so_many_epochs(solver, epoch):
    X, y = standardised("diabetes")
    loss = GramLoss(X, y[:, None])
    found = spectrum_at(Objective(loss, 0.0, float), np.zeros((11, 1)))
    eta = 0.5 * stability_limit(0.8, found.L, solver)
    model = MomentumRegressor(eta, 0.8, solver=solver, max_iter=epoch, tol=None).fit(X, y)
    expected = (model.loss_curve_[-1] - loss.least_squares) / (np.mean(y**2) - loss.least_squares)
    left = excess_after(found, np.array([0.8]), np.array([eta]), epoch, solver)
    assert left[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("solver", LINEAR)
def test_objective_after_an_epoch_is_the_loss_and_the_penalty_of_a_fit(alpha, solver):
    X, Y = standardised("linnerud")
    betas, etas = np.array([0.0, 0.3, 0.9]), np.array([0.05, 0.1, 0.02])
    ends = objective_after(GramLoss(X, Y), betas, etas, 45, alpha=alpha, solver=solver)
    for beta, eta, end in zip(betas, etas, ends, strict=True):
        model = MomentumRegressor(eta, beta, solver=solver, alpha=alpha, max_iter=45, tol=None).fit(X, Y)
        expected = np.mean((Y - model.predict(X)) ** 2) + alpha * np.sum(model.coef_**2) / Y.shape[1]
        assert end == pytest.approx(expected, rel=1e-9)
