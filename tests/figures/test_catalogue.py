"""The plots of a study, drawn from one set of findings."""

from dataclasses import replace

import numpy as np

from study.figures.catalogue import STUDY_PLOTS, StudyFindings, draw_study
from tests.figures.records import make_record, make_study
from tests.figures.seen import size, words

FINDINGS = StudyFindings(
    trials=make_study(),
    objective_label="Validation MSE (kg²)",
    loss_label="MSE (kg²)",
    surface=None,
    stability_limit=(np.array([0.0, 0.9]), np.array([0.25, 4.75])),
    importance={"beta": 0.3, "eta": 0.7},
    best=make_record(9),
)


def test_every_plot_of_a_study_is_a_png_with_a_path():
    plots = draw_study(FINDINGS)
    assert [plot.path for plot in plots] == [
        "plots/plane.png", "plots/history.png", "plots/importance.png", "plots/best_curve.png",
    ]  # fmt: skip
    assert all(size(plot.png)[0] >= 700 for plot in plots)


def test_a_study_without_a_completed_trial_has_no_best_curve():
    paths = [plot.path for plot in draw_study(replace(FINDINGS, best=None))]
    assert paths == ["plots/plane.png", "plots/history.png", "plots/importance.png"]


def test_each_plot_shows_its_own_findings():
    shown = {plot.path: words(plot.draw(FINDINGS)) for plot in STUDY_PLOTS}
    assert "Validation MSE (kg²)" in shown["plots/history.png"]
    assert {"Validation MSE (kg²)", "stability limit"} <= set(shown["plots/plane.png"])
    assert "70 %" in shown["plots/importance.png"]
    assert {"MSE (kg²)", "Trial 9: β 0.912, η 0.31"} <= set(shown["plots/best_curve.png"])
