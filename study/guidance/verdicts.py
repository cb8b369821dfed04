"""From measured units to a verdict. Pure: numbers in, numbers out.

A problem is what is sampled: its seeds are averaged first, and the interval is over problems, so that more
seeds make a problem's effect sharper but never count as more evidence about other problems.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

import numpy as np
from scipy import stats

from study.guidance.claim import Rule, Unit

Word = Literal["supported", "contradicted", "depends", "inconclusive"]

# A unit's effect is clipped here: no single run may carry a mean.
CLIP = math.log(10)
LEVEL = 0.95
# Two groups are tested, so each gets half the error.
GROUP_LEVEL = 0.975
# Share of problem effects above 0 that "supported" asks for.
AGREEMENT = 0.8
MIN_PROBLEMS = 10
MIN_GROUP = 6
# A cell counts as one where the thing occurs if it does so in this share of the cell's seeds. Half would let
# noise of either sign pass for an occurrence in one cell of four.
RELIABLY = 0.9
# Beyond this many, more problems are no way to settle a claim.
MOST_PROBLEMS = 10_000


@dataclass(frozen=True)
class Problem:
    """One problem's effect: the mean over its seeds."""

    name: str
    effect: float
    seeds: int
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """One side of the named separator, with its interval at 97.5 %.

    `verdict` is what the group alone would be called, "inconclusive" where it has too few problems.
    """

    name: str
    effect: float
    ci_low: float
    ci_high: float
    n: int
    verdict: Word
    limits: dict[str, float | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Grade:
    """A verdict and the numbers it follows from.

    Attributes
    ----------
    verdict : {"supported", "contradicted", "depends", "inconclusive"}
    reason : str
        A fixed phrase; for a contradicted effect "no effect that matters" or "opposite".
    effect, ci_low, ci_high : float
        Mean over problems and its 95 % interval; infinite ends where one problem allows none.
    n : int
        Problems, or cells for a claim graded on a share.
    agreeing : int
        Problems whose effect is above 0; for a share, cells where the thing occurs; for a regret, problems
        where it is below δ.
    ties : int
        Units whose effect is exactly 0, such as two misses.
    units : int
    delta : float
    rule : {"effect", "share", "regret"}
    groups : tuple of Group
    problems : tuple of Problem
    limits : dict
        What would change the verdict: see `limits`.
    """

    verdict: Word
    reason: str
    effect: float
    ci_low: float
    ci_high: float
    n: int
    agreeing: int
    ties: int
    units: int
    delta: float
    rule: Rule
    groups: tuple[Group, ...]
    problems: tuple[Problem, ...]
    limits: dict[str, float | None]


def grade(units: Iterable[Unit], rule: Rule, delta: float, separator: Sequence[str] = ()) -> Grade:
    """Grade one claim.

    Parameters
    ----------
    units : iterable of Unit
    rule : {"effect", "share", "regret"}
        `effect`: the mean is held against δ. `share`: the share of cells where a thing occurs, against δ.
        `regret`: the claim says that the mean stays below δ.
    delta : float
        The smallest effect that matters, or for `regret` the largest that does not.
    separator : sequence of two str
        The names of the two groups that the claim named before any run. Units' groups are ignored without it.

    Returns
    -------
    Grade

    Raises
    ------
    ValueError
        If there are no units, one is not a number, or one's group is not the separator's.
    """
    units = _checked(units, rule, separator)
    problems = problem_effects(units)
    n = len(problems)
    ties = sum(unit.effect == 0 for unit in units)
    effects = np.array([problem.effect for problem in problems])
    groups: tuple[Group, ...] = ()
    if rule == "share":
        occurs = int((effects >= RELIABLY - 1e-9).sum())
        effect, low, high = wilson(occurs, n)
        word, reason = _share(low, high, delta)
        agreeing = occurs
        lines = share_limits(n, delta)
    else:
        effect, low, high = t_interval(effects, LEVEL)
        agreeing = int((effects < delta).sum() if rule == "regret" else (effects > 0).sum())
        word, reason = _mean(effects, LEVEL, rule, delta)
        groups = tuple(_group(units, name, rule, delta) for name in separator)
        lines = limits(effects, LEVEL, rule, delta)
    if n < MIN_PROBLEMS:
        word, reason = "inconclusive", "too few problems"
    elif {group.verdict for group in groups} == {"supported", "contradicted"}:
        word, reason = "depends", "the groups disagree"
    return Grade(
        word, reason, effect, low, high, n, agreeing, ties, len(units), delta, rule, groups, problems, lines
    )


def problem_effects(units: Iterable[Unit]) -> tuple[Problem, ...]:
    """Each problem's mean over its units, every unit clipped to ±ln 10; in order of first appearance."""
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
    """Mean and Student-t interval; one effect has a mean and no ends.

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
    """A share and its Wilson interval.

    Examples
    --------
    >>> [round(end, 3) for end in wilson(3, 12)]
    [0.25, 0.089, 0.532]
    """
    p, z2 = occurs / n, float(stats.norm.ppf((1 + level) / 2)) ** 2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return p, max(middle - half, 0.0), min(middle + half, 1.0)


def limits(effects: np.ndarray, level: float, rule: Rule, delta: float) -> dict[str, float | None]:
    """What would change a verdict on a mean, with as many problems and their spread as they are.

    Returns
    -------
    dict
        `supported` and `contradicted`: the mean beyond which either begins. `problems`: how many problems
        with this mean and spread would settle it, None if it is settled or would take more than 10,000.
    """
    n = len(effects)
    if n < 2:
        return {"supported": None, "contradicted": None, "problems": None}
    mean, low, high = t_interval(effects, level)
    half = high - mean
    up, down = delta + half, delta - half
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
    first, second = ("contradicted", "supported") if rule == "regret" else ("supported", "contradicted")
    return {first: up, second: down, "problems": needed}


def share_limits(n: int, delta: float) -> dict[str, float | None]:
    """The fewest cells of n that make a share supported, the most that leave it contradicted."""
    # Both ends rise with k, so a bisection finds where each crosses δ.
    supported = _first(n, lambda k: wilson(k, n)[1] > delta)
    open_from = _first(n, lambda k: wilson(k, n)[2] >= delta)
    contradicted = n if open_from is None else open_from - 1
    return {
        "supported": None if supported is None else float(supported),
        "contradicted": float(contradicted) if contradicted >= 0 else None,
        "problems": None,
    }


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
    word = _mean(effects, GROUP_LEVEL, rule, delta)[0] if n >= MIN_GROUP else "inconclusive"
    return Group(name, effect, low, high, n, word, limits(effects, GROUP_LEVEL, rule, delta))


def _mean(effects: np.ndarray, level: float, rule: Rule, delta: float) -> tuple[Word, str]:
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
        # An interval across −δ is called by its middle.
        return "contradicted", "opposite" if mean < -delta else "no effect that matters"
    return "inconclusive", "the interval holds the smallest effect that matters"


def _share(low: float, high: float, delta: float) -> tuple[Word, str]:
    if low > delta:
        return "supported", "occurs often enough to matter"
    if high < delta:
        return "contradicted", "no effect that matters"
    return "inconclusive", "the interval holds the smallest share that matters"


@cache
def _quantile(level: float, freedom: int) -> float:
    return float(stats.t.ppf((1 + level) / 2, freedom))


def _counts(n: int) -> Iterable[int]:
    """Numbers of problems to try: every one at first, then in steps of a few per cent."""
    m = n + 1
    while m <= MOST_PROBLEMS:
        yield m
        m += max(1, m // 20)


def _first(n: int, holds: Callable[[int], bool]) -> int | None:
    """The smallest k up to n for which something holds that goes on to hold."""
    low, high = 0, n + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if middle > n or holds(middle) else (middle + 1, high)
    return low if low <= n else None
