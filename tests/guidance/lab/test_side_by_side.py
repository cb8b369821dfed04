"""Many descents at once: each is the estimator's own."""

import numpy as np
import pytest

from study.descent import theory
from study.estimator.regressor import MomentumRegressor
from study.guidance.lab.quadratics import ladder
from study.guidance.lab.side_by_side import ETA_L, stack, updates_to_target
from tests.guidance.lab.in_order import InOrder


@pytest.fixture(scope="module")
def quadratic():
    return ladder(30, 100, 5, 0.3, 1.0, True, 7)


@pytest.mark.parametrize("solver", ["momentum", "heavy_ball", "adam", "rmsprop"])
@pytest.mark.parametrize("batch_size", [None, 32])
def test_a_descent_among_others_is_that_of_the_estimator(solver, batch_size, quadratic):
    epochs, batches = 5, 4 if batch_size else 1
    excess, end = stack([quadratic]).descend(
        solver,
        np.array([[0.01, 0.05]]),
        0.9,
        epochs * batches,
        batch_size=batch_size,
        draws=[InOrder()],
        every=batches,
    )
    fitted = MomentumRegressor(
        0.05, 0.9, solver=solver, batch_size=batch_size, shuffle=False, tol=None, max_iter=epochs
    ).fit(quadratic.X, quadratic.y, coef_init=quadratic.start[:-1], intercept_init=quadratic.start[-1])
    theta = end[0, 1] + quadratic.loss.reference[:, 0]
    np.testing.assert_allclose(theta, [*fitted.coef_, fitted.intercept_], rtol=1e-9)
    losses = quadratic.loss.least_squares + excess[1:, 0, 1] * quadratic.spectrum.excess.sum()
    np.testing.assert_allclose(losses, fitted.loss_curve_, rtol=1e-9)


def test_updates_to_a_target_count_until_the_excess_stays_below():
    above = np.array([[1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0]])
    excess = np.where(above, 0.5, 0.01)
    np.testing.assert_array_equal(updates_to_target(excess, 0.1), [3, 2, 6, 0])
    np.testing.assert_array_equal(updates_to_target(excess, 0.1, every=4), [12, 8, 24, 0])


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_the_grid_has_a_point_at_the_same_distance_below_the_limit_of_each_beta(beta):
    limit = theory.stability_limit(beta, 1.0)
    assert np.min(np.abs(ETA_L / limit - 36 / 38)) < 1e-12


def test_transformed_features_are_scaled_features(quadratic):
    scales = np.array([10.0, 0.1, 1.0, 2.0, 0.5, 1.0])
    plain = stack([quadratic])
    scaled = plain.transformed(np.diag(scales)[None])
    np.testing.assert_allclose(scaled.offset, plain.offset / scales, rtol=1e-9)  # the same predictions
    X = quadratic.X * scales[:-1]
    design = np.column_stack([X, np.ones(len(X))])
    np.testing.assert_allclose(scaled.hessian[0], 2 * design.T @ design / len(X), atol=1e-9)
    np.testing.assert_allclose(scaled.X[0], design)


def test_transformed_mini_batches_descend_as_a_fit_on_the_transformed_features(quadratic):
    scales = np.array([2.0, 0.5, 1.0, 1.5, 0.8, 1.0])
    scaled = stack([quadratic]).transformed(np.diag(scales)[None])
    _, end = scaled.descend(
        "momentum", np.array([[0.02]]), 0.9, 12, batch_size=32, draws=[InOrder()], every=4
    )
    start = quadratic.start / scales
    fitted = MomentumRegressor(0.02, 0.9, batch_size=32, shuffle=False, tol=None, max_iter=3).fit(
        quadratic.X * scales[:-1], quadratic.y, coef_init=start[:-1], intercept_init=start[-1]
    )
    theta = end[0, 0] + quadratic.loss.reference[:, 0] / scales
    np.testing.assert_allclose(theta, [*fitted.coef_, fitted.intercept_], rtol=1e-9)
