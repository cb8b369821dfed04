"""Plain values as MLflow's entities, and back."""

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from mlflow.entities import Metric, Param, Run, RunTag

from study.tracking import values as entries
from study.tracking.values import RunView


def curve(key: str, values: np.ndarray) -> list[Metric]:
    """A curve by epoch, from 1."""
    now = _now()
    points = enumerate(np.asarray(values, float).tolist(), start=1)
    # MLflow would store an infinity as 1.8e308, which every chart then scales to.
    return [Metric(key, value, now, epoch) for epoch, value in points if math.isfinite(value)]


def single(metrics: Mapping[str, float | None]) -> list[Metric]:
    """Numbers that have no epoch."""
    now = _now()
    return [Metric(k, float(v), now, 0) for k, v in metrics.items() if v is not None and math.isfinite(v)]


def _now() -> int:
    return time.time_ns() // 1_000_000


def params(values: Mapping[str, Any]) -> list[Param]:
    """Params, those that are None left out."""
    return [Param(key, text) for key, text in entries.texts(values).items()]


def tags(values: Mapping[str, Any]) -> list[RunTag]:
    """Tags, those that are None left out."""
    return [RunTag(key, text) for key, text in entries.texts(values).items()]


def view(run: Run) -> RunView:
    """A run as those outside see it."""
    info, data = run.info, run.data
    number = data.tags.get("study.trial_number")
    return RunView(
        run_id=info.run_id,
        name=info.run_name,
        status=info.status,
        number=None if number is None else int(number),
        state=data.tags.get("study.state"),
        params=data.params,
        metrics=data.metrics,
        tags=data.tags,
    )
