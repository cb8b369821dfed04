"""The colours of the plane."""

import numpy as np
import pytest

from study.figures.colour_scale import colour_scale


def test_the_best_has_the_first_colour_and_what_is_far_above_the_last():
    objectives = np.array([100.0, 101.0, 110.0, 200.0, 1100.0])
    norm = colour_scale(objectives, np.append(objectives, 50.0))
    assert norm(50.0) == 0
    assert norm(1100.0) == norm(1e9) == 1
    places = norm(np.array([50.0, 50.5, 55.0, 100.0, 550.0]))
    assert (np.diff(places) > 0.05).all()


def test_the_scale_is_logarithmic_in_the_excess_over_the_best():
    norm = colour_scale(np.array([1.0, 2.0, 11.0, 101.0]), np.array([1.0]))
    first, second, third = np.diff(norm(np.array([1.1, 2.0, 11.0, 101.0])))
    assert first == pytest.approx(second, rel=0.01)
    assert second == pytest.approx(third, rel=0.01)


def test_a_place_leads_back_to_its_objective():
    norm = colour_scale(np.array([3.0, 4.0, 30.0]), np.array([3.0]))
    for objective in (3.0, 3.01, 4.0, 29.0):
        assert norm.inverse(norm(objective)) == pytest.approx(objective)


@pytest.mark.parametrize("seen", [[], [0.0, 1.0], [-1.0, 2.0]])
def test_objectives_that_are_not_all_positive_have_a_linear_scale(seen):
    norm = colour_scale(np.array(seen), np.array(seen))
    assert norm(0.0) == 0
    assert norm(norm.vmax / 2) == pytest.approx(0.5)
