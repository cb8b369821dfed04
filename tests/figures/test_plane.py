"""What a study's plane says and where it puts it; that it looks right was seen by eye."""

from dataclasses import replace

import numpy as np
import pytest

from study.figures.plane import plane
from tests.figures.records import STUDIES, diverged, make_study
from tests.figures.seen import assert_all_inside, tick_labels, ticks, words


def limit_of(betas):
    """momentum's stability limit, 2(1 + β) / ((1 − β)L), at L = 8."""
    return 2 * (1 + betas) / ((1 - betas) * 8)


def make_surface():
    betas, etas = 1 - np.geomspace(1, 1e-3, 30), np.geomspace(1e-3, 10, 40)
    values = 2890 + 100 * (np.log10(etas)[None, :] ** 2) * (1 + betas[:, None])
    return betas, etas, np.where(etas[None, :] < limit_of(betas)[:, None], values, np.inf)


def make_diverging_surface():
    """A search space in which every setting diverges."""
    betas, etas, values = make_surface()
    return betas, 1e4 * etas, np.full_like(values, np.inf)


BETAS = 1 - np.geomspace(1.05, 0.9e-3, 50)
LIMIT = BETAS, limit_of(BETAS)


@pytest.mark.parametrize(
    "surface",
    [None, make_surface(), make_diverging_surface()],
    ids=["trials", "surface", "surface that diverges everywhere"],
)
@pytest.mark.parametrize("name", STUDIES)
def test_the_plane_of_any_study_fits_its_figure(name, surface):
    figure = plane(STUDIES[name], objective_label="Validation MSE", surface=surface, stability_limit=LIMIT)
    axes = figure.axes[0]
    assert "β" in axes.get_xlabel()
    assert "η" in axes.get_ylabel()
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert len(ticks(axes.xaxis)) >= 2
    assert_all_inside(figure)


def test_the_title_says_where_the_surface_is_an_expectation():
    def title(**what):
        return plane(STUDIES["usual"], **what).axes[0].get_title(loc="left")

    assert "expected" in title(surface=make_surface(), surface_is_expected=True)
    assert "expected" not in title(surface=make_surface())
    assert "expected" not in title(surface_is_expected=True)


def test_the_line_that_is_drawn_is_the_limit_that_was_given():
    lines = plane(STUDIES["usual"], stability_limit=LIMIT).axes[0].lines
    (line,) = [line for line in lines if line.get_label() == "stability limit"]
    np.testing.assert_allclose(line.get_xdata(), 1 - BETAS)
    np.testing.assert_allclose(line.get_ydata(), LIMIT[1])


def test_the_plane_reads_in_beta_and_annotates_the_note_and_the_best():
    records = STUDIES["usual"]
    figure = plane(records, objective_label="Validation MSE", surface=make_surface(), stability_limit=LIMIT)
    axes, bar = figure.axes
    labels = tick_labels(axes.xaxis)
    assert {"0", "0.9", "0.99", "0.999"} <= set(labels)
    np.testing.assert_allclose([1 - float(text) for text in labels], ticks(axes.xaxis))
    assert axes.get_xlim()[0] > axes.get_xlim()[1]
    texts = words(figure)
    assert "the note's advice: 2993" in texts
    assert any(text.startswith("best: ") for text in texts)
    assert {"stability limit", "diverges", "diverged", "pruned", "failed", "complete"} <= set(texts)
    assert bar.get_ylabel() == "Validation MSE"
    assert any("least" in label.get_text() for label in bar.get_yticklabels())


def test_the_plane_draws_the_stability_limit_that_it_is_given():
    figure = plane(STUDIES["usual"], stability_limit=LIMIT)
    (line,) = [line for line in figure.axes[0].get_lines() if line.get_label() == "stability limit"]
    beta = 1 - line.get_xdata()
    np.testing.assert_allclose(line.get_ydata(), 2 * (1 + beta) / ((1 - beta) * 8.0))


def test_the_stability_limit_does_not_widen_the_axes():
    without = plane(STUDIES["usual"]).axes[0]
    far = 1 - np.geomspace(100, 1e-9, 50)
    axes = plane(STUDIES["usual"], stability_limit=(far, limit_of(far))).axes[0]
    assert axes.get_xlim() == without.get_xlim()
    assert axes.get_ylim() == without.get_ylim()


def test_the_plane_of_trials_without_a_beta_says_so():
    records = [replace(record, params={"eta": record.params["eta"]}) for record in STUDIES["usual"]]
    assert "No trial has both a β and an η." in words(plane(records))


def test_a_note_that_diverged_is_annotated_as_such():
    records = [diverged(0, params={"beta": 0.9, "eta": 0.1}), *make_study(5)[1:]]
    assert "the note's advice: diverged" in words(plane(records))


def test_the_note_is_known_by_its_advice_and_not_by_its_number():
    records = [replace(record, number=record.number + 5) for record in STUDIES["usual"]]
    assert "the note's advice: 2993" in words(plane(records))
    assert not any("the note's advice" in text for text in words(plane(records[1:])))


def test_the_two_labels_lie_neither_on_each_other_nor_on_their_marks():
    # The best trial is beside the note's advice.
    near = replace(STUDIES["usual"][0], number=1, params={"beta": 0.9, "eta": 0.11}, objective=2900.0)
    figure = plane([STUDIES["usual"][0], near])
    figure.draw_without_rendering()
    axes = figure.axes[0]
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])
    for x, y in ((0.1, 0.1), (0.1, 0.11)):
        assert not any(box.contains(*axes.transData.transform((x, y))) for box in boxes)
