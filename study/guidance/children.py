"""Which arms get a run of their own in the record, and what such a run holds. Knows no store."""

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.guidance.claim import Claim, Curve, Measurement, Unit

MOST_RUNS = 600
"""Runs of arms that one ledger has at most."""

MOST_POINTS = 100
"""Points that a run's curve has at most."""


@dataclass(frozen=True)
class ArmRun:
    """One arm of a claim on one problem: its run's name and tags, its mean curve and its raw values."""

    name: str
    tags: dict[str, str]
    x: np.ndarray
    y: np.ndarray
    units: dict[str, Any]

    @property
    def problem(self) -> str:
        """The problem's name."""
        return self.tags["study.problem"]


def arm_runs(claim: Claim, found: Measurement, most: int, without: Collection[str] = ()) -> list[ArmRun]:
    """Return a claim's runs of arms.

    A pair of a problem and an arm gets a run if it has a curve. An arm without a curve gets one if its problem
    has no curve at all. Where there are too many, problems are left out evenly, each with all its arms; the
    claim's own file holds the raw values of all problems.

    Parameters
    ----------
    claim : Claim
    found : Measurement
    most : int
        How many runs there may be.
    without : collection of str
        Problems that get no run.
    """
    curves = {(curve.problem, curve.arm): curve for curve in found.curves}
    arms = {problem: own for problem, own in _arms(found).items() if problem not in without}
    kept = evenly_spread(list(arms), [len(own) for own in arms.values()], most)
    return [
        _arm_run(claim, problem, arm, curves.get((problem, arm)), found.units)
        for problem in kept
        for arm in arms[problem]
    ]


def runs_needed(found: Measurement) -> int:
    """Return how many runs a claim has if no problem is left out."""
    return sum(map(len, _arms(found).values()))


def shares(needs: Sequence[int], most: int) -> list[int]:
    """Return how many runs each claim may have.

    A claim that needs less than an equal share gets all that it needs. What it leaves is shared equally by
    the claims that need more.

    Examples
    --------
    >>> shares([10, 300, 80, 200], 400)
    [10, 155, 80, 155]
    """
    given = [0] * len(needs)
    for place, claim in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
        given[claim] = min(needs[claim], (most - sum(given)) // (len(needs) - place))
    return given


def evenly_spread(names: Sequence[str], sizes: Sequence[int], most: int) -> list[str]:
    """Return as many names as fit, evenly spread over the list, in its order.

    Examples
    --------
    >>> evenly_spread(["a", "b", "c", "d", "e"], [2, 2, 2, 2, 2], 6)
    ['a', 'c', 'e']
    """
    for count in range(len(names), 0, -1):
        places = _even_places(len(names), count)
        if sum(sizes[place] for place in places) <= most:
            return [names[place] for place in places]
    return []


def unit_rows(units: Sequence[Unit]) -> list[dict[str, Any]]:
    """Return units as plain values, from which the claim can be graded again."""
    return [dataclasses.asdict(unit) for unit in units]


def _arms(found: Measurement) -> dict[str, list[str]]:
    """Each problem's arms that may have a run."""
    arms: dict[str, dict[str, None]] = {}
    for curve in found.curves:
        arms.setdefault(curve.problem, {})[curve.arm] = None
    for unit in found.units:
        if unit.problem not in arms:
            arms[unit.problem] = dict.fromkeys(unit.arms)
    return {problem: list(own) for problem, own in arms.items() if own}


def _even_places(n: int, count: int) -> np.ndarray:
    """At most `count` of the places 0 to n − 1, evenly spread, both ends among them."""
    return np.unique(np.linspace(0, n - 1, count).round().astype(int))


def _thinned(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """A curve's points, at most `MOST_POINTS`, both ends among them."""
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    if len(x) > MOST_POINTS:
        places = _even_places(len(x), MOST_POINTS)
        x, y = x[places], y[places]
    return x, y


def _arm_run(claim: Claim, problem: str, arm: str, curve: Curve | None, units: Sequence[Unit]) -> ArmRun:
    own = [unit for unit in units if unit.problem == problem]
    groups = {unit.group for unit in own}
    group = groups.pop() if len(groups) == 1 else None
    names = {"claim": claim.id, "problem": problem, "arm": arm}
    x, y = (np.array([]), np.array([])) if curve is None else _thinned(curve)
    return ArmRun(
        name=f"{arm}, {problem} ({claim.id})",
        tags={f"study.{key}": value for key, value in names.items()}
        | ({"study.group": group} if group else {}),
        x=x,
        y=y,
        units=names | {"units": unit_rows(own)},
    )
