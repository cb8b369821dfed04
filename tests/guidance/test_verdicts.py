"""Verdicts on arms whose true effect is known."""

import math
import re

import numpy as np
import pytest
from scipy import stats

from study.guidance import claims, verdicts
from study.guidance.claim import DELTAS, Unit
from study.guidance.verdicts import grade

REPEATS, PROBLEMS, SEEDS, SEED_SD = 200, 12, 5, 0.2
SPEED = DELTAS["speed"]
GROUPS = ("low", "high")


def units(draw, means, between, separator=GROUPS, occurrence=None, seeds=SEEDS):
    """Twelve problems' units about their true means, the first half in the first group."""
    centres = np.broadcast_to(means, PROBLEMS) + between * draw.normal(size=PROBLEMS)
    effects = centres[:, None] + SEED_SD * draw.normal(size=(PROBLEMS, seeds))
    if occurrence is not None:
        effects = (effects > occurrence).astype(float)
    groups = np.repeat(separator, PROBLEMS // 2) if separator else [None] * PROBLEMS
    return [
        Unit(f"problem {p}", seed, float(effects[p, seed]), group=groups[p] and str(groups[p]))
        for p in range(PROBLEMS)
        for seed in range(seeds)
    ]


def verdicts_on(means, between, *, delta=SPEED, rule="effect", separator=(), seed=0, **settings):
    draw = np.random.default_rng(seed)
    return [
        grade(units(draw, means, between, **settings), rule, delta, separator).verdict for _ in range(REPEATS)
    ]


def share(found, *wanted):
    return sum(verdict in wanted for verdict in found) / len(found)


def given(*effects, group=None, seeds=3):
    """Problems whose every seed has the same effect."""
    return [Unit(f"p{i}", s, e, group=group) for i, e in enumerate(effects) for s in range(seeds)]


# ---- identical arms, jointly over the ledger ---------------------------------------------------------


def false_alarm(claim, draw):
    """Whether a claim is called supported or depends although its arms are the same on average.

    A share is graded on whether one arm is ahead by δ in a unit. A regret of nothing is rightly supported,
    so there only `depends` would be wrong.
    """
    separator = claim.separator.groups if claim.separator else ()
    occurrence = SPEED if claim.rule == "share" else None
    found = units(draw, 0.0, 0.15, separator or None, occurrence)
    verdict = grade(found, claim.rule, claim.delta, separator).verdict
    return verdict == "depends" or (verdict == "supported" and claim.rule != "regret")


def test_identical_arms_are_supported_or_depends_in_at_most_5_percent_over_all_claims_jointly():
    found = claims.find().values()
    assert len(found) == 18
    draw = np.random.default_rng(0)
    alarms = np.array([[false_alarm(claim, draw) for claim in found] for _ in range(REPEATS)])
    assert alarms.any(axis=1).mean() <= 0.05


# ---- one claim --------------------------------------------------------------------------------------


@pytest.mark.parametrize("delta", DELTAS.values(), ids=DELTAS)
@pytest.mark.parametrize("separator", [(), GROUPS], ids=["plain", "separator"])
def test_a_true_effect_of_exactly_delta_is_supported_in_at_most_5_percent(delta, separator):
    assert share(verdicts_on(delta, 0.15, delta=delta, separator=separator), "supported") <= 0.05


def test_a_regret_of_exactly_delta_is_supported_in_at_most_5_percent():
    assert share(verdicts_on(SPEED, 0.15, rule="regret"), "supported") <= 0.05


@pytest.mark.parametrize("delta", DELTAS.values(), ids=DELTAS)
@pytest.mark.parametrize("separator", [(), GROUPS], ids=["plain", "separator"])
def test_a_planted_30_percent_is_supported_in_at_least_90_percent(delta, separator):
    assert share(verdicts_on(math.log(1.3), 0.05, delta=delta, separator=separator), "supported") >= 0.9


MIXED = np.repeat([math.log(1.5), math.log(0.7)], PROBLEMS // 2)


@pytest.mark.parametrize("delta", DELTAS.values(), ids=DELTAS)
@pytest.mark.parametrize("means", [MIXED, MIXED[::-1]], ids=["first", "second"])
def test_opposite_effects_in_the_named_groups_are_depends_in_at_least_90_percent(delta, means):
    assert share(verdicts_on(means, 0.05, delta=delta, separator=GROUPS), "depends") >= 0.9


def test_a_split_that_was_not_named_never_yields_depends():
    # The units carry their groups, and the effect follows them; the claim named no separator.
    assert share(verdicts_on(MIXED, 0.05, separator=()), "depends") == 0
    # The claim named another separator than the one that the effect follows.
    across = np.tile([math.log(1.5), math.log(0.7)], PROBLEMS // 2)
    assert share(verdicts_on(across, 0.05, separator=GROUPS), "depends") == 0


def test_a_share_never_depends():
    assert (
        share(verdicts_on(MIXED, 0.05, rule="share", delta=0.1, occurrence=0, separator=GROUPS), "depends")
        == 0
    )


# ---- the rules, one by one --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effects", "verdict", "reason"),
    [
        ([0.3] * 12, "supported", "an effect that matters"),
        ([0.0] * 12, "contradicted", "no effect that matters"),
        ([0.05] * 12, "contradicted", "no effect that matters"),
        ([-0.3] * 12, "contradicted", "opposite"),
        ([0.3, -0.1] * 6, "inconclusive", "the interval holds the smallest effect that matters"),
        # A mean that three problems of twelve do not share.
        ([1.0] * 9 + [-0.01] * 3, "inconclusive", "too few problems agree"),
        ([0.3] * 9, "inconclusive", "too few problems"),
    ],
)
def test_an_effect_is_compared_with_delta(effects, verdict, reason):
    found = grade(given(*effects), "effect", SPEED)
    assert (found.verdict, found.reason, found.n) == (verdict, reason, len(effects))
    assert found.effect == pytest.approx(np.mean(effects))


@pytest.mark.parametrize(
    ("occurs", "n", "verdict", "reason"),
    [
        (4, 12, "supported", "occurs often enough to matter"),
        (3, 12, "inconclusive", "the interval holds the smallest share that matters"),
        (0, 12, "inconclusive", "the interval holds the smallest share that matters"),
        (0, 40, "contradicted", "no effect that matters"),
    ],
)
def test_a_share_of_cells_is_compared_with_delta(occurs, n, verdict, reason):
    found = grade(given(*[1.0] * occurs, *[0.0] * (n - occurs)), "share", 0.1)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert (found.effect, found.agreeing) == (occurs / n, occurs)


def test_a_cell_counts_where_the_thing_occurs_reliably():
    cells = [
        Unit(f"cell {c}", s, float(s < occurs))
        for c, occurs in enumerate([10, 9, 8, 5] * 3)
        for s in range(10)
    ]
    assert grade(cells, "share", 0.1).agreeing == 6


@pytest.mark.parametrize(
    ("effects", "verdict", "reason"),
    [
        ([0.01] * 12, "supported", "costs less than matters"),
        ([0.5] * 12, "contradicted", "costs more than matters"),
        ([0.0, 0.2] * 6, "inconclusive", "the interval holds the smallest effect that matters"),
    ],
)
def test_a_regret_is_supported_if_it_stays_below_delta(effects, verdict, reason):
    found = grade(given(*effects), "regret", SPEED)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_ten_problems_are_enough_and_nine_are_not():
    assert grade(given(*[0.3] * 10), "effect", SPEED).verdict == "supported"
    assert grade(given(*[0.3] * 9), "effect", SPEED).verdict == "inconclusive"


@pytest.mark.parametrize(("others", "verdict"), [([-0.01] * 2, "supported"), ([0.0] * 3, "inconclusive")])
def test_eight_problems_of_ten_must_be_above_zero_and_zero_is_not(others, verdict):
    found = grade(given(*[1.0] * (10 - len(others)), *others), "effect", SPEED)
    assert (found.verdict, found.ci_low > SPEED) == (verdict, True)


def test_problems_that_agree_are_above_zero_or_for_a_regret_below_delta():
    effects = [0.125, 0.25, 0.2, -0.1, 0.03, 1.5, 0.124, -2.0, 0.126, 0.0]
    assert grade(given(*effects), "effect", 0.125).agreeing == 7
    assert grade(given(*effects), "regret", 0.125).agreeing == 5  # −0.1, 0.03, 0.124, −2 and 0


def test_a_mean_of_minus_delta_is_no_opposite_effect():
    assert grade(given(*[-0.125] * 12), "effect", 0.125).reason == "no effect that matters"
    assert grade(given(*[-0.25] * 12), "effect", 0.125).reason == "opposite"


@pytest.mark.parametrize("rule", ["effect", "regret", "share"])
@pytest.mark.parametrize("end", ["ci_low", "ci_high"])
def test_an_interval_that_ends_exactly_at_delta_is_inconclusive(rule, end):
    found = given(*[1.0] * 9, *[0.0] * 3) if rule == "share" else given(*np.linspace(0.3, 0.5, 12))
    delta = getattr(grade(found, rule, 0.1), end)
    for beyond, inconclusive in ((0.0, True), (1e-9, False)):
        moved = delta - beyond if end == "ci_low" else delta + beyond
        assert (grade(found, rule, moved).verdict == "inconclusive") == inconclusive


def test_the_interval_is_over_problems_and_not_over_units():
    draw = np.random.default_rng(1)
    few, many = (units(draw, 0.1, 0.15, seeds=seeds) for seeds in (5, 100))
    a, b = (grade(found, "effect", SPEED) for found in (few, many))
    assert a.n == b.n == PROBLEMS
    assert b.ci_high - b.ci_low > 0.5 * (a.ci_high - a.ci_low)


def test_the_interval_covers_what_it_says():
    draw, covered, repeats = np.random.default_rng(2), 0, 1000
    for _ in range(repeats):
        found = grade(units(draw, 0.2, 0.15), "effect", SPEED)
        covered += found.ci_low < 0.2 < found.ci_high
    assert 0.93 <= covered / repeats <= 0.97


@pytest.mark.parametrize("level", [0.9, 0.95, 0.975])
@pytest.mark.parametrize("n", [2, 3, 12])
def test_the_interval_of_a_mean_is_scipy_s(n, level):
    effects = np.random.default_rng(5).normal(size=n)
    interval = stats.ttest_1samp(effects, 0).confidence_interval(level)
    assert verdicts.t_interval(effects, level) == pytest.approx((effects.mean(), *interval), rel=1e-12)


@pytest.mark.parametrize(("occurs", "n"), [(0, 12), (3, 12), (12, 12), (37, 400)])
def test_wilson_is_scipy_s(occurs, n):
    interval = stats.binomtest(occurs, n).proportion_ci(method="wilson")
    assert verdicts.wilson(occurs, n)[1:] == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_units_are_clipped_before_they_are_averaged():
    found = verdicts.problem_effects([Unit("p", 0, 50.0), Unit("p", 1, 0.0), Unit("q", 0, -math.inf)])
    assert [problem.effect for problem in found] == pytest.approx([math.log(10) / 2, -math.log(10)])


def test_a_problem_has_its_name_its_number_of_seeds_and_the_groups_of_its_units():
    found = grade(
        [
            Unit("iris", 0, 0.5, group="high"),
            Unit("wine", 7, 0.25),
            Unit("iris", 1, 0.5, group="low"),
            Unit("iris", 1, 0.5, group="high"),  # a second unit of the same seed
        ],
        "effect",
        SPEED,
    )
    assert [(p.name, p.effect, p.seeds, p.groups) for p in found.problems] == [
        ("iris", 0.5, 2, ("high", "low")),
        ("wine", 0.25, 1, ()),
    ]


# ---- groups -----------------------------------------------------------------------------------------


def split(low, high):
    return [
        *given(*low, group="low"),
        *(Unit(f"q{u.problem}", u.seed, u.effect, group="high") for u in given(*high)),
    ]


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        ([0.4] * 6, [-0.4] * 6, "depends"),
        ([0.4] * 6, [0.0] * 6, "depends"),
        ([0.0] * 6, [-0.4] * 6, "contradicted"),
        # Too few problems in a group to speak of it.
        ([0.4] * 7, [-0.4] * 5, "inconclusive"),
    ],
)
def test_a_claim_depends_if_its_groups_have_opposite_verdicts(low, high, verdict):
    found = grade(split(low, high), "effect", SPEED, GROUPS)
    assert found.verdict == verdict
    assert (found.reason == "the groups disagree") == (verdict == "depends")


