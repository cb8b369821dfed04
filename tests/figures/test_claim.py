"""A claim's picture as a whole; that it looks right was seen by eye."""

import pytest

from study.figures.claim import claim
from tests.figures.claims import graded, make_panel
from tests.figures.seen import assert_all_inside, words


@pytest.mark.parametrize("n_panels", [0, 1, 2, 3])
def test_panels_stand_above_the_effects(n_panels):
    figure = claim(graded(), [make_panel(title=f"panel {k}") for k in range(n_panels)])
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[:-1] == [f"panel {k}" for k in range(n_panels)]
    assert titles[-1] == "Each problem's effect, means and intervals: depends"
    tops = [axes.get_position().y1 for axes in figure.axes]
    assert tops == sorted(tops, reverse=True)
    assert_all_inside(figure)


def test_at_most_three_panels_are_drawn():
    figure = claim(graded(), [make_panel(title=f"panel {k}") for k in range(5)])
    assert len(figure.axes) == 4
    assert "panel 3" not in words(figure)


def test_the_figure_grows_with_panels_and_groups():
    def height(groups, panels):
        return claim(graded(groups=groups), panels).get_size_inches()[1]

    groups = graded().groups
    assert height((), []) < height(groups[:1], []) < height(groups, []) < height(groups, [make_panel()])
