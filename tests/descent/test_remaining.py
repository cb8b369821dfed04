"""The share of the starting excess that is left, against scikit-learn's least squares and ridge."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression, Ridge

from study.descent.quadratic import GramLoss, Objective, ResidualLoss
from study.descent.remaining import RemainingExcess
from tests.conftest import conditioned, standardised

FORMS = {
    "moments": GramLoss,
    "passes": ResidualLoss,
    "sparse passes": lambda X, *rest: ResidualLoss(scipy.sparse.csr_array(X), *rest),
    "single precision": lambda X, *rest: ResidualLoss(X.astype(np.float32), *rest),
}


def least(X, Y, alpha, weights=None):
    """The least objective, by scikit-learn, and the weights that have it."""
    total = len(Y) if weights is None else weights.sum()
    scale = 1.0 if alpha else X.std(axis=0)  # beside a large column LinearRegression takes a small one for 0
    model = Ridge(alpha * total, solver="svd") if alpha else LinearRegression()
    model.fit(X / scale, Y, weights)
    coef = model.coef_ / scale
    errors = np.average((Y - X @ coef.T - model.intercept_) ** 2, axis=0, weights=weights).mean()
    return errors + alpha * np.sum(coef**2) / Y.shape[1], np.vstack([coef.T, model.intercept_])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [0.0, 0.05])
@pytest.mark.parametrize("scales", [1.0, np.array([1e6, 1.0, 1e-3])], ids=["scaled", "unscaled"])
@pytest.mark.parametrize("form", FORMS)
def test_is_the_share_that_scikit_learns_minimum_leaves(form, scales, alpha, weighted, rng):
    X, Y = standardised("linnerud")
    X = X * scales
    weights = rng.uniform(0.5, 2, len(Y)) if weighted else None
    minimum, best = least(X, Y, alpha, weights)
    objective = Objective(FORMS[form](X, Y, weights), alpha, np.float64)
    start = np.average(Y**2, axis=0, weights=weights).mean()
    for nearness in (0.5, 0.95, 0.97):
        theta = nearness * best
        expected = (objective.value(theta) - minimum) / (start - minimum)
        found = RemainingExcess(objective, start).share(theta)
        if form == "moments":
            assert found == pytest.approx(expected, rel=1e-5)
        else:  # a lower bound, closer than twice the target where it matters
            assert min(0.02, 0.99 * expected) <= found <= 1.01 * expected
    assert RemainingExcess(objective, start).share(best) < 1e-3


def test_a_start_below_the_mean_square_is_measured_from_the_mean_square():
    X, Y = standardised("linnerud")
    minimum, best = least(X, Y, 0.0)
    objective = Objective(GramLoss(X, Y), 0.0, np.float64)
    near = 0.99 * best
    left = objective.value(near) - minimum
    remaining = RemainingExcess(objective, objective.value(near))
    assert remaining.share(near) == pytest.approx(left / (np.mean(Y**2) - minimum), rel=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_left_of_a_target_that_no_model_explains(form, rng):
    X = rng.normal(size=(50, 3))
    y = np.zeros((50, 1))
    objective = Objective(FORMS[form](X, y), 0.0, np.float64)
    assert RemainingExcess(objective, 0.0).share(np.zeros((4, 1))) == 0


def test_a_wide_design_is_left_until_its_rows_are_met(rng):
    X, y = rng.normal(size=(30, 2000)), rng.normal(size=(30, 1))
    remaining = RemainingExcess(Objective(ResidualLoss(X, y), 0.0, np.float64), float(np.mean(y**2)))
    solution = np.append(np.linalg.lstsq(X, y[:, 0], rcond=None)[0], 0.0)[:, None]
    assert remaining.is_large(0.8 * solution)
    assert not remaining.is_large(0.95 * solution)


def point_with_share(share, objective, best, minimum, reference, rng):
    """Weights at which this share of the excess is left, in a direction that is no eigenvector."""
    direction = rng.normal(size=best.shape)
    excess = objective.value(best + direction) - minimum
    return best + direction * np.sqrt(share * (reference - minimum) / excess)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [0.0, 0.05])
@pytest.mark.parametrize("form", ["passes", "sparse passes"])
def test_a_share_below_twice_the_target_is_found_exactly_on_passes_too(form, alpha, weighted, rng):
    X, y = conditioned(300, n=80, d=6, noise=0.5)
    Y = np.column_stack([y, X @ rng.normal(size=6) + rng.normal(size=80)])
    weights = rng.uniform(0.5, 2, 80) if weighted else None
    minimum, best = least(X, Y, alpha, weights)
    objective = Objective(FORMS[form](X, Y, weights), alpha, np.float64)
    start = objective.value(np.zeros((7, 2)))
    for share in (0.002, 0.012, 0.019):
        theta = point_with_share(share, objective, best, minimum, start, rng)
        remaining = RemainingExcess(objective, start)
        assert remaining.share(theta) == pytest.approx(share, rel=1e-6)
        assert remaining.is_large(theta) == (share > 0.01)
        # A second question can only come nearer.
        assert remaining.share(best + 0.5 * (theta - best)) == pytest.approx(share / 4, rel=1e-4)


@pytest.mark.parametrize("form", ["moments", "passes"])
def test_weights_worse_than_the_start_leave_all_of_the_excess(form):
    X, Y = standardised("linnerud")
    _, best = least(X, Y, 0.0)
    objective = Objective(FORMS[form](X, Y), 0.0, np.float64)
    start = float(np.mean(Y**2))
    remaining = RemainingExcess(objective, start)
    assert 0.02 <= remaining.share(0.5 * best) <= 0.25 * (1 + 1e-9)
    assert remaining.share(-3 * best) == 1


@pytest.mark.parametrize("form", ["passes", "sparse passes"])
def test_a_column_of_zeros_and_a_target_that_is_met_are_passed_over(form, rng):
    X = np.column_stack([rng.normal(size=(50, 3)), np.zeros(50)])
    Y = np.column_stack([X @ rng.normal(size=4) + rng.normal(size=50), np.zeros(50)])
    fitted = LinearRegression().fit(X[:, :3], Y)
    best = np.vstack([fitted.coef_.T, np.zeros((1, 2)), fitted.intercept_])
    minimum = np.mean((Y - fitted.predict(X[:, :3])) ** 2)
    objective = Objective(FORMS[form](X, Y), 0.0, np.float64)
    start = float(np.mean(Y**2))
    theta = 0.9 * best
    assert (theta[:, 1] == 0).all()
    expected = (objective.value(theta) - minimum) / (start - minimum)
    assert expected == pytest.approx(0.01, rel=1e-6)
    assert RemainingExcess(objective, start).share(theta) == pytest.approx(expected, rel=1e-6)


def test_columns_that_are_copies_under_a_penalty_that_rounding_hides_are_solved(rng):
    X = np.repeat(rng.normal(size=(60, 2)), 2, axis=1)
    y = X @ rng.normal(size=(4, 1)) + rng.normal(size=(60, 1))
    fitted = LinearRegression().fit(X, y)
    minimum = np.mean((y - fitted.predict(X)) ** 2)
    objective = Objective(GramLoss(X, y), 1e-18, np.float64)
    start = float(np.mean(y**2))
    theta = 0.5 * np.vstack([fitted.coef_.T, fitted.intercept_])
    expected = (objective.value(theta) - minimum) / (start - minimum)
    assert RemainingExcess(objective, start).share(theta) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.1])
@pytest.mark.parametrize("form", ["moments", "passes"])
@pytest.mark.parametrize(("size_of_x", "size_of_y"), [(1e200, 1.0), (1.0, 1e200), (1e200, 1e200)])
def test_data_whose_squares_leave_the_floating_point_range_leave_no_share(
    form, size_of_x, size_of_y, alpha, rng
):
    X, y = size_of_x * rng.normal(size=(20, 2)), size_of_y * rng.normal(size=(20, 1))
    with np.errstate(all="ignore"):
        objective = Objective(FORMS[form](X, y), alpha, np.float64)
        share = RemainingExcess(objective, float(np.mean(y**2))).share(np.zeros((3, 1)))
    assert 0 <= share <= 1
