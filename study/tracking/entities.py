"""Plain values as MLflow's entities: metrics, params and tags."""

import getpass
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from mlflow.entities import Metric, Param, RunTag

from study.tracking.values import texts


def metrics_by_step(key: str, steps: Iterable[int], values: np.ndarray) -> list[Metric]:
    """Return a curve as one metric a step, without the values that are not finite.

    MLflow would store an infinity as 1.8e308, and its charts would scale their axes to that.
    """
    now = _now()
    points = zip(steps, np.asarray(values, float).tolist(), strict=True)
    return [Metric(key, value, now, int(step)) for step, value in points if math.isfinite(value)]


def metrics_by_epoch(key: str, values: np.ndarray) -> list[Metric]:
    """Return a curve by epoch, from 1."""
    return metrics_by_step(key, range(1, len(values) + 1), values)


def single_metrics(values: Mapping[str, float | None]) -> list[Metric]:
    """Return numbers that have no epoch, without those that are None or not finite."""
    now = _now()
    return [Metric(k, float(v), now, 0) for k, v in values.items() if v is not None and math.isfinite(v)]


def params(values: Mapping[str, Any]) -> list[Param]:
    """Return params, without those that are None."""
    return [Param(key, text) for key, text in texts(values).items()]


def tags(values: Mapping[str, Any]) -> list[RunTag]:
    """Return tags, without those that are None."""
    return [RunTag(key, text) for key, text in texts(values).items()]


def origin_tags() -> dict[str, str]:
    """Return who and what made a run: the tags that MLflow sets by itself only in its fluent interface."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        # A container may run under a user id that has no name.
        user = "unknown"
    return {"mlflow.user": user, "mlflow.source.name": "study", "mlflow.source.type": "LOCAL"}


def _now() -> int:
    """Return the time in MLflow's unit, milliseconds."""
    return time.time_ns() // 1_000_000
