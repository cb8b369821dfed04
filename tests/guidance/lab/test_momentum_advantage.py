"""The advantage of β = 0.9 over β = 0: the closed form agrees with a simulation."""

import numpy as np
import pytest

from study.guidance.lab.arms import TARGET
from study.guidance.lab.momentum_advantage import advantage, exact_full_batch
from study.guidance.lab.quadratics import ladder
from study.guidance.lab.side_by_side import ETA_L, stack, updates_to_target


def test_exact_epochs_of_a_full_batch_are_those_of_a_simulation():
    quadratic = ladder(30, 100, 5, 0.3, 1.0, True, 7)
    found = exact_full_batch([quadratic], updates=4000)
    simulated, _ = stack([quadratic]).descend(
        "momentum", np.tile(ETA_L, 2) / quadratic.spectrum.L, np.repeat([0.0, 0.9], len(ETA_L)), 4000
    )
    expected = updates_to_target(simulated, TARGET).reshape(2, -1).min(axis=1)
    np.testing.assert_array_equal(found.epochs[TARGET][0], expected)
    assert len(found.curves) == 2


def test_the_advantage_is_the_log_ratio_of_the_epochs_in_one_condition():
    arms = {
        "gradient descent, 64": 30.0, "momentum 0.9, 64": 10.0,
        "gradient descent, 2048": 20.0, "momentum 0.9, 2048": 40.0,
    }  # fmt: skip
    assert advantage(arms, 64) == pytest.approx(np.log(3))
    assert advantage(arms, 2048) == pytest.approx(-np.log(2))
