"""From a measurement to a graded claim: the groups of its units, and the numbers of its record."""

import json
import math

import pytest

from study.guidance import grading
from study.guidance.claim import Budget, Measurement, Unit
from study.guidance.claims import find
from study.verdict import ClaimRecord
from tests.guidance import fakes

CLAIMS = find()
BUDGET = Budget("quick", 0, 3)


def test_the_separator_decides_the_group_and_the_experiment_must_agree():
    claim = CLAIMS["converges-faster"]
    units = [Unit("a", 0, 0.1, 10.0, "low"), Unit("b", 0, 0.1, 100.0, "high")]
    assert [unit.group for unit in grading.with_groups(claim, units)] == ["κ ≤ 38", "κ > 38"]
    with pytest.raises(ValueError, match="'low' holds units of 'κ ≤ 38'"):
        grading.with_groups(claim, [*units, Unit("c", 0, 0.1, 1000.0, "low")])
    with pytest.raises(ValueError, match="lacks its condition number"):
        grading.with_groups(claim, [Unit("a", 0, 0.1)])


def test_groups_are_dropped_where_no_separator_was_named():
    assert grading.with_groups(CLAIMS["flat-regions"], [Unit("a", 0, 0.1, 3.0, "x")])[0].group is None


def test_an_arm_of_a_problem_is_the_mean_over_its_seeds():
    units = [Unit(f"p{p}", s, 0.1, arms={"a": float(s), "b": math.inf}) for p in range(12) for s in range(3)]
    graded, _ = grading.grade_claim(CLAIMS["flat-regions"], BUDGET, Measurement(units))
    assert dict(graded.problems[0].arms) == {"a": 1.0, "b": None}


def test_an_interval_without_finite_ends_has_none():
    graded, units = grading.grade_claim(CLAIMS["flat-regions"], BUDGET, Measurement([Unit("iris", 0, 0.5)]))
    assert (graded.effect, graded.ci_low, graded.ci_high, graded.n) == (0.5, None, None, 1)
    assert len(units) == 1


def test_numbers_that_json_cannot_hold_are_shown_as_none():
    measurement = Measurement([Unit("iris", 0, 0.5)], shown={"ratio": math.inf, "of": {1: [math.nan, 2.0]}})
    graded, _ = grading.grade_claim(CLAIMS["flat-regions"], BUDGET, measurement)
    assert graded.shown == {"ratio": None, "of": {"1": [None, 2.0]}}


def test_a_measurement_that_cannot_be_graded_keeps_its_reason():
    graded, units = grading.grade_claim(
        CLAIMS["flat-regions"], BUDGET, Measurement([Unit("iris", 0, math.nan)])
    )
    assert graded.error == "iris, seed 0: the effect is not a number"
    assert (graded.verdict, graded.effect, graded.n, units) == ("inconclusive", None, 0, [])


def test_a_claim_that_was_not_measured_is_inconclusive_and_says_why():
    graded, units = grading.grade_claim(CLAIMS["l2-helps"], BUDGET, None, "ValueError: no")
    assert (graded.verdict, graded.reason, graded.error) == (
        "inconclusive",
        "the experiment failed",
        "ValueError: no",
    )
    record = grading.make_record(graded)
    assert record.why.en == "Not measured: ValueError: no."
    assert (record.run_ids, record.recorded, units) == ((), (), [])


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_record_survives_its_json(claim):
    graded, _ = grading.grade_claim(claim, BUDGET, fakes.measure(claim.id, BUDGET))
    record = grading.make_record(graded, ["parent", "child"], ["problem 00"])
    assert ClaimRecord.from_json(json.loads(json.dumps(record.to_json()))) == record
    names = claim.separator.groups_zh if claim.separator and claim.rule != "share" else ()
    assert tuple(group.name.zh for group in record.groups) == names
