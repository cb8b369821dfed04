"""A point of the sequence is the one that SciPy's engine gives, whatever was asked for before."""

import numpy as np
import optuna
import pytest
from scipy.stats import qmc

from study.tuning.sobol import SobolPoint


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_the_point_of_an_index_is_scipys(recwarn):
    space = {name: optuna.distributions.FloatDistribution(0, 1) for name in "ab"}
    points = qmc.Sobol(2, scramble=True, seed=3).random(8)
    study = optuna.create_study()
    for index in (5, 0, 5):
        sampled = SobolPoint(index, seed=3).sample_relative(study, study.ask(), space)
        np.testing.assert_array_equal([sampled["a"], sampled["b"]], points[index])
