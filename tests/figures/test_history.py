"""What a study's history says and where it puts it; that it looks right was seen by eye."""

import pytest

from study.figures.history import history
from tests.figures.records import STUDIES
from tests.figures.seen import assert_all_inside, ticks, words


@pytest.mark.parametrize("name", STUDIES)
def test_the_history_of_any_study_fits_its_figure(name):
    figure = history(STUDIES[name], "Validation MSE")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Trial", "Validation MSE")
    assert_all_inside(figure)


@pytest.mark.parametrize("name", STUDIES)
def test_trial_numbers_are_whole(name):
    (axes,) = history(STUDIES[name]).axes
    assert all(tick == int(tick) for tick in ticks(axes.xaxis))


def test_the_history_marks_every_state_the_note_and_the_best():
    texts = set(words(history(STUDIES["outlier"])))
    assert {"best so far", "complete", "best", "the note's advice", "complete, far above"} <= texts
    assert {"diverged (no objective)", "pruned (no objective)", "failed (no objective)"} <= texts
    assert "No trial was completed." in words(history(STUDIES["all diverged"]))


def test_the_trial_marked_as_the_note_is_the_one_with_its_advice():
    figure = history(STUDIES["usual"][::-1])
    (line,) = [line for line in figure.axes[0].get_lines() if line.get_label() == "the note's advice"]
    assert line.get_xydata().tolist() == [[0, 2993.0]]
    assert "the note's advice" not in words(history(STUDIES["usual"][1:]))


def test_an_outlier_does_not_flatten_the_history():
    low, high = history(STUDIES["outlier"]).axes[0].get_ylim()
    assert low < 2993
    assert high < 1e6
