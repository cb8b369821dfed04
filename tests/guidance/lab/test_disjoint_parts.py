"""Problems in three parts, and the minimum of a penalised linear model."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from study.estimator.regressor import MomentumRegressor
from study.guidance.lab.disjoint_parts import minimum, split


@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_the_closed_form_is_ridge(alpha, rng):
    X, y = rng.normal(size=(30, 4)) + 1, rng.normal(size=30)
    ridge = Ridge(alpha * len(y)).fit(X, y)
    theta = minimum((X, y), alpha)
    np.testing.assert_allclose(theta, [*ridge.coef_, ridge.intercept_], rtol=1e-9)


def test_without_a_penalty_it_is_the_least_squares_of_least_norm(rng):
    X, y = rng.normal(size=(5, 8)), rng.normal(size=5)
    X -= X.mean(axis=0)  # as in Parts; otherwise the descent would also keep the intercept small
    theta = minimum((X, y), 0.0)
    fitted = MomentumRegressor(tol=1e-12, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(theta[:-1], fitted.coef_, rtol=1e-3, atol=1e-4)


def test_the_parts_share_no_row():
    parts = split("wine: alcohol", 2, 1, 2)
    sizes = [len(part[1]) for part in (parts.train, parts.validation, parts.test)]
    assert sum(sizes) == 178
    assert parts.rows_per_column == 2
    rows = np.vstack([part[0] for part in (parts.train, parts.validation, parts.test)])
    assert len(np.unique(rows, axis=0)) == 178
    np.testing.assert_allclose(parts.train[0].mean(axis=0), 0, atol=1e-12)
