"""The metrics and tags of a trial's run."""

import math

import numpy as np
import pytest

from study.tracking.trial_entities import trial_metrics, trial_tags
from tests.tracking.runs import make_record


def curve(record, key):
    return {metric.step: metric.value for metric in trial_metrics(record) if metric.key == key}


def single(record):
    return {metric.key: metric.value for metric in trial_metrics(record) if metric.step == 0}


def tags(record):
    return {tag.key: tag.value for tag in trial_tags(record)}


@pytest.mark.parametrize("later", [[2000.0, 1e276, 5.0], [np.inf, 5.0], [np.nan, 5.0]])
def test_a_diverged_curve_is_logged_up_to_a_thousand_times_its_start(later):
    record = make_record("diverged", [2.0, 1000.0, 1999.0, *later])
    for key, values in (("train_loss", record.train_loss), ("val_loss", record.val_loss)):
        assert curve(record, key) == {1: values[0], 2: values[1], 3: values[2]}


@pytest.mark.parametrize("losses", [[np.inf, 1.0], []])
def test_a_diverged_curve_without_a_finite_start_is_empty(losses):
    assert curve(make_record("diverged", losses), "train_loss") == {}


def test_the_curve_of_another_trial_is_whole():
    assert curve(make_record("complete", [1.0, 5000.0, 2.0]), "train_loss") == {1: 1.0, 2: 5000.0, 3: 2.0}


def test_eta_and_1_minus_beta_are_logged_for_logarithmic_axes():
    numbers = single(make_record(params={"beta": 0.99, "eta": 0.001}))
    assert numbers["log10_eta"] == pytest.approx(-3)
    assert numbers["log10_1_minus_beta"] == pytest.approx(-2)


def test_a_setting_that_is_not_a_number_has_no_logarithm():
    assert not {key for key in single(make_record(params={"eta": "auto"})) if key.startswith("log10")}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (make_record(), "Trial 7: β 0.912, η 0.31, complete with the objective 1.1."),
        (make_record("pruned", [3.0, 2.0]), "Trial 7: β 0.912, η 0.31, pruned after epoch 2."),
        (make_record("diverged", [3.0, math.inf]), "Trial 7: β 0.912, η 0.31, diverged at epoch 2."),
        (make_record("failed", params={}), "Trial 7, failed."),
        (
            make_record(params={"beta": 0.9, "eta": 0.1}),
            "Trial 7: β 0.9, η 0.1, complete with the objective 1.1. This is the note's advice.",
        ),
    ],
)
def test_a_trials_description_says_its_number_setting_and_end(record, said):
    assert tags(record)["mlflow.note.content"] == said


def test_the_epoch_of_a_divergence_is_a_tag_of_diverged_trials_alone():
    assert tags(make_record("diverged", [3.0, 1e9, math.inf]))["study.diverged_epoch"] == "3"
    assert "study.diverged_epoch" not in tags(make_record())
