"""The two forms of the mean squared error against the plain sums that define it."""

import numpy as np
import pytest
import scipy.sparse

from study.descent.quadratic import GramLoss, ResidualLoss, mse


def plain(X, y, weights, theta, fit_intercept):
    """J and ∇J as their definitions say, in extended precision."""
    X = np.asarray(X.todense() if scipy.sparse.issparse(X) else X, dtype=np.longdouble)
    if fit_intercept:
        X = np.column_stack([X, np.ones(len(X), np.longdouble)])
    share = (np.ones(len(X)) if weights is None else weights).astype(np.longdouble)[:, None]
    share = share / share.sum()
    residual = X @ theta - y
    return float(np.sum(share * residual**2) / y.shape[1]), (2 * X.T @ (share * residual)).astype(float)


@pytest.mark.parametrize("form", [GramLoss, ResidualLoss])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array, scipy.sparse.csc_array])
def test_loss_and_gradient_are_the_definition(form, weighted, fit_intercept, kind, rng):
    X, y = rng.normal(size=(70, 6)) + 2, rng.normal(size=(70, 2))
    X[rng.random(X.shape) < 0.5] = 0
    weights = rng.uniform(size=70) if weighted else None
    loss = form(kind(X), y, weights, fit_intercept=fit_intercept)
    theta = rng.normal(size=(6 + fit_intercept, 2))
    expected, slope = plain(X, y, weights, theta, fit_intercept)
    value, gradient = loss(theta)
    assert value == pytest.approx(expected, rel=1e-13)
    np.testing.assert_allclose(gradient, slope, rtol=1e-12, atol=1e-12)
    direction = rng.normal(size=len(theta))
    curved = plain(X, 0 * y, weights, direction[:, None], fit_intercept)[1][:, 0]
    np.testing.assert_allclose(loss.hessian_product(direction), curved, rtol=1e-11)
    np.testing.assert_allclose(loss.hessian() @ direction, curved, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("noise", [1e-7, 1e-6, 1e-3])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_moments_lose_no_digits_near_least_squares(noise, offset, rng):
    X = rng.normal(size=(500, 4)) + offset
    y = (X - offset) @ rng.normal(size=(4, 1)) + 1e3 * (noise >= 1e-6) + noise * rng.normal(size=(500, 1))
    loss = GramLoss(X, y)
    design = np.column_stack([X - offset, np.ones(500)])
    solution = np.linalg.lstsq(design, y, rcond=None)[0]
    solution[-1] -= offset * solution[:4].sum()
    value, _ = loss(solution)
    expected, _ = plain(X, y, None, solution.astype(np.longdouble), True)
    assert value == pytest.approx(expected, rel=1e-9)
    assert value >= 0


def test_collinear_columns_cost_no_accuracy(rng):
    X = rng.normal(size=(60, 4))
    X = np.column_stack([X, X, X.sum(axis=1)])
    y = X @ rng.normal(size=(9, 1))
    loss = GramLoss(X, y)
    theta = 5 * rng.normal(size=(10, 1))
    assert loss(theta)[0] == pytest.approx(plain(X, y, None, theta, True)[0], rel=1e-12)
    assert loss.least_squares < 1e-25 * loss.mean_square_target


@pytest.mark.parametrize(
    ("shape", "max_iter", "form"),
    [
        ((1000, 10), 100, GramLoss),
        ((1000, 10), 1, ResidualLoss),
        ((2000, 300), 100, GramLoss),
        ((2000, 300), 5, ResidualLoss),
        ((20, 200), 1000, ResidualLoss),
    ],
)
def test_moments_are_used_where_they_pay(shape, max_iter, form, rng):
    assert type(mse(rng.normal(size=shape), np.ones((shape[0], 1)), max_iter=max_iter)) is form


def test_a_wide_sparse_design_is_never_densified(rng):
    X = scipy.sparse.random_array((500, 100_000), density=1e-4, format="csr", rng=rng)
    loss = mse(X, rng.normal(size=(500, 1)))
    assert type(loss) is ResidualLoss
    assert np.isfinite(loss(np.zeros((100_001, 1)))[0])


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e6])
def test_sparse_moments_keep_their_digits(offset, rng):
    X = scipy.sparse.csr_array(rng.normal(size=(300, 5)) + offset)
    y = rng.normal(size=(300, 1))
    loss = mse(X, y)
    dense = mse(X.toarray(), y)
    theta = np.append(rng.normal(size=5), -offset)[:, None] / max(offset, 1)
    assert loss(theta)[0] == pytest.approx(dense(theta)[0], rel=1e-9)


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_residual_form_makes_no_copy_of_x(kind, rng):
    import tracemalloc

    X = kind(rng.normal(size=(100_000, 40)) * (rng.random((100_000, 40)) < 0.3))
    size = X.nbytes if isinstance(X, np.ndarray) else X.data.nbytes
    loss = ResidualLoss(X, rng.normal(size=(100_000, 1)))
    tracemalloc.start()
    loss.hessian()
    loss.rise_bound()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < size
