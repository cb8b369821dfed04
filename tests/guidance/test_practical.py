"""What the rules say of a first trial."""

import numpy as np
import pytest

from study.guidance import practical
from study.tuning import optimum


@pytest.mark.parametrize("problem", ["wine", "diabetes"])
def test_a_first_trial_is_held_against_the_exact_optimum(problem):
    found = practical.first_trial(problem)
    config, splits, target = practical._goal(problem)
    pair = np.array([found["beta"]]), np.array([practical.BELOW * found["eta"]])
    value = optimum.objective(config, splits, *pair)[0, 0]
    assert found["below"] == pytest.approx(value / (target / practical.MARGIN))
    assert found["note"] >= 1 - 1e-9
    assert found["kappa"] > 1
    # What fits in the epochs is never a larger κ, hence never a slower β.
    if found["kappa"] <= 38:
        assert found["in_time"] == found["below"]
