"""What would change a verdict, against counting with scipy's intervals."""

import math

import numpy as np
import pytest
from scipy import stats

from study.guidance import verdicts
from study.guidance.verdicts import grade
from tests.guidance.test_verdicts import GROUPS, SPEED, given, split


@pytest.mark.parametrize("rule", ["effect", "regret"])
def test_a_mean_just_beyond_a_limit_has_that_verdict(rule):
    spread = 0.1 * np.random.default_rng(4).normal(size=12)
    limits = verdicts.mean_limits(spread, 0.95, rule, SPEED)
    for word in ("supported", "contradicted"):
        outward = 1 if (word == "supported") == (rule == "effect") else -1
        for beyond in (1e-6, -1e-6):
            shifted = spread - spread.mean() + getattr(limits, word) + beyond * outward
            assert (grade(given(*shifted), rule, SPEED).verdict == word) == (beyond > 0)


COUNTS = np.arange(2, 100_000)
WIDTHS = stats.t.ppf(0.975, COUNTS - 1) / np.sqrt(COUNTS)
"""Half of a 95 % interval over so many problems, as a multiple of their spread."""


def fewest_problems(effects, delta):
    """The fewest problems, more than there are, for which the interval no longer holds δ; infinite if too many."""
    settled = WIDTHS * effects.std(ddof=1) < abs(effects.mean() - delta)
    return min(COUNTS[settled & (len(effects) < COUNTS)], default=math.inf)


@pytest.mark.parametrize("rule", ["effect", "regret"])
@pytest.mark.parametrize("n", [2, 3, 4, 12])
def test_as_many_problems_as_it_says_settle_it(n, rule):
    draw, seen = np.random.default_rng(6), set()
    for _ in range(200):
        effects = SPEED + draw.normal(0.3, 0.4, size=n)
        limits = verdicts.mean_limits(effects, 0.95, rule, SPEED)
        low, high = stats.ttest_1samp(effects, 0).confidence_interval(0.95)
        if not low <= SPEED <= high:
            assert limits.problems is None
            continue
        fewest = fewest_problems(effects, SPEED)
        if fewest > 10_000:
            assert limits.problems is None
        elif limits.problems is None:
            assert fewest > 10_000 / 1.05
        elif fewest < 40:
            assert limits.problems == fewest
        else:  # the numbers that are tried are 5 % apart
            assert fewest <= limits.problems <= 1.05 * fewest
            assert limits.problems == int(limits.problems)
        seen.add(fewest)
    assert n + 1 in seen
    assert any(100 < fewest <= 10_000 for fewest in seen)


def test_no_number_of_problems_settles_a_mean_at_delta_or_very_near_to_it():
    for mean in (0.5, 0.5 + 1e-3):
        effects = mean + np.array([-0.25, 0.25] * 6)
        assert verdicts.mean_limits(effects, 0.95, "effect", 0.5).problems is None


def test_one_effect_has_no_limits():
    limits = verdicts.mean_limits(np.array([0.4]), 0.95, "effect", SPEED)
    assert (limits.supported, limits.contradicted, limits.problems) == (None, None, None)


@pytest.mark.parametrize(("rule", "supported", "contradicted"), [("effect", 1, -1), ("regret", -1, 1)])
def test_the_limits_of_a_mean_are_half_an_interval_from_delta(rule, supported, contradicted):
    effects = np.linspace(-0.1, 0.3, 12)
    found = grade(split(effects[:6], effects[6:]), rule, SPEED, GROUPS)
    for part, level, graded in ((effects, 0.95, found), (effects[6:], 0.975, found.groups[1])):
        low, high = stats.ttest_1samp(part, 0).confidence_interval(level)
        half = (high - low) / 2
        assert graded.limits.supported == pytest.approx(SPEED + supported * half, rel=1e-12)
        assert graded.limits.contradicted == pytest.approx(SPEED + contradicted * half, rel=1e-12)


def scipys_ends(occurs, n):
    """The ends of scipy's Wilson interval."""
    return stats.binomtest(occurs, n).proportion_ci(method="wilson")


@pytest.mark.parametrize("delta", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 12, 35, 40, 700])
def test_the_limits_of_a_share_are_the_first_and_the_last_number_with_that_verdict(n, delta):
    ends = [scipys_ends(occurs, n) for occurs in range(n + 1)]
    above = [occurs for occurs, (low, _) in enumerate(ends) if low > delta]
    below = [occurs for occurs, (_, high) in enumerate(ends) if high < delta]
    limits = verdicts.share_limits(n, delta)
    assert limits.supported == (min(above) if above else None)
    assert limits.contradicted == (max(below) if below else None)
    cells = given(*[0.0] * n)
    assert grade(cells, "share", delta).limits == limits


def test_a_share_whose_interval_ends_exactly_at_delta_has_no_verdict_yet():
    _, low, _ = verdicts.wilson(5, 12)
    assert verdicts.share_limits(12, low).supported == 6
    _, _, high = verdicts.wilson(5, 12)
    assert verdicts.share_limits(12, high).contradicted == 4
