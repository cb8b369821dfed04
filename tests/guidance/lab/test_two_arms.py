"""How two arms compare: their log ratio, and points by group."""

import numpy as np
import pytest

from study.guidance.claim import Unit
from study.guidance.lab.two_arms import (
    line_of_equality,
    log_arm_ratio,
    mean_log_arm_ratio,
    points_by_group,
)

UNITS = [
    Unit("a", 0, 0.0, group="many", arms={"slow": 8.0, "fast": 2.0}),
    Unit("b", 0, 0.0, group=None, arms={"slow": 9.0, "fast": 9.0}),
    Unit("c", 0, 0.0, group="many", arms={"slow": 3.0, "fast": 6.0}),
]


def test_a_log_ratio_is_positive_where_the_first_arm_is_larger():
    assert log_arm_ratio(UNITS[0].arms, "slow", "fast") == pytest.approx(np.log(4))
    assert mean_log_arm_ratio(UNITS, "slow", "fast") == pytest.approx((np.log(4) + 0 - np.log(2)) / 3)


def test_every_group_is_a_series_and_units_without_one_have_the_label_given():
    many, others = points_by_group(
        UNITS, lambda unit: unit.arms["slow"], lambda unit: unit.arms["fast"], ungrouped="others"
    )
    assert (many.label, many.group, many.x.tolist(), many.y.tolist()) == ("many", "many", [8, 3], [2, 6])
    assert (others.label, others.group, others.x.tolist()) == ("others", None, [9])


def test_the_line_of_equality_has_the_same_values_on_both_axes():
    line = line_of_equality(1.0, 5.0)
    assert line.x.tolist() == line.y.tolist() == [1.0, 5.0]
