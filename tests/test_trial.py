"""What a trial's types say of themselves."""

import dataclasses

import numpy as np
import pytest

from study.trial import TrialOutcome, TrialRecord


def outcome(**params):
    return TrialOutcome(number=3, state="complete", params=params, objective=1.0)


def record(*, targets=1, **changes):
    values = {
        "number": 3,
        "state": "diverged",
        "params": {"beta": 0.5, "eta": 30.0},
        "train_loss": np.array([1.0, 5.0, np.inf]),
        "val_loss": np.array([1.0, 6.0]),
        "floor": 0.5,
        "feature_names": ["a", "b"],
        "target_names": [f"y{k}" for k in range(targets)],
        "coef": np.arange(2 * targets * 2, dtype=float).reshape(2, targets, 2),
        "intercept": np.ones((2, targets)),
    }
    return TrialRecord(**values | changes)


@pytest.mark.parametrize(
    ("params", "is_note"),
    [
        ({"beta": 0.9, "eta": 0.1}, True),
        ({"beta": 0.9, "eta": 0.1, "alpha": 1e-4}, True),
        ({"beta": 1 - 0.1, "eta": 0.1}, True),
        ({"beta": 0.9, "eta": 0.1001}, False),
        ({"beta": 0.9}, False),
    ],
)
def test_a_trial_is_the_notes_if_it_has_the_notes_beta_and_eta(params, is_note):
    assert outcome(**params).is_note == is_note


def test_a_record_is_an_outcome_too():
    assert isinstance(record(), TrialOutcome)
    assert not record().is_note


def test_a_record_cannot_be_made_without_its_curves_or_changed():
    with pytest.raises(TypeError, match="train_loss"):
        TrialRecord(number=0, state="complete", params={})
    with pytest.raises(dataclasses.FrozenInstanceError):
        record().number = 4


def test_the_diverged_epoch_is_the_first_whose_loss_is_not_finite():
    assert record().diverged_epoch == 3
    assert record(train_loss=np.array([1.0, np.nan, np.inf])).diverged_epoch == 2
    # A descent that ended above its start has only finite losses.
    assert record(train_loss=np.array([1.0, 2.0, 3.0, 4.0])).diverged_epoch == 4


def test_the_weights_of_one_target_are_a_list_and_a_number():
    assert record().weights() == {
        "feature_names": ["a", "b"],
        "target_names": ["y0"],
        "coef": [1.0, 2.0],
        "intercept": 1.0,
        "folds": [{"coef": [0.0, 1.0], "intercept": 1.0}, {"coef": [2.0, 3.0], "intercept": 1.0}],
    }


def test_the_weights_of_several_targets_are_a_list_of_lists_and_a_list():
    weights = record(targets=2).weights()
    assert weights["coef"] == [[2.0, 3.0], [4.0, 5.0]]
    assert weights["intercept"] == [1.0, 1.0]
    assert weights["folds"][1] == {"coef": [[4.0, 5.0], [6.0, 7.0]], "intercept": [1.0, 1.0]}
