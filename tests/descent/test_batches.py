"""The kernels against the rules applied to plain NumPy batches."""

import itertools

import numpy as np
import pytest
import scipy.sparse

from study.descent import batches
from study.descent.solvers import SOLVERS

CONSTANTS = {"eta": 0.01, "beta": 0.9, "beta_2": 0.99, "epsilon": 1e-8, "alpha": 0.0}


def plain(
    X, y, weights, order, batch_size, theta, velocity, square, updates, *, solver, alpha, masks=None, **rest
):
    """One epoch as its definition says; `masks` multiply the visited rows."""
    n, d = X.shape
    order = np.arange(n) if order is None else order
    weights = np.ones(n) if weights is None else weights
    state = theta.copy(), velocity.copy(), square.copy()
    for start in range(0, n, batch_size):
        rows = order[start : start + batch_size]
        x = X[rows] if masks is None else X[rows] * masks[start : start + batch_size]
        x = np.hstack([x, np.ones((len(rows), len(theta) - d))])
        gradient = 2 / len(rows) * x.T @ (weights[rows, None] * (x @ state[0] - y[rows]))
        gradient[:d] += 2 * alpha * state[0][:d]
        updates += 1
        state = SOLVERS[solver].rule(*state, gradient, updates, **rest)
    return *state, updates


def problem(rng, *, n=83, d=9, k=1, density=0.3, intercept=True):
    X = rng.normal(size=(n, d)) * (rng.random((n, d)) < density)
    shape = d + intercept, k
    states = rng.normal(size=shape), rng.normal(size=shape), rng.uniform(size=shape)
    return X, rng.normal(size=(n, k)), states


def run(X, y, weights, order, batch_size, states, updates=0, **constants):
    """The kernel's epoch on copies of the states."""
    states = [state.copy() for state in states]
    epoch = batches.sparse_epoch if scipy.sparse.issparse(X) else batches.dense_epoch
    return *states, epoch(X, y, weights, order, batch_size, *states, updates, **constants)


def assert_same(found, expected, tolerance=1e-10):
    assert found[3] == expected[3]
    for ours, theirs in zip(found[:3], expected[:3], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("solver", list(SOLVERS))
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999])
def test_epochs_are_the_rule_on_every_coordinate(kind, solver, beta, rng):
    for alpha, k, weighted, intercept in itertools.product([0, 1e-3], [1, 3], [False, True], [False, True]):
        X, y, states = problem(rng, k=k, intercept=intercept)
        weights = rng.uniform(size=len(y)) if weighted else None
        constants = CONSTANTS | {"solver": solver, "beta": beta, "alpha": alpha}
        found = expected = *states, 4
        for order in [None, rng.permutation(len(y)), rng.permutation(len(y))]:
            expected = plain(X, y, weights, order, 8, *expected, **constants)
            found = run(kind(X), y, weights, order, 8, found[:3], found[3], **constants)
        assert_same(found, expected)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("solver", list(SOLVERS))
def test_float32_epochs_are_the_double_ones_to_single_precision(kind, solver, rng):
    X, y, states = problem(rng, k=2)
    weights, constants = rng.uniform(size=len(y)), CONSTANTS | {"solver": solver, "alpha": 1e-3}
    single = [state.astype("f4") for state in states]
    found = run(kind(X.astype("f4")), y.astype("f4"), weights.astype("f4"), None, 8, single, **constants)
    assert_same(found, plain(X, y, weights, None, 8, *states, 0, **constants), tolerance=1e-5)


@pytest.mark.parametrize(
    ("n", "d", "batch_size"), [(700, 3, 700), (700, 3, 301), (11, 9000, 9), (5, 20000, 5), (7, 2, 1)]
)
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_batches_of_any_size_and_rows_of_any_length_are_the_rule(kind, n, d, batch_size, rng):
    X, y, states = problem(rng, n=n, d=d, density=0.1)
    constants = CONSTANTS | {"solver": "momentum", "eta": 1e-3}
    found = run(kind(X), y, None, None, batch_size, states, **constants)
    assert_same(found, plain(X, y, None, None, batch_size, *states, 0, **constants))


