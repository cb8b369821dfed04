"""What the plot of a trial's weights says and where it puts it; that it looks right was seen by eye."""

import numpy as np
import pytest

from study.figures.trial_plots import trial_pngs
from study.figures.weights import weights
from tests.figures.records import RNG, diverged, make_record
from tests.figures.seen import assert_all_inside, tick_labels, words


def test_weights_show_the_mean_and_every_fold():
    record = make_record(features=3, folds=4)
    figure = weights(record, "Weight (kg per standard deviation)")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == record.feature_names
    dots = next(line for line in axes.get_lines() if line.get_marker() == "o")
    assert sorted(dots.get_xdata()) == sorted(record.coef.ravel())
    bars = next(line for line in axes.get_lines() if len(line.get_xdata()) == 9).get_xdata()
    np.testing.assert_allclose(bars[1::3], record.coef[:, 0].mean(axis=0))
    assert "Weight (kg per standard deviation)" in words(figure)
    assert_all_inside(figure)


@pytest.mark.parametrize(
    ("features", "targets"), [(1, 1), (2, 1), (60, 1), (30, 3), (10, 4), (12, 8), (1, 5)]
)
def test_weights_of_any_shape_fit(features, targets):
    record = make_record(features=features, targets=targets)
    figure = weights(record)
    assert {"feature 0", "target 0"} - ({"target 0"} if targets == 1 else set()) <= set(words(figure))
    assert_all_inside(figure)
    assert figure.get_size_inches()[0] == 7


def test_of_many_weights_the_largest_are_shown_in_their_order():
    coef = np.zeros((2, 1, 100))
    coef[:, :, 30:90] = np.arange(1, 61)
    figure = weights(make_record(features=100, coef=coef))
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown == [f"feature {k}" for k in range(30, 90)]
    assert any("60 largest" in text for text in words(figure))


@pytest.mark.parametrize("scale", [1e110, 1e-9, 1e300, 0.0])
def test_weights_of_any_size_are_labelled_shortly(scale):
    figure = weights(make_record(targets=3, coef=RNG.normal(size=(5, 3, 10)) * scale))
    assert_all_inside(figure)
    assert all(len(label.get_text()) < 9 for label in figure.axes[0].get_xticklabels())


def test_the_power_of_ten_that_tick_labels_leave_out_is_written_at_the_axis():
    coef = np.full((5, 1, 10), 3e-9)
    figure = weights(make_record(coef=coef))
    assert_all_inside(figure)
    assert "×10⁻⁹" in words(figure)
    assert {"0", "1", "2", "3"} <= {label.split(".")[0] for label in tick_labels(figure.axes[0].xaxis)}


def test_weights_that_are_not_finite_are_said_to_be():
    coef = np.array([[[1.0, np.nan, np.inf]], [[2.0, 1.0, 3.0]]])
    figure = weights(diverged(features=3, coef=coef))
    assert any("some not finite" in text for text in words(figure))


def test_a_trial_without_weights_says_so():
    record = make_record(state="failed", coef=np.empty((0, 0, 0)), feature_names=[])
    assert "This trial left no weights." in words(weights(record))


@pytest.mark.parametrize("name", ["price_$US$_{x}", "特征", "a" * 60, "", "x_1^2", "\\alpha", "60%"])
def test_any_column_name_is_drawn_as_it_stands(name):
    record = make_record(features=2, feature_names=[name, "b"])
    trial_pngs(record, f"MSE ({name}²)", name)
    assert_all_inside(weights(record))


@pytest.mark.parametrize("name", ["price_$US$", "$x"])
def test_any_target_name_is_drawn_as_it_stands(name):
    record = make_record(features=2, targets=2, target_names=[name, "b"])
    assert_all_inside(weights(record))
    assert name.replace("$", r"\$") in words(weights(record))
