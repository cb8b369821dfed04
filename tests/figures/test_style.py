"""Axes and text that all figures share."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from study.figures.style import (
    finite_start,
    needs_log_axis,
    plain_text,
    set_linear_ticks,
    set_scale,
    trial_title,
)
from tests.figures.records import diverged, make_record
from tests.figures.seen import tick_labels, ticks


def make_axis(low, high, **settings):
    axes = Figure().add_subplot()
    set_scale(axes.yaxis, low, high, **settings)
    return axes.yaxis


@pytest.mark.parametrize("low", [1e-99, 1e-12, 0.3, 2900.0, 1e9])
@pytest.mark.parametrize("ratio", [1.001, 1.5, 7.0, 40.0, 1e5, 1e17, 1e90])
def test_the_ticks_of_a_log_axis_are_few_inside_and_distinct(low, ratio):
    axis = make_axis(low, low * ratio, log=True)
    first, last = axis.get_view_interval()
    assert first <= low < low * ratio <= last
    places, labels = ticks(axis), tick_labels(axis)
    assert 2 <= len(places) <= 9
    assert all(first * (1 - 1e-9) <= place <= last * (1 + 1e-9) for place in places)
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3.3, 7.1), (2900, 2900.5), (0, 1e-9), (-1e110, 5e110), (5, 5)]
)
def test_the_ticks_of_a_linear_axis_are_few_inside_and_distinct(low, high):
    axis = make_axis(low, high)
    first, last = axis.get_view_interval()
    assert first < low <= high < last
    places, labels = ticks(axis), tick_labels(axis)
    assert 1 <= len(places) <= 8
    assert len(set(labels)) == len(labels)
    assert all(first - 1e-9 * abs(low) <= place <= last + 1e-9 * abs(high) for place in places)


@pytest.mark.parametrize("high", [1, 2, 5, 9, 100, 12345])
def test_whole_ticks_are_whole(high):
    axes = Figure().add_subplot()
    axes.set_xlim(0, high)
    set_linear_ticks(axes.xaxis, whole=True)
    assert len(ticks(axes.xaxis)) >= 2
    assert all(tick == int(tick) for tick in ticks(axes.xaxis))


@pytest.mark.parametrize(("low", "high"), [(1e-300, 1e-200), (1e-200, 1e300), (1.0, 1e308)])
def test_an_axis_of_extreme_values_still_has_limits(low, high):
    first, last = make_axis(low, high, log=True).get_view_interval()
    assert 0 < first < last < np.inf


def test_only_widely_spread_positive_values_need_a_log_axis():
    assert needs_log_axis(np.array([1.0, 6.0]))
    assert not needs_log_axis(np.array([1.0, 4.0]))
    assert not needs_log_axis(np.array([-1.0, 0.0, np.inf]))
    assert not needs_log_axis(np.array([]))


def test_a_trials_title_says_how_it_ended_unless_it_was_completed():
    assert trial_title(make_record(), None) == "Trial 7: β 0.912, η 0.31"
    assert trial_title(make_record(), "best") == "best: β 0.912, η 0.31"
    assert trial_title(diverged(), None) == "Trial 3: β 0.5, η 30, diverged at epoch 4"
    assert trial_title(make_record(state="pruned"), None) == "Trial 7: β 0.912, η 0.31, pruned"


def test_text_is_not_read_as_mathematics_and_has_no_letters_that_the_font_lacks():
    assert plain_text("price $US$") == r"price \$US\$"
    assert plain_text("特征") == "□□"


def test_a_curve_ends_before_its_first_value_that_cannot_be_drawn():
    np.testing.assert_array_equal(finite_start(np.array([3.0, 2.0, np.nan, 1.0])), [3.0, 2.0])
    np.testing.assert_array_equal(finite_start(np.array([3.0, 1e200])), [3.0])
    assert finite_start(np.array([])).size == 0