def test_a_group_of_five_problems_is_inconclusive_and_one_of_six_is_not():
    groups = grade(split([0.4] * 6, [-0.4] * 5), "effect", SPEED, GROUPS).groups
    assert [(g.name, g.n, g.verdict) for g in groups] == [
        ("low", 6, "supported"),
        ("high", 5, "inconclusive"),
    ]


def test_a_regret_may_depend():
    found = grade(split([0.01] * 6, [0.4] * 6), "regret", SPEED, GROUPS)
    assert found.verdict == "depends"
    assert [(g.name, g.verdict) for g in found.groups] == [("low", "supported"), ("high", "contradicted")]
    assert grade(split([0.01] * 6, [0.02] * 6), "regret", SPEED, GROUPS).verdict == "supported"


def test_groups_are_tested_at_97_5_percent():
    draw = np.random.default_rng(3)
    found = grade(units(draw, MIXED, 0.05), "effect", SPEED, GROUPS).groups[0]
    effects = [p.effect for p in verdicts.problem_effects(units(np.random.default_rng(3), MIXED, 0.05)[:30])]
    assert (found.effect, found.ci_low, found.ci_high) == pytest.approx(
        verdicts.t_interval(np.array(effects), 0.975)
    )


def test_a_problem_may_have_cells_in_both_groups_and_counts_once():
    cells = [
        Unit(f"p{p}", s, effect, group=group)
        for p in range(12)
        for s in range(3)
        for group, effect in (("low", 0.5), ("high", -0.5))
    ]
    found = grade(cells, "effect", SPEED, GROUPS)
    assert (found.verdict, found.n, [g.n for g in found.groups]) == ("depends", 12, [12, 12])


