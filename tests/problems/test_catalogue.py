"""Problems are what they say, and folds know nothing of what they hold out."""

from typing import get_args

import numpy as np
import pytest

from study.config import Data, Problem, Synthetic
from study.problems import catalogue as data

# Condition numbers of the standardised features, as scikit-learn's own data give them.
SHAPES = {
    "note": (100, 1, 1),
    "diabetes": (442, 10, 1),
    "linnerud": (20, 3, 3),
    "wine": (178, 12, 1),
    "iris": (150, 3, 1),
    "breast_cancer": (569, 29, 1),
    "synthetic": (200, 10, 1),
}
CONDITIONS = {"linnerud": 9, "iris": 28, "wine": 45, "diabetes": 470, "breast_cancer": 18_258}


@pytest.mark.parametrize("name", get_args(Problem))
def test_problems_have_their_shapes_and_say_what_they_predict(name):
    problem = data.load(Data(problem=name), seed=0)
    n, d, k = SHAPES[name]
    assert problem.X.shape == (n, d)
    assert problem.y.shape == (n, k)
    assert " from " in problem.description
    assert not set(problem.X.columns) & set(problem.y.columns)


@pytest.mark.parametrize("name", CONDITIONS)
def test_conditions_are_the_known_ones(name):
    X = data.load(Data(problem=name), seed=0).X
    correlations = np.corrcoef(X.to_numpy().T)
    assert np.linalg.cond(correlations) == pytest.approx(CONDITIONS[name], rel=0.02)


def test_note_is_the_notes_own_data():
    problem = data.load(Data(problem="note"), seed=5)
    coefficients = np.polyfit(problem.X["x"], problem.y["y"], 1)
    assert coefficients == pytest.approx([2.7701133864384846, 4.215096157546749], rel=1e-12)


def test_synthetic_is_as_asked():
    spec = Synthetic(n=300, d=20, condition=1e4, noise=0.0, sparsity=0.5)
    problem = data.load(Data(problem="synthetic", synthetic=spec), seed=3)
    X = problem.X.to_numpy()
    assert np.linalg.cond(np.cov(X.T)) == pytest.approx(1e4, rel=1e-6)
    weights, residual, *_ = np.linalg.lstsq(X, problem.y.to_numpy(), rcond=None)
    assert residual == pytest.approx(0, abs=1e-20)
    assert np.sum(abs(weights) < 1e-9) == 10


def test_another_seed_is_another_synthetic_problem():
    one, same, other = (data.load(Data(problem="synthetic"), seed).X for seed in (0, 0, 1))
    assert one.equals(same)
    assert not one.equals(other)


def test_folds_are_scaled_by_their_own_training_rows():
    config = Data(problem="diabetes")
    problem = data.load(config, 0)
    X, X_test, y, _ = data.split(problem, config, 0)
    assert len(X_test) == 89
    folds = data.folds(X, y, config, 0)
    assert sum(len(fold.y_held) for fold in folds) == len(X)
    for fold in folds:
        np.testing.assert_allclose(fold.X.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(fold.X.std(axis=0), 1)
        assert np.abs(fold.X_held.mean(axis=0)).max() > 1e-3
