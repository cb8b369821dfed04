"""The mini-batch surfaces and limits of the theory, with every option, against enumeration and plain loops."""

import numpy as np
import pytest
import scipy.sparse

from study.descent.theory import expected_surface, minibatch_stability_limit, stability_limit
from tests.conftest import LINEAR
from tests.descent.test_theory import OPTIONS, curvature, looped, settings_of


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("solver", LINEAR)
@pytest.mark.parametrize("batch_size", [None, 40])
def test_a_batch_of_all_rows_is_a_plain_loop_over_epochs(batch_size, solver, options, rng):
    X, y = rng.normal(size=(40, 3)) + 0.7, rng.normal(size=(40, 2)) + 2
    weights, settings = settings_of(options, rng, 40)
    L = np.linalg.eigvalsh(curvature(X, weights, **settings))[-1]
    etas = [0.02, 1.01 * stability_limit(0.8, L, solver)]
    losses, _ = looped(X, y, 0.8, 0.02, 9, solver=solver, weights=weights, **settings)
    train, val = expected_surface(
        X, y, [0.8], etas, 9, batch_size, solver=solver, sample_weight=weights, **settings
    )
    assert train[0, 0] == pytest.approx(losses[-1], rel=1e-8)
    assert np.isinf(train[0, 1])
    assert val is None
    limit = minibatch_stability_limit(X, 0.8, batch_size, solver=solver, sample_weight=weights, **settings)
    assert limit == pytest.approx(stability_limit(0.8, L, solver), rel=1e-9)


def test_an_expected_surface_has_no_validation_loss_unless_it_is_given_both_arrays(rng):
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    for held_out in ({}, {"X_val": X}, {"y_val": y}):
        train, val = expected_surface(X, y, [0.5], [0.1], 3, 4, **held_out)
        assert val is None
        assert train.shape == (1, 1)


def test_whole_numbers_are_taken_as_the_reals_that_they_are(rng):
    X, y = 0.3 * rng.normal(size=(20, 2)), rng.normal(size=20)
    found, expected = (
        expected_surface(X, y, *grid, 3, 4, fit_intercept=False)[0] for grid in (([0], [1]), ([0.0], [1.0]))
    )
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(found, expected)


def update(solver, beta, eta, h):
    """The matrix by which an update with curvature h multiplies (w, v)."""
    if solver == "sgd":
        return np.array([[1 - eta * h, 0.0], [0.0, 0.0]])
    share = 1.0 if solver == "heavy_ball" else 1 - beta
    v = np.array([share * h, beta])
    step = beta * v + np.array([share * h, 0.0]) if solver == "nesterov" else v
    return np.array([[1.0, 0.0] - eta * step, v])


def grows(curvatures, batch_size, solver, beta, eta):
    """Whether the second moment of one column's descent grows over an epoch, by the mean over 400 orders."""
    draw, total = np.random.default_rng(0), np.zeros((4, 4))
    for _ in range(400):
        batches = draw.permutation(curvatures).reshape(-1, batch_size).mean(axis=1)
        product = np.eye(2)
        for h in batches:
            product = update(solver, beta, eta, h) @ product
        total += np.kron(product, product)
    return np.abs(np.linalg.eigvals(total / 400)).max() > 1


