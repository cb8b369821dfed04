"""A saved view of MLflow's UI that charts all trials by β and η, so that a person has nothing to set up.

The UI stores a view as a tag of the experiment, with its state compressed, and opens it from the Views menu
or by its key in the address. The keys of the state are those of MLflow 3.17; a UI that does not know them
ignores the tag.
"""

import base64
import json
import zlib
from typing import Any

KEY = "trials"
TAG = f"mlflow.sharedViewState.{KEY}"
SECTION = "study-trials"


def tag_value() -> str:
    """Return what the experiment's tag holds."""
    state = base64.b64encode(zlib.compress(json.dumps(_state()).encode())).decode()
    return json.dumps(
        {"name": "Trials by β and η", "createdAt": 0, "updatedAt": 0, "state": f"deflate;{state}"}
    )


def runs_page(experiment_id: str) -> str:
    """Return the path of an experiment's runs. Without a workflow the UI shows pages for language models."""
    return f"#/experiments/{experiment_id}/runs?workflowType=machine_learning"


def run_page(experiment_id: str, run_id: str) -> str:
    """Return the path of a run's own page."""
    return f"#/experiments/{experiment_id}/runs/{run_id}"


def trials_page(experiment_id: str) -> str:
    """Return the path of the saved view."""
    return f"{runs_page(experiment_id)}&compareRunsMode=CHART&viewStateShareKey={KEY}"


def _state() -> dict[str, Any]:
    beta, eta = {"key": "beta", "type": "PARAM"}, {"key": "eta", "type": "PARAM"}
    objective = {"key": "objective", "type": "METRIC"}
    parallel = {"selectedParams": ["beta", "eta"], "selectedMetrics": ["objective"], "showAllRuns": True}
    curve = {
        "metricKey": "val_loss",
        "selectedMetricKeys": ["val_loss"],
        "scaleType": "log",
        "xAxisKey": "step",
    }
    return {
        "searchFilter": "tags.`study.kind` = 'trial'",
        # Without a value to sort by, the UI folds child runs into their parents.
        "orderByKey": "metrics.`objective`",
        "orderByAsc": True,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": ["metrics.`objective`", "params.`beta`", "params.`eta`", "tags.`study.state`"],
        "runsHiddenMode": "SHOWALL",
        "compareRunCharts": [
            _chart("parallel", "PARALLEL", "β, η and the objective", **parallel),
            _chart("beta", "SCATTER", "Objective by β", xaxis=beta, yaxis=objective),
            _chart("eta", "SCATTER", "Objective by η", xaxis=eta, yaxis=objective),
            _chart("curves", "LINE", "Validation loss by epoch", **curve),
        ],
        "compareRunSections": [
            {
                "uuid": SECTION,
                "name": "Trials",
                "display": True,
                "isReordered": False,
                "columns": 2,
                "cardHeight": 400,
            }
        ],
        "viewMaximized": False,
        "runListHidden": False,
        "isAccordionReordered": False,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
        "groupBy": None,
    }


def _chart(uuid: str, kind: str, title: str, **settings: Any) -> dict[str, Any]:
    return {
        "uuid": f"study-{uuid}",
        "type": kind,
        "runsCountToCompare": 100,
        "metricSectionId": SECTION,
        "deleted": False,
        "isGenerated": False,
        "displayName": title,
        **settings,
    }
