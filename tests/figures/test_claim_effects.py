"""What the effects below a claim's panels show."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from study.figures.claim_effects import draw_effects
from tests.figures.claims import HIGH, LOW, graded, group, problem
from tests.figures.seen import tick_labels, ticks


def drawn(claim):
    axes = Figure(layout="constrained").add_subplot()
    draw_effects(axes, claim)
    return axes


def marks(axes, marker):
    return [line.get_xydata() for line in axes.get_lines() if line.get_marker() == marker]


def intervals(axes):
    return [line.get_xydata() for line in axes.get_lines() if line.get_linewidth() == 3]


def test_all_problems_stand_above_the_groups():
    axes = drawn(graded())
    assert ticks(axes.yaxis) == [0, 1, 2]
    assert tick_labels(axes.yaxis) == [HIGH, LOW, "all problems"]


def test_every_problem_is_a_dot_in_the_row_of_all_and_in_its_groups():
    everyone, low, high = marks(drawn(graded()), "o")
    np.testing.assert_allclose(everyone[:, 0], np.exp([-0.1, 0.0, 0.3, 0.6]))
    np.testing.assert_allclose(low[:, 0], np.exp([-0.1, 0.0]))
    np.testing.assert_allclose(high[:, 0], np.exp([0.3, 0.6]))
    for row, dots in ((2, everyone), (1, low), (0, high)):
        assert (np.abs(dots[:, 1] - row) < 0.2).all()


def test_means_and_intervals_are_drawn_in_their_rows():
    axes = drawn(graded())
    np.testing.assert_allclose(
        np.vstack(marks(axes, "D")), [[math.exp(e), y] for e, y in ((0.2, 2), (-0.05, 1), (0.45, 0))]
    )
    np.testing.assert_allclose(intervals(axes)[0], [[math.exp(-0.1), 2], [math.exp(0.5), 2]])
    assert len(intervals(axes)) == 3


def test_delta_and_no_effect_are_lines():
    axes = drawn(graded())
    upright = [line.get_xdata()[0] for line in axes.get_lines() if list(line.get_ydata()) == [0, 1]]
    assert sorted(upright) == pytest.approx([1.0, 1.1])
    assert [text.get_text() for text in axes.texts] == ["δ"]


def test_problems_with_cells_in_both_groups_stand_in_the_row_of_all_alone():
    axes = drawn(graded(problems=(problem("a", 0.1, LOW, HIGH), problem("b", 0.2, LOW))))
    assert [len(dots) for dots in marks(axes, "o")] == [2]


def test_a_share_has_no_dots_and_names_its_cells():
    axes = drawn(graded(rule="share", kind="share", effect=0.75, ci_low=0.5, ci_high=0.9, delta=0.1))
    assert marks(axes, "o") == []
    assert tick_labels(axes.yaxis)[-1] == "3 of 4 cells"
    assert axes.get_xlabel() == "Share of cells where it occurs (%)"
    np.testing.assert_allclose(intervals(axes)[0][:, 0], [50, 90])
    assert axes.get_title(loc="left").startswith("Share of cells and its 95 % interval: ")


@pytest.mark.parametrize(
    ("rule", "kind", "label", "scale"),
    [
        ("effect", "speed", "Ratio, in the claim's favour above 1", "log"),
        ("effect", "test loss", "Test loss saved (%)", "linear"),
        ("effect", "share", "Difference in the claim's favour (points)", "linear"),
        ("regret", "speed", "Cost as a multiple of the best", "log"),
    ],
)
def test_the_axis_says_what_kind_of_effect_it_holds(rule, kind, label, scale):
    axes = drawn(graded(rule=rule, kind=kind))
    assert (axes.get_xlabel(), axes.get_xscale()) == (label, scale)


def test_what_is_not_finite_is_left_out():
    claim = graded(
        effect=None,
        ci_low=None,
        ci_high=None,
        groups=(group(LOW, 0.1, None, None), group(HIGH, None, None, None, n=0)),
        problems=(problem("a", None, LOW), problem("b", 0.1, LOW)),
    )
    axes = drawn(claim)
    assert len(marks(axes, "D")) == 1
    assert intervals(axes) == []
    assert [len(dots) for dots in marks(axes, "o")] == [1, 1, 0]
