"""The expected loss of mini-batches: against the mean of fits, exact enumeration, and the noise floor."""

from itertools import combinations, permutations, product

import numpy as np
import pytest
import scipy.sparse
from sklearn import datasets
from sklearn.preprocessing import StandardScaler

from study import DivergenceError, MomentumRegressor
from study.descent.rules import momentum
from study.descent.theory import (
    expected_surface,
    minibatch_stability_limit,
    noise_floor,
    response_surface,
    stability_limit,
)
from tests.conftest import conditioned

SEEDS = 32
LINEAR = ("momentum", "nesterov", "heavy_ball", "sgd")


def tables():
    """Bundled tables under several targets, standardised, and synthetic problems of known condition."""
    found = {}
    for name, column in [
        ("diabetes", None),
        ("wine", 0),
        ("wine", 12),
        ("iris", 3),
        ("iris", 0),
        ("breast_cancer", 0),
    ]:
        bunch = getattr(datasets, f"load_{name}")()
        X, y = bunch.data, bunch.target
        if column is not None:
            X, y = np.delete(X, column, axis=1), X[:, column]
        found[f"{name} {column}"] = X, y.astype(float)
    for condition in (10, 1000):
        found[f"κ = {condition}"] = conditioned(condition, d=8, noise=0.5)
    scale = StandardScaler()
    return {
        name: (scale.fit_transform(X), scale.fit_transform(y[:, None])[:, 0])
        for name, (X, y) in found.items()
    }


def measured(X, y, seeds=SEEDS, **settings):
    """The training loss of every seed's fit at the last epoch; infinite where it diverged."""
    losses = []
    for seed in range(seeds):
        model = MomentumRegressor(tol=None, random_state=seed, **settings)
        try:
            losses.append(model.fit(X, y).loss_curve_[-1])
        except DivergenceError:
            losses.append(np.inf)
    return np.array(losses)


def random_settings(count, draw):
    """Batches of 4 to n/2, 3 to 60 epochs, 1 − β from 0.003 to 1 and η from 1e-3 to 1, log-uniform."""
    names = list(tables())
    for i in range(count):
        name = names[i % len(names)]
        n = len(tables()[name][1])
        batch_size = int(np.exp(draw.uniform(np.log(4), np.log(n / 2))))
        epochs = int(np.exp(draw.uniform(np.log(3), np.log(60))))
        yield name, batch_size, epochs, 1 - 10 ** draw.uniform(np.log10(0.003), 0), 10 ** draw.uniform(-3, 0)


def test_the_expected_loss_is_the_mean_of_fits_within_2_percent_or_2_standard_errors():
    close, agrees, data = [], [], tables()
    for name, batch_size, epochs, beta, eta in random_settings(96, np.random.default_rng(3)):
        X, y = data[name]
        expected = expected_surface(X, y, [beta], [eta], epochs, batch_size)[0].item()
        losses = measured(X, y, eta=eta, beta=beta, batch_size=batch_size, max_iter=epochs)
        mean, start = losses.mean(), np.mean(y**2)
        agrees.append((expected < 2 * start) == (mean < 2 * start))
        if mean < 2 * start:
            error = losses.std(ddof=1) / np.sqrt(SEEDS)
            close.append(abs(expected / mean - 1) < 0.02 or abs(expected - mean) < 2 * error)
    assert len(close) > 70
    assert np.mean(close) >= 0.95
    assert np.mean(agrees) >= 0.98


@pytest.mark.parametrize("solver", LINEAR)
@pytest.mark.parametrize(
    "case", ["plain", "weights", "penalty", "targets", "short last batch", "no intercept", "heavy tails"]
)
def test_every_linear_solver_and_option_is_predicted(solver, case, rng):
    n, batch_size = (130 if case == "short last batch" else 128), 16
    X = rng.standard_t(4, size=(n, 4)) if case == "heavy tails" else rng.normal(size=(n, 4))
    y = X @ rng.normal(size=(4, 2)) + rng.normal(size=(n, 2))
    y = y if case == "targets" else y[:, 0]
    weights = rng.uniform(0.2, 3, size=n) if case == "weights" else None
    alpha = 0.3 if case == "penalty" else 0.0
    eta = {"heavy_ball": 0.004, "sgd": 0.04}.get(solver, 0.04)
    settings = {"fit_intercept": case != "no intercept", "alpha": alpha, "solver": solver}
    expected = expected_surface(X, y, [0.9], [eta], 8, batch_size, sample_weight=weights, **settings)[
        0
    ].item()
    losses = [
        MomentumRegressor(
            eta, 0.9, batch_size=batch_size, max_iter=8, tol=None, random_state=seed, **settings
        )
        .fit(X, y, sample_weight=weights)
        .loss_curve_[-1]
        for seed in range(200)
    ]
    assert abs(expected - np.mean(losses)) < max(0.004 * np.mean(losses), 4 * np.std(losses) / np.sqrt(200))


