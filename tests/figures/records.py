"""Trials as a study leaves them."""

from dataclasses import replace
from typing import Any

import numpy as np

from study.trial import TrialRecord

RNG = np.random.default_rng(0)


def make_record(
    number: int = 7,
    state: str = "complete",
    params: dict[str, Any] | None = None,
    epochs: int = 100,
    features: int = 10,
    targets: int = 1,
    folds: int = 5,
    **changes: Any,
) -> TrialRecord:
    train = 2900 + 26000 * np.exp(-np.arange(1, epochs + 1) / 12)
    record = TrialRecord(
        number=number,
        state=state,
        params={"beta": 0.912, "eta": 0.31} if params is None else params,
        train_loss=train,
        val_loss=train * 1.05,
        floor=2846.0,
        objective=float(train[-1]) if state == "complete" else None,
        feature_names=[f"feature {k}" for k in range(features)],
        target_names=[f"target {k}" for k in range(targets)],
        coef=RNG.normal(size=(folds, targets, features)),
        intercept=np.ones((folds, targets)),
    )
    return replace(record, **changes)


def diverged(number: int = 3, **changes: Any) -> TrialRecord:
    losses = {"train_loss": np.array([3e4, 5e7, 9e15, np.inf]), "val_loss": np.array([3e4, 6e7, np.nan])}
    return make_record(number, "diverged", **({"params": {"beta": 0.5, "eta": 30.0}} | losses | changes))


def make_study(n: int = 20) -> list[TrialRecord]:
    """A study whose first trial is the note's advice, with trials in every state."""
    rng = np.random.default_rng(1)
    records = [make_record(0, params={"beta": 0.9, "eta": 0.1}, objective=2993.0)]
    for k in range(1, n):
        params = {"beta": 1 - 10 ** rng.uniform(-3, 0), "eta": 10 ** rng.uniform(-3, 1)}
        state = {3: "diverged", 7: "pruned", 11: "failed"}.get(k, "complete")
        objective = 2900 + 10 ** rng.uniform(0, 4) if state == "complete" else None
        records.append(make_record(k, state, params, objective=objective))
    return records


OUTLIER = make_record(20, params={"beta": 0.5, "eta": 5.0}, objective=1e200)

STUDIES = {
    "usual": make_study(),
    "two": make_study(2),
    "one": make_study(1),
    "outlier": [*make_study(), OUTLIER],
    "all diverged": [diverged(k) for k in range(4)],
    "none": [],
    "equal": [make_record(k, objective=5.0) for k in range(3)],
    "zero": [make_record(k, objective=0.0) for k in range(3)],
    "close to one": [make_record(k, params={"beta": 1 - 1e-6, "eta": 1e-6}) for k in range(2)],
}
