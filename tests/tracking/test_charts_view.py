"""The saved view, read as MLflow's UI reads it."""

import base64
import json
import zlib

from study.tracking import charts_view


def read_state(value):
    scheme, _, content = json.loads(value)["state"].partition(";")
    assert scheme == "deflate"
    return json.loads(zlib.decompress(base64.b64decode(content)))


def test_the_view_shows_trials_alone_the_best_first():
    state = read_state(charts_view.tag_value())
    assert state["searchFilter"] == "tags.`study.kind` = 'trial'"
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`objective`", True)


def test_the_view_charts_the_objective_by_beta_and_eta():
    charts = {chart["uuid"]: chart for chart in read_state(charts_view.tag_value())["compareRunCharts"]}
    for name in ("beta", "eta"):
        chart = charts[f"study-{name}"]
        assert chart["xaxis"] == {"key": name, "type": "PARAM"}
        assert chart["yaxis"] == {"key": "objective", "type": "METRIC"}
    assert charts["study-curves"]["metricKey"] == "val_loss"
    assert len(charts) == 4


def test_every_chart_is_in_a_section_that_the_view_has():
    state = read_state(charts_view.tag_value())
    sections = {section["uuid"] for section in state["compareRunSections"]}
    assert {chart["metricSectionId"] for chart in state["compareRunCharts"]} == sections


def test_the_trials_page_opens_the_saved_view():
    page = charts_view.trials_page("17")
    assert page.startswith(charts_view.runs_page("17") + "&")
    assert f"viewStateShareKey={charts_view.TAG.rpartition('.')[2]}" in page
