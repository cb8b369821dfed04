"""The drawn problems have the properties that were asked for."""

import numpy as np
import pytest

from study.config import Synthetic
from study.problems.synthetic import conditioned, note


def test_the_note_is_its_own_data():
    problem = note()
    coefficients = np.polyfit(problem.X["x"], problem.y["y"], 1)
    assert coefficients == pytest.approx([2.7701133864384846, 4.215096157546749], rel=1e-12)


def test_a_problem_has_the_condition_noise_and_sparsity_asked_for():
    spec = Synthetic(n=300, d=20, condition=1e4, noise=0.0, sparsity=0.5)
    problem = conditioned(spec, seed=3)
    X = problem.X.to_numpy()
    assert np.linalg.cond(np.cov(X.T)) == pytest.approx(1e4, rel=1e-6)
    weights, residual, *_ = np.linalg.lstsq(X, problem.y.to_numpy(), rcond=None)
    assert residual == pytest.approx(0, abs=1e-20)
    assert np.sum(abs(weights) < 1e-9) == 10


def test_another_seed_is_another_problem():
    one, same, other = (conditioned(Synthetic(), seed).X for seed in (0, 0, 1))
    assert one.equals(same)
    assert not one.equals(other)
