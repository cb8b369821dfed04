"""The saved views, read as MLflow's UI reads them."""

import base64
import json
import zlib

import pytest

from study.tracking import charts_view


def read_state(key):
    value = charts_view.view_tags()[f"mlflow.sharedViewState.{key}"]
    scheme, _, content = json.loads(value)["state"].partition(";")
    assert scheme == "deflate"
    return json.loads(zlib.decompress(base64.b64decode(content)))


def read_charts():
    return {chart["uuid"]: chart for chart in read_state(charts_view.TRIALS)["compareRunCharts"]}


@pytest.mark.parametrize("key", [charts_view.RUNS, charts_view.TRIALS])
def test_both_views_show_objective_beta_eta_state_and_test_loss_first(key):
    state = read_state(key)
    first = [
        "metrics.`objective`",
        "params.`beta`",
        "params.`eta`",
        "tags.`study.state`",
        "metrics.`test_loss`",
    ]
    assert state["columnOrder"][:5] == first
    assert set(first) <= set(state["selectedColumns"])


def test_the_list_shows_studies_above_their_trials():
    state = read_state(charts_view.RUNS)
    assert (state["searchFilter"], state["orderByKey"], state["orderByAsc"]) == (
        "",
        "metrics.`test_loss`",
        True,
    )


def test_the_charts_show_trials_that_did_not_diverge_the_best_first():
    state = read_state(charts_view.TRIALS)
    assert state["searchFilter"] == "tags.`study.kind` = 'trial' AND tags.`study.state` != 'diverged'"
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`objective`", True)


@pytest.mark.parametrize(
    ("chart", "metric"), [("study-eta", "log10_eta"), ("study-beta", "log10_1_minus_beta")]
)
def test_the_objective_is_charted_by_eta_and_1_minus_beta_with_both_axes_logarithmic(chart, metric):
    shown = read_charts()[chart]
    assert (shown["metricKey"], shown["scaleType"]) == ("objective", "log")
    assert (shown["xAxisKey"], shown["selectedXAxisMetricKey"]) == ("metric", metric)
    assert shown["displayPoints"]


def test_the_loss_curves_have_a_logarithmic_axis():
    curves = read_charts()["study-curves"]
    assert (curves["metricKey"], curves["scaleType"], curves["xAxisKey"]) == ("val_loss", "log", "step")


def test_every_chart_is_in_a_section_that_the_view_has():
    state = read_state(charts_view.TRIALS)
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == sections


@pytest.mark.parametrize(
    ("page", "key"),
    [(charts_view.runs_page, charts_view.RUNS), (charts_view.trials_page, charts_view.TRIALS)],
)
def test_a_page_opens_its_saved_view(page, key):
    assert page("17").startswith(charts_view.experiment_page("17") + "&")
    assert page("17").endswith(f"viewStateShareKey={key}")


@pytest.mark.parametrize(
    "page",
    [
        charts_view.experiment_page("17"),
        charts_view.run_page("17", "abc"),
        charts_view.runs_page("17"),
        charts_view.trials_page("17"),
    ],
)
def test_no_page_is_one_of_those_for_language_models(page):
    assert page.startswith("#/experiments/17/runs")
    assert "?workflowType=machine_learning" in page