@pytest.mark.parametrize("alpha", [0.0, 1e-3])
@pytest.mark.parametrize("beta", [0.001, 0.999])
@pytest.mark.parametrize("solver", ["momentum", "nesterov", "heavy_ball", "rmsprop"])
def test_weights_left_alone_for_thousands_of_steps_are_exact(solver, beta, alpha, rng):
    """Past the span of one table of powers, and past where βᵗ is 0 in floating point."""
    n = 2**15 + 1000
    X = np.zeros((n, 4))
    X[np.arange(n), rng.integers(2, size=n)] = rng.normal(size=n)
    X[[0, 5, n - 3], 2] = 1  # the last column is never touched
    y, states = rng.normal(size=(n, 1)), problem(rng, d=4)[2]
    constants = CONSTANTS | {"solver": solver, "beta": beta, "alpha": alpha, "eta": 1e-3}
    found = run(scipy.sparse.csr_array(X), y, None, None, 1, states, **constants)
    assert_same(found, plain(X, y, None, None, 1, *states, 0, **constants))


def test_entries_that_share_a_row_and_a_column_add_up(rng):
    _, y, states = problem(rng, n=2, d=3)
    X = scipy.sparse.csr_array(
        (np.array([1.0, 2, 3, 4]), np.array([1, 1, 0, 1]), np.array([0, 3, 4])), (2, 3)
    )
    constants = CONSTANTS | {"solver": "momentum"}
    expected = plain(X.toarray(), y, None, None, 1, *states, 0, **constants)
    assert_same(run(X, y, None, None, 1, states, **constants), expected)


@pytest.mark.parametrize("batch_size", [8, 83])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_dropout_masks_each_visit_and_spares_the_intercept(kind, batch_size, rng):
    X, y, states = problem(rng, k=2)
    order, constants = rng.permutation(len(y)), CONSTANTS | {"solver": "momentum"}
    drawn = np.ones(X.shape, bool) if kind is np.asarray else X[order] != 0
    masks = np.ones(X.shape)
    masks[drawn] = (np.random.default_rng(7).random(drawn.sum()) >= 0.4) / 0.6
    expected = plain(X, y, None, order, batch_size, *states, 0, masks=masks, **constants)
    found = run(
        kind(X), y, None, order, batch_size, states, dropout=0.4, rng=np.random.default_rng(7), **constants
    )
    assert_same(found, expected)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_dropout_is_ridge_in_expectation(kind, rng):
    """With penalty p / (1 − p) · mean(x_j²) on w_j."""
    X, y, states = problem(rng, n=200, d=4)
    theta, p, draw = states[0], 0.3, np.random.default_rng(1)
    gradients = []
    for _ in range(2000):
        after = run(
            kind(X), y, None, None, 200, states, dropout=p, rng=draw, **CONSTANTS | {"solver": "sgd"}
        )[0]
        gradients.append((theta - after) / CONSTANTS["eta"])
    x = np.column_stack([X, np.ones(200)])
    expected = 2 / 200 * x.T @ (x @ theta - y)
    expected[:4] += 2 * p / (1 - p) * np.mean(X**2, axis=0)[:, None] * theta[:4]
    error = np.std(gradients, axis=0) / np.sqrt(2000)
    np.testing.assert_array_less(np.abs(np.mean(gradients, axis=0) - expected), 5 * error)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize("solver", list(SOLVERS))
def test_what_is_not_finite_reaches_every_weight(kind, solver, rng):
    X, y, states = problem(rng)
    for state, entry in zip(states[:2], [np.nan, np.inf], strict=True):
        state[-1] = entry
    theta = run(kind(X), y, None, None, 8, states, **CONSTANTS | {"solver": solver})[0]
    assert not np.isfinite(theta).any()


@pytest.mark.parametrize("solver", ["momentum", "sgd", "heavy_ball"])
def test_a_penalty_that_diverges_leaves_zeros_zero(solver, rng):
    X, y, _ = problem(rng, n=600)
    X[:, 3] = 0
    zeros = [np.zeros((10, 1)) for _ in range(3)]
    constants = CONSTANTS | {"solver": solver, "eta": 10, "alpha": 1e3}
    theta = run(scipy.sparse.csr_array(X), y, None, None, 1, zeros, **constants)[0]
    assert theta[3] == 0
    assert not np.isfinite(np.delete(theta, 3)).any()
