"""Decaying or adaptive learning rates help: the schedules are the estimator's."""

from contextlib import nullcontext

import numpy as np
import pytest

from study.descent import schedules
from study.estimator.regressor import MomentumRegressor
from study.guidance.claims import schedules_help
from study.guidance.lab.quadratics import ladder
from study.guidance.lab.side_by_side import stack
from tests.guidance.claims.noisy_checks import ONE_SEED, assert_can_be_recorded, assert_enough_problems
from tests.guidance.lab.in_order import InOrder


@pytest.fixture(scope="module")
def measured():
    return schedules_help.measure(ONE_SEED)


def test_there_are_enough_problems_in_both_groups(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


@pytest.mark.parametrize("schedule", ["cosine", "adaptive"])
def test_a_schedule_of_the_simulation_is_that_of_the_estimator(schedule, monkeypatch):
    monkeypatch.setattr(schedules_help, "ETA_L", np.array([2.0]))
    quadratic = ladder(30, 100, 5, 0.3, 1.0, True, 7)
    stacked = stack([quadratic])
    epochs, eta = schedules_help.EPOCHS, float(2.0 / stacked.L[0, 0])
    excess, _ = stacked.descend(
        "momentum", np.full((1, 3), eta), 0.9, 4 * epochs, batch_size=32, draws=[InOrder()], every=4,
        factor=schedules_help.schedule_factors(1, 4, noisy=True),
    )  # fmt: skip
    fitted = MomentumRegressor(
        eta, 0.9, batch_size=32, shuffle=False, schedule=schedule, max_iter=epochs,
        tol=1e-4 if schedule == "adaptive" else None,
    )  # fmt: skip
    with pytest.warns(match="converge") if schedule == "adaptive" else nullcontext():
        fitted.fit(
            quadratic.X, quadratic.y, coef_init=quadratic.start[:-1], intercept_init=quadratic.start[-1]
        )
    setting = schedules_help.SCHEDULES.index(schedule)
    losses = quadratic.loss.least_squares + excess[1:, 0, setting] * quadratic.spectrum.excess.sum()
    np.testing.assert_allclose(losses, fitted.loss_curve_, rtol=1e-9)
    if schedule == "cosine":
        assert fitted.eta_curve_[-1] == pytest.approx(eta * schedules.cosine(epochs)(epochs - 1))
    else:
        assert fitted.eta_curve_[-1] < eta
