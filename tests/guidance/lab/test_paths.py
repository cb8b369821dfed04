"""Paths: the same losses as fits of the estimator, and an end where a descent diverges."""

import numpy as np
import pytest

from study.estimator.regressor import MomentumRegressor
from study.guidance.lab.paths import follow
from study.guidance.lab.quadratics import quadratics


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_a_path_has_the_losses_of_a_fit(beta):
    problem = quadratics(0)[5]
    eta = 0.8 / problem.spectrum.L
    path = follow(problem, beta, eta)
    fit = MomentumRegressor(eta, beta, tol=None, max_iter=len(path.excess) - 1)
    fit.fit(problem.X, problem.y, coef_init=problem.start[:-1], intercept_init=problem.start[-1])
    start = problem.loss(problem.start[:, None])[0]
    bottom = problem.loss.least_squares
    np.testing.assert_allclose(
        (np.array(fit.loss_curve_) - bottom) / (start - bottom), path.excess[1:], atol=1e-9
    )
    assert not path.diverged


def test_a_diverging_path_ends_and_says_so():
    problem = quadratics(0)[0]
    path = follow(problem, 0.0, 3 / problem.spectrum.L)
    assert np.isfinite(path.excess).all()
    assert path.excess[-1] > 1
    assert path.diverged
