"""What the plot of importances says."""

from study.figures.importance import importance
from tests.figures.seen import assert_all_inside, words


def test_importance_is_sorted_and_named():
    figure = importance({"beta": 0.27, "eta": 0.71, "dropout": 0.02})
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["dropout", "β", "η"]
    assert {"71 %", "27 %", "2 %"} <= set(words(figure))
    assert "Share" in axes.get_xlabel()
    assert_all_inside(figure)


def test_importance_of_nothing_says_so():
    assert "Too few complete trials to tell." in words(importance({}))


def test_importances_that_are_all_zero_are_drawn():
    assert_all_inside(importance({"a": 0.0}))
