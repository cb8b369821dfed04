"""Saved views of MLflow's UI: a study's runs as a list, and its trials on charts, so that a person has nothing to set up.

The UI stores a view as a tag of the experiment, with its state compressed, and opens it from the Views menu
or by its key in the address. The keys of the state are those of MLflow 3.17; a UI that does not know them
ignores the tag.
"""

import base64
import json
import zlib
from typing import Any

from study.tracking.trial_entities import LOG_COMPLEMENT, LOG_ETA

RUNS, TRIALS = "study-runs", "study-trials"
"""The keys of the two views."""

COLUMNS = [
    "metrics.`objective`",
    "params.`beta`",
    "params.`eta`",
    "tags.`study.state`",
    "metrics.`test_loss`",
    "metrics.`best_objective`",
]
"""The columns of both lists, in their order."""


def view_tags() -> dict[str, str]:
    """Return the tags of an experiment that hold its views."""
    # Runs without a test loss come last, so a study stands above its trials.
    runs = _list_state("", "metrics.`test_loss`")
    return {
        f"mlflow.sharedViewState.{RUNS}": _tag_value("Studies and their trials", runs),
        f"mlflow.sharedViewState.{TRIALS}": _tag_value("Trials by β and η", _charts_state()),
    }


def experiment_page(experiment_id: str) -> str:
    """Return the path of an experiment's runs. Without a workflow the UI shows pages for language models."""
    return f"#/experiments/{experiment_id}/runs?workflowType=machine_learning"


def run_page(experiment_id: str, run_id: str) -> str:
    """Return the path of a run's own page. Without a workflow its description, metrics and params are not shown."""
    return f"#/experiments/{experiment_id}/runs/{run_id}?workflowType=machine_learning"


def runs_page(experiment_id: str) -> str:
    """Return the path of the list of a study's runs."""
    return f"{experiment_page(experiment_id)}&viewStateShareKey={RUNS}"


def trials_page(experiment_id: str) -> str:
    """Return the path of the trials on charts."""
    return f"{experiment_page(experiment_id)}&compareRunsMode=CHART&viewStateShareKey={TRIALS}"


def _tag_value(name: str, state: dict[str, Any]) -> str:
    packed = base64.b64encode(zlib.compress(json.dumps(state).encode())).decode()
    return json.dumps({"name": name, "createdAt": 0, "updatedAt": 0, "state": f"deflate;{packed}"})


def _list_state(search: str, order: str) -> dict[str, Any]:
    return {
        "searchFilter": search,
        # Without a value to sort by, the UI folds child runs into their parents.
        "orderByKey": order,
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": COLUMNS,
        "columnOrder": COLUMNS,
        "runsHiddenMode": "SHOW_ALL",
        "runListHidden": False,
        "groupBy": None,
    }


def _charts_state() -> dict[str, Any]:
    # A diverged trial has no objective, and its curve would set the range of the axis for all of them.
    search = "tags.`study.kind` = 'trial' AND tags.`study.state` != 'diverged'"
    parallel = {"selectedParams": [], "selectedMetrics": [LOG_COMPLEMENT, LOG_ETA, "objective"]}
    return _list_state(search, "metrics.`objective`") | {
        "compareRunCharts": [
            _curve("eta", "objective", x=LOG_ETA),
            _curve("beta", "objective", x=LOG_COMPLEMENT),
            _curve("curves", "val_loss"),
            _chart("parallel", "PARALLEL", showAllRuns=True, **parallel),
        ],
        "compareRunSections": [
            {
                "uuid": TRIALS,
                "name": "Trials",
                "display": True,
                "isReordered": False,
                "columns": 2,
                "cardHeight": 400,
            }
        ],
        "viewMaximized": False,
        "isAccordionReordered": False,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
    }


def _curve(uuid: str, metric: str, x: str | None = None) -> dict[str, Any]:
    """Return a line chart, whose axis of y can be logarithmic as that of a scatter plot cannot."""
    across = {"xAxisKey": "step"} if x is None else {"xAxisKey": "metric", "selectedXAxisMetricKey": x}
    own = {"useGlobalXaxisKey": False, "displayPoints": x is not None}
    return _chart(
        uuid, "LINE", metricKey=metric, selectedMetricKeys=[metric], scaleType="log", **across, **own
    )


def _chart(uuid: str, kind: str, **settings: Any) -> dict[str, Any]:
    return {
        "uuid": f"study-{uuid}",
        "type": kind,
        "runsCountToCompare": 100,
        "metricSectionId": TRIALS,
        "deleted": False,
        "isGenerated": False,
        **settings,
    }