def test_independent_draws_are_predicted_exactly_where_directions_do_not_mix():
    # A full factorial design of ±1: a product of two different columns has mean 0 in every fourth moment.
    X = np.array(list(product([-1.0, 1.0], repeat=2)))
    y = np.array([1.0, 3.0, -2.0, 0.5])
    beta, eta = 0.6, 0.21
    batches = list(combinations(range(4), 3))
    losses = []
    # An epoch of 4 rows in batches of 3 is two updates, the second on one row.
    for first in batches:
        for second in combinations(range(4), 1):
            w, v = np.zeros(2), np.zeros(2)
            for rows in (list(first), list(second)):
                gradient = 2 / len(rows) * X[rows].T @ (X[rows] @ w - y[rows])
                w, v, _ = momentum(w, v, None, gradient, 1, eta, beta, None, None)
            losses.append(np.mean((X @ w - y) ** 2))
    expected = expected_surface(X, y, [beta], [eta], 1, 3, shuffle=False, fit_intercept=False)[0].item()
    assert expected == pytest.approx(np.mean(losses), rel=1e-9)


def test_reshuffled_batches_are_predicted_in_all_orders_of_a_small_table(rng):
    X, y = rng.normal(size=(6, 1)), rng.normal(size=6)
    beta, eta, losses = 0.5, 0.05, []
    for order in permutations(range(6)):
        w, v = np.zeros(1), np.zeros(1)
        for rows in (list(order[:2]), list(order[2:4]), list(order[4:])):
            gradient = X[rows].T @ (X[rows] @ w - y[rows])
            w, v, _ = momentum(w, v, None, gradient, 1, eta, beta, None, None)
        losses.append(np.mean((X @ w - y) ** 2))
    expected = expected_surface(X, y, [beta], [eta], 1, 2, fit_intercept=False)[0].item()
    start = np.mean(y**2)
    assert expected - start == pytest.approx(np.mean(losses) - start, rel=0.01)


def test_independent_draws_end_at_the_noise_floor(rng):
    # Large residuals and a small η: the noise hardly depends on where the descent is.
    X = rng.choice([-1.0, 1.0], size=(4000, 1))
    y = 10 * rng.normal(size=4000)
    beta, eta, batch_size = 0.8, 0.01, 8
    losses = expected_surface(X, y, [beta], [eta], 20, batch_size, shuffle=False, fit_intercept=False)[0]
    slope = (X[:, 0] @ y) / len(y)
    residual = y - X[:, 0] * slope
    least = np.mean(residual**2)
    variance = 4 * np.var(X[:, 0] * residual, ddof=1) * (1 / batch_size - 1 / len(y))
    floor = 0.5 * 2.0 * noise_floor(beta, eta, 2.0, variance)
    assert losses.item() - least == pytest.approx(floor, rel=0.02)


