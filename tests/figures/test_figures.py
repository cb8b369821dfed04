"""What every plot says and where it puts it; that they look right was seen by eye."""

import io
import threading
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from study import figures
from study.figures import ticks as scales
from study.figures import trial as trial_figures
from study.notation import number
from study.trial import TrialRecord

RNG = np.random.default_rng(0)


def make_record(
    number=7, state="complete", params=None, epochs=100, features=10, targets=1, folds=5, **changes
):
    train = 2900 + 26000 * np.exp(-np.arange(1, epochs + 1) / 12)
    record = TrialRecord(
        number=number,
        state=state,
        params={"beta": 0.912, "eta": 0.31} if params is None else params,
        train_loss=train,
        val_loss=train * 1.05,
        floor=2846.0,
        objective=float(train[-1]) if state == "complete" else None,
        feature_names=[f"feature {k}" for k in range(features)],
        target_names=[f"target {k}" for k in range(targets)],
        coef=RNG.normal(size=(folds, targets, features)),
        intercept=np.ones((folds, targets)),
    )
    return replace(record, **changes)


def diverged(number=3, **changes):
    losses = {"train_loss": np.array([3e4, 5e7, 9e15, np.inf]), "val_loss": np.array([3e4, 6e7, np.nan])}
    return make_record(number, "diverged", **({"params": {"beta": 0.5, "eta": 30.0}} | losses | changes))


def words(figure):
    """All text that a figure shows."""
    found = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    return [artist.get_text() for artist in found if artist.get_text()]


