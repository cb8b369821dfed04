"""From measured units to a verdict. Pure functions: numbers in, numbers out.

Problems are the sample. A problem's seeds are averaged first, and the interval is over problems. More seeds
make one problem's effect more precise; they are no evidence about other problems.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import stats

from study.guidance.claim import Unit
from study.verdict import (
    AGREEMENT,
    CLIP,
    GROUP_LEVEL,
    LEVEL,
    MIN_GROUP,
    MIN_PROBLEMS,
    RELIABLY,
    Limits,
    Rule,
    Verdict,
)

MOST_PROBLEMS = 10_000
"""If more problems than this would be needed, their number is not reported."""

ROUNDING = 1e-9
"""A mean of zeros and ones may lie this far below the share that it stands for."""


@dataclass(frozen=True)
class Problem:
    """One problem's effect: the mean over its seeds."""

    name: str
    effect: float
    seeds: int
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """One group of problems, with its interval at `GROUP_LEVEL`.

    `verdict` is the verdict on the group alone, "inconclusive" where it has too few problems. `limits` is None
    for a group without problems.
    """

    name: str
    effect: float
    ci_low: float
    ci_high: float
    n: int
    verdict: Verdict
    limits: Limits | None = None


@dataclass(frozen=True)
class Grade:
    """A verdict and the numbers it follows from.

    Attributes
    ----------
    verdict : {"supported", "contradicted", "depends", "inconclusive"}
    reason : str
        A fixed phrase; for a contradicted effect "no effect that matters" or "opposite".
    effect, ci_low, ci_high : float
        Mean over problems and its interval at `LEVEL`; the ends are infinite where there is one problem.
    n : int
        Problems, or cells for a claim that is graded by a share.
    agreeing : int
        Problems whose effect is above 0; for a share, cells where the thing occurs; for a regret, problems
        whose cost is below δ.
    ties : int
        Units whose effect is exactly 0, such as those where neither arm reached its target.
    units : int
    groups : tuple of Group
    problems : tuple of Problem
    limits : Limits
        What would change the verdict.
    """

    verdict: Verdict
    reason: str
    effect: float
    ci_low: float
    ci_high: float
    n: int
    agreeing: int
    ties: int
    units: int
    groups: tuple[Group, ...]
    problems: tuple[Problem, ...]
    limits: Limits


def grade(units: Iterable[Unit], rule: Rule, delta: float, separator: Sequence[str] = ()) -> Grade:
    """Grade one claim.

    Parameters
    ----------
    units : iterable of Unit
    rule : {"effect", "share", "regret"}
        "effect": the mean is compared with δ. "share": the share of cells where a thing occurs is compared
        with δ. "regret": the claim says that the mean stays below δ.
    delta : float
        δ, the smallest effect that matters, or for a regret the largest that does not.
    separator : sequence of two str
        The names of the two groups that the claim named before any run. Without them the groups of the units
        are ignored.

    Returns
    -------
    Grade

    Raises
    ------
    ValueError
        If there are no units, an effect is not a number, or a unit's group is not one of the separator's.
    """
    units = _checked(units, rule, separator)
    problems = problem_effects(units)
    n = len(problems)
    ties = sum(unit.effect == 0 for unit in units)
    effects = np.array([problem.effect for problem in problems])
    groups: tuple[Group, ...] = ()
    if rule == "share":
        agreeing = int((effects >= RELIABLY - ROUNDING).sum())
        effect, low, high = wilson(agreeing, n)
        verdict, reason = _share_verdict(low, high, delta)
        limits = share_limits(n, delta)
    else:
        effect, low, high = t_interval(effects, LEVEL)
        agreeing = int((effects < delta).sum() if rule == "regret" else (effects > 0).sum())
        verdict, reason = _mean_verdict(effects, LEVEL, rule, delta)
        groups = tuple(_group(units, name, rule, delta) for name in separator)
        limits = mean_limits(effects, LEVEL, rule, delta)
    if n < MIN_PROBLEMS:
        verdict, reason = "inconclusive", "too few problems"
    elif {group.verdict for group in groups} == {"supported", "contradicted"}:
        verdict, reason = "depends", "the groups disagree"
    return Grade(verdict, reason, effect, low, high, n, agreeing, ties, len(units), groups, problems, limits)


def problem_effects(units: Iterable[Unit]) -> tuple[Problem, ...]:
    """Return each problem's mean over its units, every unit clipped to ±`CLIP`, in order of first appearance."""
    values: dict[str, list[float]] = defaultdict(list)
    seeds: dict[str, set[int]] = defaultdict(set)
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for unit in units:
        values[unit.problem].append(min(max(unit.effect, -CLIP), CLIP))
        seeds[unit.problem].add(unit.seed)
        if unit.group is not None:
            groups[unit.problem][unit.group] = None
    return tuple(
        Problem(name, math.fsum(found) / len(found), len(seeds[name]), tuple(groups[name]))
        for name, found in values.items()
    )


def t_interval(effects: np.ndarray, level: float) -> tuple[float, float, float]:
    """Return the mean and its Student-t interval; the ends are infinite where there is one effect.

    Examples
    --------
    >>> [round(end, 3) for end in t_interval(np.array([0.1, 0.2, 0.3]), 0.95)]
    [0.2, -0.048, 0.448]
    """
    n = len(effects)
    mean = float(np.mean(effects))
    if n < 2:
        return mean, -math.inf, math.inf
    half = _quantile(level, n - 1) * float(np.std(effects, ddof=1)) / math.sqrt(n)
    return mean, mean - half, mean + half


