"""Every problem is what its name says."""

import subprocess
import sys

import numpy as np
import pytest

from study.config import Data
from study.problems.catalogue import PROBLEMS, load

SHAPES = {
    "note": (100, 1, 1),
    "diabetes": (442, 10, 1),
    "linnerud": (20, 3, 3),
    "wine": (178, 12, 1),
    "iris": (150, 3, 1),
    "breast_cancer": (569, 29, 1),
    "synthetic": (200, 10, 1),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_has_its_shape_and_says_what_it_predicts(name):
    problem = load(Data(problem=name), seed=0)
    n, d, k = SHAPES[name]
    assert problem.name == name
    assert problem.X.shape == (n, d)
    assert problem.y.shape == (n, k)
    assert " from " in problem.description
    assert not set(problem.X.columns) & set(problem.y.columns)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_is_the_same_each_time_for_the_same_seed(name):
    one, other = (load(Data(problem=name), seed=4) for _ in range(2))
    assert one.X.equals(other.X)
    assert one.y.equals(other.y)
    assert np.isfinite(one.X.to_numpy()).all()


def test_the_names_are_known_without_scikit_learns_data_sets():
    code = "import sys, study.problems.catalogue; print('sklearn.datasets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
