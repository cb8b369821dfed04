"""The share of the starting excess that is left, against scikit-learn's least squares and ridge."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression, Ridge

from study.descent.quadratic import GramLoss, Objective, ResidualLoss
from study.descent.remaining import RemainingExcess
from tests.conftest import standardised

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