@cache
def wilson(occurs: int, n: int, level: float = LEVEL) -> tuple[float, float, float]:
    """Return a share and its Wilson score interval.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference", JASA 1927.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(3, 12)]
    [0.25, 0.089, 0.532]
    """
    p, z2 = occurs / n, float(stats.norm.ppf((1 + level) / 2)) ** 2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return p, max(middle - half, 0.0), min(middle + half, 1.0)


def mean_limits(effects: np.ndarray, level: float, rule: Rule, delta: float) -> Limits:
    """Return what would change a verdict on a mean, if the problems' number and spread stay as they are."""
    n = len(effects)
    if n < 2:
        return Limits()
    mean, low, high = t_interval(effects, level)
    half = high - mean
    needed = None
    if low <= delta <= high and mean != delta:
        spread = float(np.std(effects, ddof=1))
        needed = next(
            (
                float(m)
                for m in _counts(n)
                if _quantile(level, m - 1) * spread / math.sqrt(m) < abs(mean - delta)
            ),
            None,
        )
    if rule == "regret":
        return Limits(supported=delta - half, contradicted=delta + half, problems=needed)
    return Limits(supported=delta + half, contradicted=delta - half, problems=needed)


def share_limits(n: int, delta: float) -> Limits:
    """Return the fewest of n cells that make a share supported, and the most that make it contradicted."""
    # Both ends of the interval rise with k, so a bisection finds where each of them passes δ.
    supported = _first(n, lambda k: wilson(k, n)[1] > delta)
    open_from = _first(n, lambda k: wilson(k, n)[2] >= delta)
    contradicted = n if open_from is None else open_from - 1
    return Limits(
        supported=None if supported is None else float(supported),
        contradicted=float(contradicted) if contradicted >= 0 else None,
    )


def _checked(units: Iterable[Unit], rule: str, separator: Sequence[str]) -> list[Unit]:
    units = list(units)
    if not units:
        raise ValueError("nothing to grade: no units")
    if rule not in ("effect", "share", "regret"):
        raise ValueError(f"unknown rule {rule!r}")
    if separator and len(set(separator)) != 2:
        raise ValueError(f"a separator names two groups, not {list(separator)}")
    for unit in units:
        where = f"{unit.problem}, seed {unit.seed}"
        if math.isnan(unit.effect):
            raise ValueError(f"{where}: the effect is not a number")
        if rule == "share" and not 0 <= unit.effect <= 1:
            raise ValueError(f"{where}: {unit.effect:g} is no occurrence, which is from 0 to 1")
        if separator and unit.group not in separator:
            raise ValueError(f"{where}: group {unit.group!r} is not one of {list(separator)}")
    return units


def _group(units: Sequence[Unit], name: str, rule: Rule, delta: float) -> Group:
    problems = problem_effects(unit for unit in units if unit.group == name)
    n = len(problems)
    if n == 0:
        return Group(name, math.nan, -math.inf, math.inf, 0, "inconclusive")
    effects = np.array([problem.effect for problem in problems])
    effect, low, high = t_interval(effects, GROUP_LEVEL)
    verdict = _mean_verdict(effects, GROUP_LEVEL, rule, delta)[0] if n >= MIN_GROUP else "inconclusive"
    return Group(name, effect, low, high, n, verdict, mean_limits(effects, GROUP_LEVEL, rule, delta))


def _mean_verdict(effects: np.ndarray, level: float, rule: Rule, delta: float) -> tuple[Verdict, str]:
    mean, low, high = t_interval(effects, level)
    if rule == "regret":
        if high < delta:
            return "supported", "costs less than matters"
        if low > delta:
            return "contradicted", "costs more than matters"
        return "inconclusive", "the interval holds the smallest effect that matters"
    if low > delta:
        if (effects > 0).mean() >= AGREEMENT:
            return "supported", "an effect that matters"
        return "inconclusive", "too few problems agree"
    if high < delta:
        # Where the interval holds −δ, the mean decides which of the two reasons is given.
        return "contradicted", "opposite" if mean < -delta else "no effect that matters"
    return "inconclusive", "the interval holds the smallest effect that matters"


def _share_verdict(low: float, high: float, delta: float) -> tuple[Verdict, str]:
    if low > delta:
        return "supported", "occurs often enough to matter"
    if high < delta:
        return "contradicted", "no effect that matters"
    return "inconclusive", "the interval holds the smallest share that matters"


@cache
def _quantile(level: float, freedom: int) -> float:
    return float(stats.t.ppf((1 + level) / 2, freedom))


def _counts(n: int) -> Iterable[int]:
    """Numbers of problems to try: each at first, then in steps of 5 %."""
    m = n + 1
    while m <= MOST_PROBLEMS:
        yield m
        m += max(1, m // 20)


def _first(n: int, holds: Callable[[int], bool]) -> int | None:
    """Return the smallest k up to n for which a condition holds that then holds for every larger k."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle > n or holds(middle) else (middle + 1, high)
    return low if low <= n else None
