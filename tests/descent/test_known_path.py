"""A path that is known follows plain loops over the epochs, in NumPy, and stops where they stop."""

import numpy as np
import pytest

from study.descent import known_path, loop
from study.descent.quadratic import GramLoss, Objective, ResidualLoss
from tests.conftest import LINEAR, conditioned, standardised

NEVER = loop.StoppingRule(None, 5, 0.0, noisy=False)


def looped(X, y, solver, beta, eta, epochs, alpha=0.0):
    """θ and velocity after the last epoch and the mean squared error after each, by the note's lines."""
    design = np.column_stack([X, np.ones(len(X))])
    penalty = 2 * alpha * np.append(np.ones(X.shape[1]), 0.0)[:, None]
    theta, velocity, losses = np.zeros((design.shape[1], y.shape[1])), 0.0, []
    for _ in range(epochs):
        gradient = -2 / len(y) * design.T @ (y - design @ theta) + penalty * theta
        if solver == "sgd":
            theta = theta - eta * gradient
        elif solver == "heavy_ball":
            velocity = beta * velocity + gradient
            theta = theta - eta * velocity
        else:
            velocity = beta * velocity + (1 - beta) * gradient
            ahead = beta * velocity + (1 - beta) * gradient if solver == "nesterov" else velocity
            theta = theta - eta * ahead
        losses.append(np.mean((y - design @ theta) ** 2))
    return theta, velocity, np.array(losses)


def walked(X, y, solver, beta, eta, epochs, alpha=0.0, rule=NEVER, are_too_early=None):
    """The optimizer at the end of a known path, and its history."""
    objective = Objective(GramLoss(X, y), alpha, np.float64)
    theta = np.zeros((len(objective.penalty), y.shape[1]))
    optimizer = loop.Optimizer(solver, theta, beta=beta, beta_2=0.999, epsilon=1e-8)
    assert known_path.is_known(objective, solver, epochs)
    history = known_path.descend(
        objective, optimizer, eta, rule, max_iter=epochs,
        are_too_early=are_too_early or (lambda values: np.zeros(len(values), dtype=bool)),
    )  # fmt: skip
    return optimizer, history


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("solver", LINEAR)
@pytest.mark.parametrize("table", ["diabetes", "linnerud", "breast_cancer"])
def test_losses_weights_and_velocity_are_those_of_a_loop(table, solver, alpha):
    X, y = standardised(table)
    y = y.reshape(len(y), -1)
    eta = 0.002 if solver == "heavy_ball" else 0.02
    theta, velocity, losses = looped(X, y, solver, 0.8, eta, 1500, alpha)
    optimizer, history = walked(X, y, solver, 0.8, eta, 1500, alpha)
    np.testing.assert_allclose(history.loss_curve, losses, rtol=1e-11)
    np.testing.assert_allclose(optimizer.theta, theta, rtol=1e-8, atol=1e-10 * np.abs(theta).max())
    np.testing.assert_allclose(optimizer.velocity, np.broadcast_to(velocity, theta.shape), atol=1e-9)
    assert history.eta_curve == [eta] * 1500
    assert optimizer.updates == 1500
    assert not history.converged


def test_it_stops_where_the_rule_is_first_met_for_a_loss_that_may_count(rng):
    X, y = conditioned(100.0)
    y, design = y[:, None], np.column_stack([X, np.ones(len(X))])
    losses = looped(X, y, "momentum", 0.9, 0.3, 1000)[2]
    excess = losses - np.mean((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2)
    rule = loop.StoppingRule(1e-2, 30, 0.0, noisy=False)
    first = next(epoch for epoch, loss in enumerate(losses) if rule.is_met(loss))
    threshold = np.sqrt(excess[first + 5] * excess[first + 4])
    expected = next(epoch for epoch in range(first, 1000) if excess[epoch] < threshold)
    _, history = walked(
        X,
        y,
        "momentum",
        0.9,
        0.3,
        1000,
        rule=loop.StoppingRule(1e-2, 30, 0.0, noisy=False),
        are_too_early=lambda values: values > losses[0] - excess[0] + threshold,
    )
    assert history.converged
    assert len(history.loss_curve) == expected + 1 > first + 1


def test_it_ends_at_the_first_loss_that_is_not_finite():
    X, y = standardised("diabetes")
    with np.errstate(all="ignore"):
        losses = looped(X, y[:, None], "momentum", 0.9, 50.0, 1000)[2]
        _, history = walked(X, y[:, None], "momentum", 0.9, 50.0, 1000)
    assert abs(len(history.loss_curve) - int(np.argmin(np.isfinite(losses))) - 1) <= 1
    assert np.isfinite(history.loss_curve[:-1]).all()
    assert not np.isfinite(history.loss_curve[-1])
    assert not history.converged


def test_nothing_moves_where_the_objective_is_flat():
    X, y = standardised("diabetes")
    X = np.column_stack([X, X[:, 0], np.zeros(len(X))])
    theta = looped(X, y[:, None], "momentum", 0.9, 0.05, 500)[0]
    optimizer, _ = walked(X, y[:, None], "momentum", 0.9, 0.05, 500)
    np.testing.assert_allclose(optimizer.theta, theta, atol=1e-9)
    assert abs(optimizer.theta[-2, 0]) < 1e-12


def test_a_path_is_not_known_without_moments_or_for_adam():
    X, y = standardised("diabetes")
    moments = Objective(GramLoss(X, y[:, None]), 0.0, np.float64)
    assert not known_path.is_known(moments, "adam", 1000)
    assert not known_path.is_known(Objective(ResidualLoss(X, y[:, None]), 0.0, X.dtype), "momentum", 1000)


def test_few_epochs_of_many_coordinates_are_made_one_by_one(rng):
    X = rng.normal(size=(200, 50))
    objective = Objective(GramLoss(X, X[:, :1]), 0.0, np.float64)
    assert not known_path.is_known(objective, "momentum", 20)
    assert known_path.is_known(objective, "momentum", 100)
