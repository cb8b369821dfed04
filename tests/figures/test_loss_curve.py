"""What a trial's loss curve says and where it puts it; that it looks right was seen by eye."""

import numpy as np
import pytest

from study.figures.loss_curve import loss_curve
from tests.figures.records import diverged, make_record
from tests.figures.seen import assert_all_inside, tick_labels, ticks, words


def test_the_loss_curve_says_what_it_shows():
    figure = loss_curve(make_record(), "MSE (progression²)")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epochs", "MSE (progression²)")
    assert "Trial 7: β 0.912, η 0.31" in words(figure)
    assert {"training", "validation", "least squares on the training data: 2846"} <= set(words(figure))
    assert_all_inside(figure)


def test_the_loss_curve_holds_both_losses_by_epoch_and_the_floor():
    record = make_record(epochs=50)
    lines = loss_curve(record).axes[0].get_lines()
    drawn = [line.get_xydata() for line in lines if len(line.get_xdata()) == 50]
    assert len(drawn) == 2
    for curve in (record.train_loss, record.val_loss):
        assert any(np.array_equal(np.column_stack([np.arange(1, 51), curve]), xy) for xy in drawn)
    assert any(np.array_equal(line.get_ydata(), [2846.0, 2846.0]) and line.get_visible() for line in lines)


@pytest.mark.parametrize(
    ("train", "floor", "scale"),
    [
        (np.linspace(4, 3, 30), 2.9, "linear"),
        (np.geomspace(30, 0.8, 30), 0.79, "log"),
        (np.geomspace(1e5, 1e-12, 1000), 1e-28, "log"),
        (np.full(5, 7.0), 7.0, "linear"),
        (np.zeros(5), 0.0, "linear"),
        (np.geomspace(1, 1e-9, 10) * (np.arange(10) < 8), 0.0, "log"),
        (np.array([2.0]), float("nan"), "linear"),
        (np.array([1e308, 1e299]), 1.0, None),
    ],
)
def test_the_loss_axis_is_logarithmic_where_the_range_asks(train, floor, scale):
    figure = loss_curve(make_record(train_loss=train, val_loss=train, floor=floor))
    if scale:
        assert figure.axes[0].get_yscale() == scale
    assert_all_inside(figure)


def test_powers_of_ten_are_written_as_such_where_plain_numbers_would_be_long():
    train = np.geomspace(1e5, 1e-12, 1000)
    axes = loss_curve(make_record(train_loss=train, val_loss=train, floor=1e-28)).axes[0]
    labels = tick_labels(axes.yaxis)
    assert len(labels) >= 4
    assert all(label.startswith("10") for label in labels)
    assert "10⁻¹²" in labels or "10⁻¹⁰" in labels or "10⁻⁹" in labels


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 25, 1000, 12345])
def test_the_epochs_are_whole_numbers_from_one(epochs):
    figure = loss_curve(make_record(epochs=epochs))
    axes = figure.axes[0]
    assert all(tick == int(tick) for tick in ticks(axes.xaxis))
    assert axes.get_xlim()[0] < 1 <= epochs < axes.get_xlim()[1]
    assert_all_inside(figure)


def test_a_floor_far_below_does_not_press_the_curve_flat():
    figure = loss_curve(make_record(train_loss=np.geomspace(10, 1e-3, 50), floor=1e-28))
    assert figure.axes[0].get_ylim()[0] > 1e-5
    assert "least squares on the training data: 10⁻²⁸" in words(figure)


def test_a_diverged_curve_is_cut_and_marked_at_its_last_finite_value():
    figure = loss_curve(diverged())
    (mark,) = [line for line in figure.axes[0].get_lines() if line.get_marker() == "x"]
    assert mark.get_xydata().tolist() == [[3, 9e15]]
    assert "Trial 3: β 0.5, η 30, diverged at epoch 4" in words(figure)
    assert_all_inside(figure)


def test_a_trial_without_losses_says_so():
    record = make_record(state="failed", train_loss=np.empty(0), val_loss=np.empty(0))
    assert "This trial left no losses." in words(loss_curve(record))
