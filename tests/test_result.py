"""What `tune` returns, as code and as a notebook's reader see it."""

import base64
import io
import pickle
import shutil
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from PIL import Image

from study import tune
from study.figures.catalogue import STUDY_PLOTS
from study.result import TuneResult

NAME = "a <b>&amp;"
"""A column's name that a page must escape."""


@pytest.fixture(scope="module")
def X():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(40, 2)), columns=["a", "b"])


@pytest.fixture(scope="module")
def result(empty_stores, tmp_path_factory, X):
    folder = tmp_path_factory.mktemp("result")
    shutil.copytree(empty_stores, folder / "mlruns")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        y = pd.Series(X.to_numpy() @ [1.0, -2.0], name=NAME)
        return tune(X, y, n_trials=5, max_iter=10, eta={"low": 0.01, "high": 100.0}, quiet=True)


def test_the_best_is_the_least_objective_of_the_trials(result):
    best = result.trials.loc[result.trials["objective"].idxmin()]
    assert result.best_score_ == best["objective"] == result.summary.best.objective
    assert result.best_params_ == {"beta": best["beta"], "eta": best["eta"]}
    model = result.best_estimator_.named_steps["model"]
    assert (model.beta, model.eta) == (best["beta"], best["eta"])
    assert result.run_id == result.summary.run_id


def test_the_trials_are_a_frame_in_which_a_diverged_trial_has_no_objective(result):
    trials = result.trials
    assert list(trials.columns) == ["number", "state", "beta", "eta", "objective", "run_id"]
    assert list(trials["number"]) == [0, 1, 2, 3, 4]
    assert (trials["beta"][0], trials["eta"][0]) == (0.9, 0.1)
    assert {"complete", "diverged"} == set(trials["state"])
    np.testing.assert_array_equal(trials["objective"].isna(), trials["state"] == "diverged")
    assert trials["objective"].dtype == float


def test_every_plot_of_a_study_is_a_figure_of_matplotlib(result):
    names = [plot.path.removeprefix("plots/").removesuffix(".png") for plot in STUDY_PLOTS]
    assert sorted(name for name in dir(TuneResult) if name.startswith("plot_")) == sorted(
        f"plot_{n}" for n in names
    )
    figures = [getattr(result, f"plot_{name}")() for name in names]
    assert all(isinstance(figure, Figure) for figure in figures)
    assert len({id(figure) for figure in figures}) == len(names)


def test_a_notebook_shows_a_figure_without_pyplot(result):
    for figure in (
        result.plot_plane(),
        result.plot_history(),
        result.plot_importance(),
        result.plot_best_curve(),
    ):
        width, height = Image.open(io.BytesIO(figure._repr_png_())).size
        assert (width, height) == tuple(round(side * 100) for side in figure.get_size_inches())


def test_a_notebook_shows_a_table_and_the_plane_and_text_is_escaped(result):
    shown = ElementTree.fromstring(f"<div>{result._repr_html_()}</div>")
    rows = {row[0].text: row[1].text for row in shown.iter("tr")}
    assert f"best cross-validated MSE ({NAME}²) after 10 epochs" in rows
    assert rows["report"] == result.summary.report
    kind, _, code = shown.find("img").get("src").partition(",")
    assert kind == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(code))).size == (740, 500)


def test_it_prints_as_the_command_does(result):
    lines = repr(result).splitlines()
    assert lines[0].startswith("best setting ")
    assert lines[-1].split() == ["report", result.summary.report]


def test_the_best_estimator_reads_the_frame_in_another_order_and_can_be_pickled(result, X):
    expected = result.best_estimator_.predict(X)
    np.testing.assert_array_equal(result.best_estimator_.predict(X[["b", "a"]]), expected)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(result.best_estimator_)).predict(X), expected)
