"""What a trial's run holds of its record, as MLflow's entities: metrics and tags."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from mlflow.entities import Metric, RunTag

from study.tracking import descriptions, entities
from study.trial import TrialRecord

ERROR = "study.error"
"""Tag that says why a run did not end as it should."""

LOG_ETA, LOG_COMPLEMENT = "log10_eta", "log10_1_minus_beta"
"""Metrics with the logarithms of η and of 1 − β: a chart of MLflow's UI has no logarithmic axis of its own for them."""

HIGHEST_SHOWN = 1e3
"""How high a diverged trial's curve is logged, as a multiple of its first value. A chart's axis goes to the largest value
that was logged, so that a curve that goes to 1e276 would hide all others."""


def trial_metrics(record: TrialRecord) -> list[Metric]:
    """Return a trial's curves by epoch and its numbers."""
    train, val = record.train_loss, record.val_loss
    if record.state == "diverged":
        train, val = _readable(train), _readable(val)
    numbers = {"objective": record.objective, "epochs_to_target": record.epochs_to_target}
    return [
        *entities.metrics_by_epoch("train_loss", train),
        *entities.metrics_by_epoch("val_loss", val),
        *entities.single_metrics(numbers | _logarithms(record.params) | record.metrics),
    ]


def trial_tags(record: TrialRecord) -> list[RunTag]:
    """Return how a trial ended, as tags, with the description that the UI shows."""
    diverged = record.diverged_epoch if record.state == "diverged" else None
    return entities.tags(
        {
            "study.state": record.state,
            "study.diverged_epoch": diverged,
            ERROR: record.error,
            descriptions.TAG: descriptions.of_trial(record),
        }
    )


def _readable(curve: np.ndarray) -> np.ndarray:
    """Return a curve as far as it stays below `HIGHEST_SHOWN` times its first value."""
    # A comparison with a value that is not finite is false, and ends the curve too.
    above = np.flatnonzero(~(curve < HIGHEST_SHOWN * curve[:1]))
    return curve[: above[0]] if above.size else curve


def _logarithms(params: Mapping[str, Any]) -> dict[str, float]:
    """Return the logarithms of η and 1 − β, where they are numbers."""
    beta, eta = params.get("beta"), params.get("eta")
    found = {}
    if isinstance(eta, int | float) and eta > 0:
        found[LOG_ETA] = math.log10(eta)
    if isinstance(beta, int | float) and beta < 1:
        found[LOG_COMPLEMENT] = math.log10(1 - beta)
    return found
