"""Summaries of units: means over seeds first, then over problems."""

import numpy as np
import pytest

from study.guidance.claim import Unit
from study.guidance.lab.summaries import arm, by_group, by_problem, kappa, relative_gap, tables_and_ladder

UNITS = [
    Unit("wine: alcohol", 0, 0.0, 45.0, "low", {"epochs": 1.0}),
    Unit("wine: alcohol", 1, 0.0, 45.0, "low", {"epochs": 3.0}),
    Unit("κ = 10, n 4", 0, 0.0, 10.0, "low", {"epochs": 5.0}),
    Unit("κ = 900, n 4", 0, 0.0, 900.0, "high", {"epochs": 7.0}),
]


def test_a_problem_has_the_mean_of_its_seeds():
    found = by_problem(UNITS, arm("epochs"))
    assert found == {"wine: alcohol": 2.0, "κ = 10, n 4": 5.0, "κ = 900, n 4": 7.0}


def test_a_group_has_the_mean_of_its_problems_whatever_their_seeds():
    assert by_group(UNITS, arm("epochs")) == {"low": 3.5, "high": 7.0}


def test_tables_and_ladder_are_two_series_of_geometric_means_over_kappa():
    tables, ladder = tables_and_ladder(UNITS, lambda unit: np.log(unit.arms["epochs"]))
    assert (tables.label, ladder.label) == ("bundled data", "synthetic ladder")
    assert (tables.x.tolist(), ladder.x.tolist()) == ([45.0], [10.0, 900.0])
    assert tables.y == pytest.approx([np.sqrt(3)])
    assert ladder.y == pytest.approx([5, 7])


def test_kappa_is_the_arm_of_that_name_where_the_separator_is_another_quantity():
    assert kappa(UNITS[0]) == 45.0
    assert kappa(Unit("p", 0, 0.0, 1.0, "g", {"kappa": 7.0})) == 7.0


def test_the_relative_gap_is_the_median():
    assert relative_gap([1.1, 2.0, 4.0], [1.0, 2.0, 2.0]) == pytest.approx(0.1)
