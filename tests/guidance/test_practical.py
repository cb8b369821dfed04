"""How good a first trial without a search is, and how many trials a search needs."""

import numpy as np
import pytest

from study.guidance import practical
from study.guidance.lab import starts
from study.tuning.optimum import exact_objective, exact_surface


@pytest.mark.parametrize("problem", ["wine", "diabetes"])
def test_a_first_trial_is_compared_with_the_exact_optimum(problem):
    found = practical.first_trial(problem)
    data = practical.study_data(problem)
    pair = np.array([found["beta"]]), np.array([starts.ETA_SHARE * found["eta"]])
    value = exact_objective(data, *pair)[0, 0]
    assert found["below"] == pytest.approx(value / exact_surface(data).best.objective)
    assert found["note"] >= 1 - 1e-9
    assert found["kappa"] > 1
    # What fits in the epochs is never a larger κ, hence never a larger β.
    if found["kappa"] <= 38:
        assert found["in_time"] == found["below"]
