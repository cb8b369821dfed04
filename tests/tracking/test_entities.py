"""Plain values as MLflow's entities."""

import getpass
import math

import numpy as np

from study.tracking import entities


def test_a_curve_starts_at_epoch_1_and_leaves_out_what_is_not_finite():
    metrics = entities.metrics_by_epoch("train_loss", np.array([3.0, np.inf, 1.0, np.nan]))
    assert [(m.key, m.step, m.value) for m in metrics] == [("train_loss", 1, 3.0), ("train_loss", 3, 1.0)]


def test_single_numbers_that_are_none_or_not_finite_are_left_out():
    metrics = entities.single_metrics({"a": 1, "b": None, "c": math.nan, "d": np.float64(2.5)})
    assert [(m.key, m.step, m.value) for m in metrics] == [("a", 0, 1.0), ("d", 0, 2.5)]


def test_params_and_tags_that_are_none_are_left_out():
    assert [(p.key, p.value) for p in entities.params({"a": 0.5, "b": None})] == [("a", "0.5")]
    assert [(t.key, t.value) for t in entities.tags({"a": "x", "b": None})] == [("a", "x")]


def test_a_user_id_without_a_name_does_not_stop_a_run(monkeypatch):
    def without_name():
        raise OSError("no name")

    monkeypatch.setattr(getpass, "getuser", without_name)
    assert entities.origin_tags()["mlflow.user"] == "unknown"
