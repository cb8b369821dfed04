"""The schedules against their formulas, by number."""

import pytest

from study.descent import schedules


@pytest.mark.parametrize(
    ("schedule", "epoch", "expected"),
    [
        ("constant", 7, 1.0),
        ("adaptive", 7, 1.0),
        ("invscaling", 0, 1.0),
        ("invscaling", 15, 0.5),  # 16 to the power of −0.25
        ("exponential", 3, 0.729),  # 0.9³
        ("cosine", 0, 1.0),
        ("cosine", 50, 0.5),
        ("cosine", 100, 0.0),
        ("cosine", 250, 0.0),
    ],
)
def test_the_factor_is_that_of_the_formula(schedule, epoch, expected):
    factor = schedules.make(schedule, power_t=0.25, gamma=0.9, max_iter=100)
    assert factor(epoch) == pytest.approx(expected, abs=1e-15)


def test_a_callable_is_its_own_schedule():
    def halves(epoch):
        return 0.5**epoch

    assert schedules.make(halves, power_t=0.25, gamma=0.9, max_iter=100) is halves