@pytest.mark.parametrize("solver", LINEAR)
@pytest.mark.parametrize("option", ["plain", "weights", "penalty", "sparse", "small"])
def test_the_limit_is_within_a_fifth_of_where_the_second_moment_of_one_column_begins_to_grow(option, solver):
    x = np.linspace(0.4, 1.6, 48)[:, None] * (0.1 if option == "small" else 1.0)
    weights = np.linspace(0.1, 1.9, 48) ** 2 if option == "weights" else None
    settings = {"alpha": 0.6 if option == "penalty" else 0.0, "fit_intercept": False}
    settings |= {"solver": solver, "sample_weight": weights}
    limit = minibatch_stability_limit(
        scipy.sparse.csc_array(x) if option == "sparse" else x, 0.7, 8, **settings
    )
    share = np.ones(48) if weights is None else weights / weights.mean()
    curvatures = 2 * share * x[:, 0] ** 2 + 2 * settings["alpha"]
    low, high = limit / 4, 4 * limit
    while high / low > 1.01:
        middle = np.sqrt(low * high)
        low, high = (low, middle) if grows(curvatures, 8, solver, 0.7, middle) else (middle, high)
    assert limit == pytest.approx(low, rel=0.1)
    losses, _ = expected_surface(x, np.ones(48), [0.7], [0.75 * low, 1.33 * low], 3, 8, **settings)
    assert np.isinf(losses).tolist() == [[False, True]]


def test_independent_batches_diverge_where_the_mean_square_of_their_factors_is_above_1():
    x = np.array([[0.2], [2.0], [0.1], [0.3]])
    pairs = np.array([x[i, 0] ** 2 + x[j, 0] ** 2 for i in range(4) for j in range(i)])
    limit = 2 * pairs.mean() / np.mean(pairs**2)  # E[(1 − ηh)²] = 1, with h the mean of 2x² over a batch
    losses, _ = expected_surface(
        x, np.ones(4), [0.0], [0.99 * limit, 1.01 * limit], 2, 2,
        solver="sgd", shuffle=False, fit_intercept=False,
    )  # fmt: skip
    assert np.isinf(losses).tolist() == [[False, True]]


def test_batches_of_one_pass_are_not_independent():
    # Curvatures 1, 3, 1, 3: an epoch multiplies the error by (1 − η)(1 − 3η) or, twice as often, by (1 − 2η)².
    # Independent batches have one of these curvatures each: 1 and 3 once in six times, 2 four times.
    x, eta = np.sqrt([[0.5], [1.5], [0.5], [1.5]]), 0.97
    assert (((1 - eta) * (1 - 3 * eta)) ** 2 + 2 * (1 - 2 * eta) ** 4) / 3 < 1
    assert ((1 - eta) ** 2 + (1 - 3 * eta) ** 2 + 4 * (1 - 2 * eta) ** 2) / 6 > 1
    for shuffle in (True, False):
        losses, _ = expected_surface(
            x, np.ones(4), [0.0], [eta], 3, 2, solver="sgd", shuffle=shuffle, fit_intercept=False
        )
        assert bool(np.isinf(losses[0, 0])) is not shuffle


@pytest.mark.parametrize("solver", ["momentum", "heavy_ball"])
def test_the_limit_counts_the_penalty_where_a_few_rows_make_most_of_the_noise(solver):
    x = np.full((48, 1), 0.3)
    x[7:11] = 2.0
    limit = minibatch_stability_limit(x, 0.9, 8, alpha=1.0, solver=solver, fit_intercept=False)
    curvatures = 2 * x[:, 0] ** 2 + 2.0
    assert not grows(curvatures, 8, solver, 0.9, 0.85 * limit)
    assert grows(curvatures, 8, solver, 0.9, 1.15 * limit)


def test_without_curvature_there_is_no_limit():
    assert minibatch_stability_limit(np.zeros((6, 2)), 0.9, 2, fit_intercept=False) == np.inf


def test_the_limit_counts_the_intercepts_direction_unless_there_is_none(rng):
    x = rng.normal(size=(40, 1)) + 2
    centred = x - x.mean()
    with_intercept = minibatch_stability_limit(centred, 0.5, None)
    assert with_intercept == pytest.approx(stability_limit(0.5, max(2.0, 2 * np.mean(centred**2))), rel=1e-9)
    without = minibatch_stability_limit(0.1 * x, 0.5, None, fit_intercept=False)
    assert without == pytest.approx(stability_limit(0.5, 0.02 * np.mean(x**2)), rel=1e-9)
