"""The bundled tables are scikit-learn's own, column by column."""

import numpy as np
import pytest
from sklearn import datasets

from study.problems import bundled

# Condition numbers of the standardised features, as scikit-learn's own data give them.
CONDITIONS = {"linnerud": 9, "iris": 28, "wine": 45, "diabetes": 470, "breast_cancer": 18_258}


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_condition_of_the_features_is_the_known_one(name):
    X = getattr(bundled, name)().X
    correlations = np.corrcoef(X.to_numpy().T)
    assert np.linalg.cond(correlations) == pytest.approx(CONDITIONS[name], rel=0.02)


@pytest.mark.parametrize("table", ["linnerud", "iris", "wine", "breast_cancer", "digits"])
def test_columns_are_those_of_scikit_learns_table(table):
    bunch = getattr(datasets, f"load_{table}")()
    features, targets = bundled.columns(table)
    assert list(features) == [str(name) for name in bunch.feature_names]
    np.testing.assert_array_equal(np.column_stack([*features.values()]), bunch.data)
    np.testing.assert_array_equal(np.column_stack([*targets.values()]), np.c_[bunch.target])
    assert list(targets) == (list(bunch.target_names) if table == "linnerud" else ["class"])


def test_diabetes_comes_in_its_original_units():
    features, targets = bundled.columns("diabetes")
    assert features["age"].mean() == pytest.approx(48.5, abs=0.1)  # years
    assert list(targets) == ["progression"]


def test_a_problem_of_one_column_predicts_it_from_all_others():
    features, _ = bundled.columns("iris")
    problem = bundled.iris()
    np.testing.assert_array_equal(problem.y["petal width (cm)"], features.pop("petal width (cm)"))
    assert list(problem.X.columns) == list(features)
    np.testing.assert_array_equal(problem.X.to_numpy(), np.column_stack([*features.values()]))
