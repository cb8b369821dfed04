"""The limit of mini-batches against the mean over all orders of a few rows, and against growth where there are more."""

from itertools import permutations

import numpy as np
import pytest

from study.descent.theory import minibatch_stability_limit, stability_limit
from tests.conftest import LINEAR, standardised


def epoch(design, batch_size, solver, beta, eta, penalty):
    """The matrix by which an epoch in the order of the rows multiplies (w, v), by the note's lines."""
    p = design.shape[1]
    state = np.eye(2 * p)
    w, v = state[:p], state[p:]
    for first in range(0, len(design), batch_size):
        rows = design[first : first + batch_size]
        g = 2 / len(rows) * rows.T @ (rows @ w) + penalty[:, None] * w
        if solver == "sgd":
            w, v = w - eta * g, 0 * v
            continue
        v = beta * v + (g if solver == "heavy_ball" else (1 - beta) * g)
        w = w - eta * (beta * v + (1 - beta) * g if solver == "nesterov" else v)
    return np.vstack([w, v])


def exact_limit(design, batch_size, solver, beta, alpha):
    """Where E[T ⊗ T] over all orders of the rows has an eigenvalue above 1."""
    penalty = np.full(design.shape[1], 2 * alpha)
    orders = [design[list(order)] for order in permutations(range(len(design)))]

    def grows(eta):
        maps = [epoch(rows, batch_size, solver, beta, eta, penalty) for rows in orders]
        mean = np.mean([np.kron(T, T) for T in maps], axis=0)
        return np.abs(np.linalg.eigvals(mean)).max() > 1

    L = np.linalg.eigvalsh(2 / len(design) * design.T @ design).max() + 2 * alpha
    low, high = 1e-3 * stability_limit(beta, L, solver), 3 * stability_limit(beta, L, solver)
    while high / low > 1.005:
        middle = np.sqrt(low * high)
        low, high = (low, middle) if grows(middle) else (middle, high)
    return low


@pytest.mark.parametrize("alpha", [0.0, 0.2])
@pytest.mark.parametrize("batch_size", [1, 2])
@pytest.mark.parametrize(("solver", "beta"), [(solver, 0.5) for solver in LINEAR] + [("momentum", 0.9)])
def test_the_limit_is_that_of_all_orders_of_the_rows(solver, beta, batch_size, alpha, rng):
    X = rng.normal(size=(5, 2)) * [1.0, 0.4]
    expected = exact_limit(X, batch_size, solver, beta, alpha)
    found = minibatch_stability_limit(X, beta, batch_size, solver=solver, fit_intercept=False, alpha=alpha)
    assert found == pytest.approx(expected, rel=0.1)


def test_a_row_of_weight_2_moves_the_limit_as_its_gradient_does(rng):
    X, weights = rng.normal(size=(5, 2)), np.array([2.0, 1.0, 1.0, 1.0, 0.5])
    # With batches of one row, a weight multiplies the row's square.
    weighted = X * np.sqrt(weights / weights.mean())[:, None]
    found = minibatch_stability_limit(X, 0.5, 1, sample_weight=weights, fit_intercept=False)
    assert found == pytest.approx(exact_limit(weighted, 1, "momentum", 0.5, 0.0), rel=0.1)


def test_copied_columns_do_not_move_the_limit_of_half_the_rate():
    X, _ = standardised("diabetes")
    alone = minibatch_stability_limit(X[:, :3], 0.0, 8)
    copied = minibatch_stability_limit(np.hstack([X[:, :3], X[:, :3]]), 0.0, 8)
    assert copied < alone
    half = minibatch_stability_limit(np.hstack([X[:, :3], X[:, :3]]) / np.sqrt(2), 0.0, 8)
    assert half == pytest.approx(alone, rel=0.05)


def test_the_limit_repeats_itself():
    X, _ = standardised("diabetes")
    assert minibatch_stability_limit(X, 0.5, 16) == minibatch_stability_limit(X, 0.5, 16)
