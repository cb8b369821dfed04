"""What summary.json holds, and how trials are counted."""

import json

import pytest

from study.summary import FeatureWeights, Metric, PredictedOptimum, StudySummary, TrialCounts, objective_of
from study.trial import Setting, TrialOutcome
from tests.summaries import make_summary

KEYS = [
    "study", "run_id", "data", "seed", "solver", "max_iter", "objective", "unit", "floor", "curvature", "n_trials",
    "best", "note", "optimum", "test_loss", "regret", "report", "metric", "weights",
]  # fmt: skip


def test_the_keys_have_their_names_and_their_order():
    found = make_summary().to_json()
    assert list(found) == KEYS
    assert list(found["data"]) == [
        "problem", "description", "features", "targets", "training_rows", "test_rows", "folds", "hash",
    ]  # fmt: skip
    assert list(found["best"]) == ["params", "objective", "trial"]
    assert list(found["note"]) == list(found["optimum"]) == ["params", "objective"]
    assert found["n_trials"] == {"complete": 97, "pruned": 0, "diverged": 3, "failed": 0}
    assert found["regret"] == {"tuner": 500.0, "note": 800.0}


def test_a_predicted_optimum_says_that_it_is_expected_and_what_was_measured():
    optimum = PredictedOptimum({"beta": 0.93, "eta": 0.0133}, 2500.0, measured=2510.0)
    assert make_summary(optimum=optimum).to_json()["optimum"] == {
        "params": {"beta": 0.93, "eta": 0.0133}, "objective": 2500.0, "measured": 2510.0, "is_expected": True,
    }  # fmt: skip


def test_trials_are_compared_with_the_exact_objective_or_with_the_measured_one():
    assert objective_of(Setting({}, 2500.0)) == 2500.0
    assert objective_of(PredictedOptimum({}, 2500.0, measured=2510.0)) == 2510.0
    assert objective_of(PredictedOptimum({}, 2500.0, measured=None)) is None


def test_the_summary_is_plain_json():
    found = make_summary(best=None, optimum=None, test_loss=None).to_json()
    assert json.loads(json.dumps(found)) == found
    assert found["best"] is found["optimum"] is found["test_loss"] is None


def test_trials_are_counted_by_state():
    states = ["complete", "diverged", "complete", "failed", "complete"]
    counts = TrialCounts.of(
        TrialOutcome(number=number, state=state, params={}) for number, state in enumerate(states)
    )
    assert counts == TrialCounts(complete=3, pruned=0, diverged=1, failed=1)
    assert counts.total == 5


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"best": None, "optimum": None, "test_loss": None},
        {"optimum": PredictedOptimum({"beta": 0.93, "eta": 0.0133}, 2500.0, measured=None)},
        {"metric": Metric("r2", 0.5, None), "weights": FeatureWeights(["a"], ["y"], [1.0], 2.0, [0.5], 1.0)},
    ],
)
def test_a_summary_is_read_back_from_its_json(changes):
    summary = make_summary(**changes)
    assert StudySummary.from_json(json.loads(json.dumps(summary.to_json()))) == summary