def test_an_empty_group_is_no_verdict():
    found = grade(given(*[0.4] * 12, group="low"), "effect", SPEED, GROUPS)
    empty = found.groups[1]
    assert (found.verdict, empty.name, empty.n, empty.verdict) == ("supported", "high", 0, "inconclusive")
    assert (empty.ci_low, empty.ci_high, empty.limits) == (-math.inf, math.inf, None)
    assert math.isnan(empty.effect)


# ---- edges ------------------------------------------------------------------------------------------


def test_one_problem_has_an_effect_and_no_interval():
    found = grade(given(0.5), "effect", SPEED)
    assert (found.verdict, found.effect, found.ci_low, found.ci_high) == (
        "inconclusive",
        0.5,
        -math.inf,
        math.inf,
    )


def test_misses_of_both_arms_are_counted():
    found = grade(given(*[0.0] * 12), "effect", SPEED)
    assert (found.ties, found.units, found.ci_low, found.ci_high) == (36, 36, 0.0, 0.0)


@pytest.mark.parametrize(
    ("found", "rule", "separator", "message"),
    [
        ([], "effect", (), "nothing to grade: no units"),
        ([Unit("iris", 2, math.nan)], "effect", (), "iris, seed 2: the effect is not a number"),
        (
            [Unit("iris", 0, 1.5)],
            "share",
            (),
            "iris, seed 0: 1.5 is no occurrence, which is from 0 to 1",
        ),
        (
            [Unit("iris", 0, 0.1)],
            "effect",
            GROUPS,
            "iris, seed 0: group None is not one of ['low', 'high']",
        ),
        ([Unit("iris", 0, 0.1)], "effect", ("low",), "a separator names two groups, not ['low']"),
        ([Unit("iris", 0, 0.1)], "median", (), "unknown rule 'median'"),
    ],
)
def test_what_cannot_be_graded_is_refused(found, rule, separator, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        grade(found, rule, SPEED, separator)
