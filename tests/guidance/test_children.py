"""Which arms get a run of their own, and how many of them there are."""

import pytest

from study.guidance import children
from study.guidance.claim import Curve, Measurement, Unit
from study.guidance.claims import find
from tests.guidance import fakes

CLAIM = find()["flat-regions"]


def test_runs_of_arms_are_at_most_their_share_and_spread_over_the_problems():
    found = children.arm_runs(CLAIM, fakes.measurement(50, ["a", "b"]), 33)
    problems = list(dict.fromkeys(run.problem for run in found))
    assert len(found) == 32
    assert (problems[0], problems[-1]) == ("p0", "p49")
    assert all(len(run.x) == 100 and run.x[-1] == 299 for run in found)


def test_a_ledger_of_all_claims_has_at_most_600_runs_of_arms():
    assert 18 * (children.MOST_RUNS // 18) <= 600


def test_problems_that_have_their_runs_get_no_more():
    found = children.arm_runs(CLAIM, fakes.measurement(4, ["a"]), 10, without={"p0", "p2"})
    assert [run.problem for run in found] == ["p1", "p3"]


def test_what_a_claim_does_not_need_goes_to_the_others():
    needs = [3] * 6 + [200] * 12
    shares = children.shares(needs, 600)
    assert shares[:6] == [3] * 6
    assert sum(shares) in range(588, 601)
    assert children.shares([5, 0, 7], 600) == [5, 0, 7]


def test_arms_without_a_curve_get_a_run_where_their_problem_has_none():
    found = Measurement(fakes.measurement(3, ["a", "b"]).units)
    assert len(children.arm_runs(CLAIM, found, 33)) == children.runs_needed(found) == 6


def test_an_arm_without_a_curve_gets_no_run_where_its_problem_has_one():
    found = Measurement(fakes.measurement(1, ["a", "b"]).units, [Curve("p0", "a", range(3), range(3))])
    assert [run.tags["study.arm"] for run in children.arm_runs(CLAIM, found, 33)] == ["a"]


@pytest.mark.parametrize(("groups", "tag"), [(("low", "low"), "low"), (("low", "high"), None)])
def test_a_run_is_tagged_with_the_group_if_all_its_units_share_it(groups, tag):
    units = [Unit("p0", s, 0.1, group=group, arms={"a": 1.0}) for s, group in enumerate(groups)]
    (run,) = children.arm_runs(CLAIM, Measurement(units), 1)
    assert run.tags.get("study.group") == tag
    assert [unit["seed"] for unit in run.units["units"]] == [0, 1]
