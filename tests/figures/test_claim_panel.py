"""What a panel of a claim's picture draws."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from study.figures.claim_panel import MANY_POINTS, draw_panel, n_legend_rows
from study.figures.panel import Panel, Series
from tests.figures.claims import make_panel
from tests.figures.seen import tick_labels


def drawn(panel):
    axes = Figure(layout="constrained").add_subplot()
    draw_panel(axes, panel)
    return axes


def lines(axes):
    return {line.get_label(): line for line in axes.get_lines()}


def test_theory_is_a_line_and_measurements_are_points():
    found = lines(drawn(make_panel()))
    assert found["theory"].get_linestyle() == "-"
    assert found["theory"].get_marker() == "None"
    assert found["ηL = 1"].get_linestyle() == "None"
    assert found["ηL = 1"].get_marker() == "o"
    assert found["no difference"].get_linestyle() == "--"
    np.testing.assert_allclose(found["ηL = 2"].get_ydata(), 1.1 * np.sqrt(np.geomspace(1, 100, 12)))


def test_theory_and_measurements_of_a_group_share_a_colour():
    found = lines(drawn(make_panel()))
    assert found["theory, ηL = 1"].get_color() == found["ηL = 1"].get_markerfacecolor()
    assert found["ηL = 1"].get_markerfacecolor() != found["ηL = 2"].get_markerfacecolor()
    assert found["ηL = 1"].get_marker() != found["ηL = 2"].get_marker()


def test_lines_of_theory_without_a_group_differ_in_their_dashes():
    x = np.arange(1.0, 4.0)
    panel = Panel("", "x", "y", [Series(f"theory {k}", x, k * x, "theory") for k in range(1, 4)])
    found = lines(drawn(panel)).values()
    assert len({line.get_linestyle() for line in found}) == 3
    assert len({line.get_color() for line in found}) == 1


def test_a_line_has_a_gap_where_it_cannot_be_shown_and_a_point_is_left_out():
    x, y = np.arange(1.0, 6.0), np.array([1.0, 2.0, np.inf, 0.0, 5.0])
    series = [Series("line", x, y, "theory"), Series("points", x, y, "measured")]
    found = lines(drawn(Panel("", "x", "y", series, y_log=True)))
    np.testing.assert_array_equal(found["line"].get_ydata(), [1.0, 2.0, np.nan, np.nan, 5.0])
    np.testing.assert_array_equal(found["points"].get_xydata(), [[1.0, 1.0], [2.0, 2.0], [5.0, 5.0]])


def test_names_on_the_x_axis_keep_their_order():
    first = Series("one", np.array(["wine", "iris"]), np.array([1.0, 2.0]), "measured")
    second = Series("two", np.array(["iris", "digits"]), np.array([3.0, 4.0]), "measured")
    axes = drawn(Panel("", "", "y", [first, second]))
    assert tick_labels(axes.xaxis) == ["wine", "iris", "digits"]
    np.testing.assert_array_equal(lines(axes)["two"].get_xydata(), [[1, 3], [2, 4]])


def test_many_points_get_small_marks():
    few, many = (lines(drawn(make_panel(n)))["ηL = 1"] for n in (MANY_POINTS, MANY_POINTS + 1))
    assert many.get_markersize() < few.get_markersize()
    assert many.get_markeredgecolor() == "none"


def test_the_axes_have_the_scales_that_the_panel_asks_for():
    axes = drawn(make_panel(x_log=True, y_log=False))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")


@pytest.mark.parametrize("series", [[], [Series("empty", np.array([]), np.array([]), "measured")]])
def test_a_panel_without_data_says_so(series):
    axes = drawn(Panel("a title", "x", "y", series))
    assert "Nothing to draw." in [text.get_text() for text in axes.texts]


def test_each_label_stands_once_in_the_legend():
    series = [Series("same", np.arange(3.0), np.arange(3.0) + k, "measured", f"{k}") for k in range(2)]
    axes = drawn(Panel("", "x", "y", series))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["same"]


def test_long_labels_take_more_rows_of_the_legend():
    short, long = ([Series(f"{k}" * n, *[np.arange(3.0)] * 2, "measured") for k in range(4)] for n in (3, 60))
    assert n_legend_rows(Panel("", "", "", [])) == 0
    assert n_legend_rows(Panel("", "", "", short)) == 1
    assert n_legend_rows(Panel("", "", "", long)) == 4