@pytest.mark.parametrize("batch_size", [None, 60, 1000])
def test_a_batch_of_all_rows_is_the_full_batch(batch_size, rng):
    X, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    grid = [0.0, 0.9], [0.01, 0.3, 50.0]
    held_out = {"X_val": X[:20] + 1, "y_val": y[:20]}
    expected = expected_surface(X, y, *grid, 12, batch_size, every_epoch=True, **held_out)
    exact = response_surface(X, y, *grid, 12, every_epoch=True, **held_out)
    for one, other in zip(expected, exact, strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_validation_loss_is_the_mean_of_fits(rng):
    X, y = rng.normal(size=(90, 3)), rng.normal(size=90)
    X_val, y_val = rng.normal(size=(40, 3)) + 0.5, rng.normal(size=40)
    losses = []
    for seed in range(300):
        model = MomentumRegressor(0.1, 0.7, batch_size=10, max_iter=6, tol=None, random_state=seed).fit(X, y)
        losses.append(np.mean((model.predict(X_val) - y_val) ** 2))
    train, val = expected_surface(X, y, [0.7], [0.1], 6, 10, X_val=X_val, y_val=y_val)
    assert train.shape == val.shape == (1, 1)
    assert abs(val.item() - np.mean(losses)) < 4 * np.std(losses) / np.sqrt(300)


def test_a_sparse_design_gives_what_its_dense_form_gives(rng):
    X = rng.normal(size=(80, 6)) * (rng.random(size=(80, 6)) < 0.3)
    y = rng.normal(size=80)
    grid = [0.0, 0.9], [0.05, 0.2]
    dense, _ = expected_surface(X, y, *grid, 5, 8)
    sparse, _ = expected_surface(scipy.sparse.csr_array(X), y, *grid, 5, 8)
    np.testing.assert_allclose(sparse, dense, rtol=1e-9)


def test_a_pair_whose_second_moment_grows_is_infinite_at_every_epoch(rng):
    X, y = rng.normal(size=(100, 3)), rng.normal(size=100)
    limit = minibatch_stability_limit(X, 0.9, 4)
    losses, _ = expected_surface(X, y, [0.9], [0.5 * limit, 1.5 * limit], 3, 4, every_epoch=True)
    assert losses.shape == (3, 1, 2)
    assert np.isfinite(losses[:, 0, 0]).all()
    assert np.isinf(losses[:, 0, 1]).all()


def growth(X, beta, eta, batch_size, particles=400, epochs=24):
    """Log growth an epoch of the second moment of mini-batch descent on y = 0, by resampled paths."""
    draw = np.random.default_rng(0)
    n, d = X.shape
    w, v = draw.normal(size=(particles, d)), np.zeros((particles, d))
    logs = []
    for _ in range(epochs):
        order = draw.permuted(np.tile(np.arange(n), (particles, 1)), axis=1)
        for first in range(0, n, batch_size):
            rows = X[order[:, first : first + batch_size]]
            residual = np.einsum("kmd,kd->km", rows, w)
            gradient = 2 / rows.shape[1] * np.einsum("kmd,km->kd", rows, residual)
            w, v, _ = momentum(w, v, None, gradient, 1, eta, beta, None, None)
        energy = np.sum(w**2, axis=1) + eta**2 * np.sum(v**2, axis=1)
        logs.append(np.log(energy.mean()))
        # Paths are drawn anew in proportion to their energy, so that the mean, not the typical path, is followed.
        chosen = draw.choice(particles, particles, p=energy / energy.sum())
        size = np.sqrt(energy[chosen])[:, None]
        w, v = w[chosen] / size, v[chosen] / size
    return np.mean(logs[epochs // 3 :])


@pytest.mark.parametrize(("beta", "batch_size"), [(0.9, 4), (0.9, 16), (0.9, 48), (0.5, 16), (0.0, 48)])
def test_the_stability_limit_is_where_the_second_moment_begins_to_grow(beta, batch_size):
    X, _ = conditioned(20, n=144, d=4, intercept=0.0)
    limit = minibatch_stability_limit(X, beta, batch_size, fit_intercept=False)
    low, high = limit / 2, 2 * limit
    while high / low > 1.02:
        middle = np.sqrt(low * high)
        low, high = (low, middle) if growth(X, beta, middle, batch_size) > 0 else (middle, high)
    assert limit == pytest.approx(low, rel=0.10)


def test_small_batches_have_a_lower_limit_than_the_full_batch_and_large_ones_come_near_it():
    X, _ = conditioned(20, n=144, d=4)
    L = np.linalg.eigvalsh(2 * np.cov(np.column_stack([X, np.ones(144)]), rowvar=False, bias=True))[-1]
    limits = [minibatch_stability_limit(X, 0.9, m) for m in (4, 16, 64, None)]
    assert limits == sorted(limits)
    assert limits[0] < 0.2 * limits[-1]
    assert limits[-1] >= 0.9 * stability_limit(0.9, max(L, 2.0))


@pytest.mark.parametrize("function", ["surface", "limit"])
def test_a_solver_or_a_batch_size_that_is_not_known_is_refused(function):
    X, y = np.ones((4, 1)), np.ones(4)

    def call(batch_size, solver):
        if function == "surface":
            return expected_surface(X, y, [0.9], [0.1], 2, batch_size, solver=solver)
        return minibatch_stability_limit(X, 0.9, batch_size, solver=solver)

    with pytest.raises(ValueError, match="solver = 'adam'"):
        call(2, "adam")
    with pytest.raises(ValueError, match="batch_size = 0"):
        call(0, "momentum")