def assert_all_inside(figure):
    """No text reaches over the edge, and none of an axis's labels lies on its neighbour."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    renderer = canvas.get_renderer()
    for artist in figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible()):
        if artist.get_text():
            box = artist.get_window_extent(renderer)
            assert box.x0 >= -1, artist
            assert box.y0 >= -1, artist
            assert box.x1 <= width + 1, artist
            assert box.y1 <= height + 1, artist
    for axes in figure.axes:
        for axis, along in ((axes.xaxis, "x"), (axes.yaxis, "y")):
            boxes = [label.get_window_extent(renderer) for label in axis.get_ticklabels() if label.get_text()]
            ends = sorted(getattr(axes.bbox, f"{along}{end}") for end in (0, 1))
            middles = [(getattr(box, f"{along}0") + getattr(box, f"{along}1")) / 2 for box in boxes]
            shown = [box for box, at in zip(boxes, middles, strict=True) if ends[0] - 1 <= at <= ends[1] + 1]
            for k, one in enumerate(shown):
                assert not any(one.overlaps(other) for other in shown[k + 1 :]), (axes, along)


def size(content):
    return Image.open(io.BytesIO(content)).size


# ---- a trial's plots -------------------------------------------------------------------------------


def test_the_loss_curve_says_what_it_shows():
    figure = figures.loss_curve(make_record(), "MSE (progression²)")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Epochs", "MSE (progression²)")
    assert "Trial 7: β 0.912, η 0.31" in words(figure)
    assert {"training", "validation", "least squares on the training data: 2846"} <= set(words(figure))
    assert_all_inside(figure)


def test_the_loss_curve_holds_both_losses_by_epoch_and_the_floor():
    record = make_record(epochs=50)
    lines = figures.loss_curve(record).axes[0].get_lines()
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
    figure = figures.loss_curve(make_record(train_loss=train, val_loss=train, floor=floor))
    if scale:
        assert figure.axes[0].get_yscale() == scale
    assert_all_inside(figure)


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 25, 1000, 12345])
def test_the_epochs_are_whole_numbers_from_one(epochs):
    figure = figures.loss_curve(make_record(epochs=epochs))
    axes = figure.axes[0]
    assert all(tick == int(tick) for tick in axes.get_xticks())
    assert axes.get_xlim()[0] < 1 <= epochs < axes.get_xlim()[1]
    assert_all_inside(figure)


def test_a_floor_far_below_does_not_press_the_curve_flat():
    figure = figures.loss_curve(make_record(train_loss=np.geomspace(10, 1e-3, 50), floor=1e-28))
    assert figure.axes[0].get_ylim()[0] > 1e-5
    assert "least squares on the training data: 10⁻²⁸" in words(figure)


def test_a_diverged_curve_is_cut_and_marked_at_its_last_finite_value():
    figure = figures.loss_curve(diverged())
    (mark,) = [line for line in figure.axes[0].get_lines() if line.get_marker() == "x"]
    assert mark.get_xydata().tolist() == [[3, 9e15]]
    assert "Trial 3: β 0.5, η 30, diverged at epoch 4" in words(figure)
    assert_all_inside(figure)


def test_a_trial_that_left_nothing_still_has_its_plots():
    record = make_record(
        state="failed",
        train_loss=np.empty(0),
        val_loss=np.empty(0),
        coef=np.empty((0, 0, 0)),
        feature_names=[],
    )
    assert "This trial left no losses." in words(figures.loss_curve(record))
    assert "This trial left no weights." in words(figures.weights(record))
    assert set(figures.trial_pngs(record)) == {"plots/loss_curve.png", "plots/weights.png"}


def test_weights_show_the_mean_and_every_fold():
    record = make_record(features=3, folds=4)
    figure = figures.weights(record, "Weight (kg per standard deviation)")
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
    figure = figures.weights(record)
    assert {"feature 0", "target 0"} - ({"target 0"} if targets == 1 else set()) <= set(words(figure))
    assert_all_inside(figure)
    assert figure.get_size_inches()[0] == 7


def test_of_many_weights_the_largest_are_shown_in_their_order():
    coef = np.zeros((2, 1, 100))
    coef[:, :, 30:90] = np.arange(1, 61)
    figure = figures.weights(make_record(features=100, coef=coef))
    shown = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert shown == [f"feature {k}" for k in range(30, 90)]
    assert any("60 largest" in text for text in words(figure))


@pytest.mark.parametrize("scale", [1e110, 1e-9, 1e300, 0.0])
def test_weights_of_any_size_are_labelled_shortly(scale):
    figure = figures.weights(make_record(targets=3, coef=RNG.normal(size=(5, 3, 10)) * scale))
    assert_all_inside(figure)
    assert all(len(label.get_text()) < 9 for label in figure.axes[0].get_xticklabels())


def test_weights_that_are_not_finite_are_said_to_be():
    coef = np.array([[[1.0, np.nan, np.inf]], [[2.0, 1.0, 3.0]]])
    figure = figures.weights(diverged(features=3, coef=coef))
    assert any("some not finite" in text for text in words(figure))


@pytest.mark.parametrize("name", ["price_$US$_{x}", "特征", "a" * 60, "", "x_1^2", "\\alpha", "60%"])
def test_any_column_name_is_drawn_as_it_stands(name):
    record = make_record(features=2, feature_names=[name, "b"])
    figures.trial_pngs(record, f"MSE ({name}²)", name)
    assert_all_inside(figures.weights(record))


# ---- kept figures ----------------------------------------------------------------------------------


def test_a_kept_figure_draws_what_a_fresh_one_draws():
    first, second = make_record(1), make_record(2, epochs=40, params={"beta": 0.5, "eta": 2.0})
    for record in (first, diverged(), second, first):
        trial_figures._kept.clear()
        fresh = figures.trial_pngs(record)
        for other in (second, diverged(), make_record(features=4)):
            figures.trial_pngs(other)
        assert figures.trial_pngs(record) == fresh


def test_threads_do_not_spoil_each_others_figures():
    records = [make_record(number) for number in range(8)]
    expected = [figures.trial_pngs(record) for record in records]
    got = {}

    def draw(record):
        got[record.number] = [figures.trial_pngs(record) for _ in range(3)]

    threads = [threading.Thread(target=draw, args=(record,)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(pngs == expected[number] for number, three in got.items() for pngs in three)


def test_pngs_are_pngs_of_the_width_that_the_ui_shows():
    pngs = figures.trial_pngs(make_record())
    assert size(pngs["plots/loss_curve.png"]) == (700, 420)
    assert size(pngs["plots/weights.png"])[0] == 700
    image = np.asarray(Image.open(io.BytesIO(pngs["plots/loss_curve.png"])))
    assert image.shape == (420, 700, 3)
    assert image[0, 0].tolist() == [255, 255, 255]
    # Text, both curves and the floor.
    assert 0.01 < (image.min(axis=2) < 200).mean() < 0.1
    assert len(pngs["plots/loss_curve.png"]) < 60_000


# ---- a study's plots -------------------------------------------------------------------------------


def make_study(n=20):
    rng = np.random.default_rng(1)
    records = [make_record(0, params={"beta": 0.9, "eta": 0.1}, objective=2993.0)]
    for k in range(1, n):
        params = {"beta": 1 - 10 ** rng.uniform(-3, 0), "eta": 10 ** rng.uniform(-3, 1)}
        state = {3: "diverged", 7: "pruned", 11: "failed"}.get(k, "complete")
        objective = 2900 + 10 ** rng.uniform(0, 4) if state == "complete" else None
        records.append(make_record(k, state, params, objective=objective))
    return records


def make_surface():
    betas, etas = 1 - np.geomspace(1, 1e-3, 30), np.geomspace(1e-3, 10, 40)
    limit = 2 * (1 + betas) / ((1 - betas) * 8)
    values = 2890 + 100 * (np.log10(etas)[None, :] ** 2) * (1 + betas[:, None])
    return betas, etas, np.where(etas[None, :] < limit[:, None], values, np.inf)


OUTLIER = make_record(20, params={"beta": 0.5, "eta": 5.0}, objective=1e200)
STUDIES = {
    "usual": make_study(),
    "two": make_study(2),
    "one": make_study(1),
    "outlier": [*make_study(), OUTLIER],
    "all diverged": [diverged(k) for k in range(4)],
    "none": [],
    "equal": [make_record(k, objective=5.0) for k in range(3)],
    "zero": [make_record(k, objective=0.0) for k in range(3)],
    "close to one": [make_record(k, params={"beta": 1 - 1e-6, "eta": 1e-6}) for k in range(2)],
}


@pytest.mark.parametrize("name", STUDIES)
def test_the_history_of_any_study(name):
    figure = figures.history(STUDIES[name], "Validation MSE")
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Trial", "Validation MSE")
    assert_all_inside(figure)


def test_the_history_marks_every_state_the_note_and_the_best():
    texts = set(words(figures.history(STUDIES["outlier"])))
    assert {"best so far", "complete", "best", "the note's advice", "complete, far above"} <= texts
    assert {"diverged (no objective)", "pruned (no objective)", "failed (no objective)"} <= texts
    assert "No trial was completed." in words(figures.history(STUDIES["all diverged"]))


def test_an_outlier_does_not_flatten_the_history():
    low, high = figures.history(STUDIES["outlier"]).axes[0].get_ylim()
    assert low < 2993
    assert high < 1e6


@pytest.mark.parametrize("surface", [None, make_surface()], ids=["trials", "surface"])
@pytest.mark.parametrize("name", STUDIES)
def test_the_plane_of_any_study(name, surface):
    figure = figures.plane(STUDIES[name], objective_label="Validation MSE", surface=surface, curvature=8.0)
    axes = figure.axes[0]
    assert "β" in axes.get_xlabel()
    assert "η" in axes.get_ylabel()
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert_all_inside(figure)


def test_the_plane_reads_in_beta_and_annotates_the_note_and_the_best():
    records = STUDIES["usual"]
    figure = figures.plane(records, objective_label="Validation MSE", surface=make_surface(), curvature=8.0)
    axes, bar = figure.axes
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert {"0", "0.9", "0.99", "0.999"} <= set(labels)
    np.testing.assert_allclose([1 - float(text) for text in labels], axes.get_xticks())
    assert axes.get_xlim()[0] > axes.get_xlim()[1]
    texts = words(figure)
    assert "the note's advice: 2993" in texts
    assert any(text.startswith("best: ") for text in texts)
    assert {"stability limit", "diverges", "diverged", "pruned", "failed", "complete"} <= set(texts)
    assert bar.get_ylabel() == "Validation MSE"
    assert any("least" in label.get_text() for label in bar.get_yticklabels())


def test_the_planes_limit_is_the_theorys():
    figure = figures.plane(STUDIES["usual"], curvature=8.0)
    (line,) = [line for line in figure.axes[0].get_lines() if line.get_label() == "stability limit"]
    beta = 1 - line.get_xdata()
    np.testing.assert_allclose(line.get_ydata(), 2 * (1 + beta) / ((1 - beta) * 8.0))


def test_the_plane_of_a_study_that_searches_one_of_them():
    records = [replace(record, params={"eta": record.params["eta"]}) for record in STUDIES["usual"]]
    assert "No trial has both a β and an η." in words(figures.plane(records))
    assert "the note's advice: 2993" in words(figures.plane(records, fixed={"beta": 0.9}))


def test_a_note_that_diverged_is_annotated_as_such():
    records = [diverged(0, params={"beta": 0.9, "eta": 0.1}), *make_study(5)[1:]]
    assert "the note's advice: diverged" in words(figures.plane(records))


def test_importance_is_sorted_and_named():
    figure = figures.importance({"beta": 0.27, "eta": 0.71, "dropout": 0.02})
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["dropout", "β", "η"]
    assert {"71 %", "27 %", "2 %"} <= set(words(figure))
    assert "Share" in axes.get_xlabel()
    assert_all_inside(figure)
    assert "Too few complete trials to tell." in words(figures.importance({}))
    assert_all_inside(figures.importance({"a": 0.0}))


# ---- ticks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (2846.2, "2846"),
        (12345.6, "12346"),
        (0.01234, "0.0123"),
        (-3.5, "−3.5"),
        (100, "100"),
        (1e-28, "10⁻²⁸"),
        (3.2e-7, "3.2×10⁻⁷"),
        (9.999e9, "10¹⁰"),
        (1e6, "10⁶"),
        (0.9999, "1"),
        (float("inf"), "inf"),
    ],
)
def test_numbers_read_as_a_person_writes_them(value, shown):
    assert number(value) == shown


@pytest.mark.parametrize("low", [1e-300, 1e-12, 0.3, 2900.0, 1e200])
@pytest.mark.parametrize("ratio", [1.001, 1.5, 7.0, 40.0, 1e5, 1e17, 1e90])
def test_log_ticks_are_few_inside_and_distinct(low, ratio):
    high = low * ratio
    ticks, labels = scales.log_ticks(low, high)
    assert 2 <= len(ticks) <= 9
    assert all(low * (1 - 1e-9) <= tick <= high * (1 + 1e-9) for tick in ticks)
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-3.3, 7.1), (2900, 2900.5), (0, 1e-9), (-1e110, 5e110), (5, 5)]
)
def test_linear_ticks_are_few_inside_and_distinct(low, high):
    ticks, labels = scales.linear_ticks(low, high)
    assert 1 <= len(ticks) <= 8
    assert len(set(labels)) == len(labels)
    assert all(low - 1e-9 * abs(low) <= tick <= high + 1e-9 * abs(high) for tick in ticks)


@pytest.mark.parametrize("high", [1, 2, 5, 9, 100, 12345])
def test_whole_ticks_are_whole(high):
    ticks, _ = scales.linear_ticks(0, high, whole=True)
    assert all(tick == int(tick) for tick in ticks)
