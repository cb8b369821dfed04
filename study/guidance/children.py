"""What the ledger leaves in the record: which arms get a run of their own, and what it holds. Knows no store."""

import dataclasses
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.guidance.claim import Curve, Measurement, Unit
from study.guidance.claims import Claim

# A ledger's children in all, and a curve's points.
MOST_CHILDREN = 600
MOST_POINTS = 100


@dataclass(frozen=True)
class Child:
    """One (claim, problem, arm): what its run is called, its tags, its curve and its raw values."""

    name: str
    tags: dict[str, str]
    x: np.ndarray
    y: np.ndarray
    units: dict[str, Any]


def children(claim: Claim, found: Measurement, most: int, without: Collection[str] = ()) -> list[Child]:
    """A claim's runs, at most `most`, of problems that are not among those left out.

    A pair of a problem and an arm that has a curve gets one; an arm that has none does if its problem has
    no curve at all. Where there are too many, problems are left out evenly, each with all its arms; their
    raw values are in the claim's own file with all others.
    """
    curves = {(curve.problem, curve.arm): curve for curve in found.curves}
    arms = {problem: own for problem, own in _arms(found).items() if problem not in without}
    kept = spread(list(arms), [len(own) for own in arms.values()], most)
    return [
        _child(claim, problem, arm, curves.get((problem, arm)), found.units)
        for problem in kept
        for arm in arms[problem]
    ]


def need(found: Measurement) -> int:
    """How many runs a claim has if none is left out."""
    return sum(map(len, _arms(found).values()))


def shares(needs: Sequence[int], most: int) -> list[int]:
    """How many runs each claim may have: all that it needs below the equal share, and the rest share what is left.

    Examples
    --------
    >>> shares([10, 300, 80, 200], 400)
    [10, 155, 80, 155]
    """
    given = [0] * len(needs)
    for left, place in enumerate(sorted(range(len(needs)), key=needs.__getitem__)):
        given[place] = min(needs[place], (most - sum(given)) // (len(needs) - left))
    return given


def _arms(found: Measurement) -> dict[str, list[str]]:
    """Each problem's arms that may have a run."""
    arms: dict[str, dict[str, None]] = {}
    for curve in found.curves:
        arms.setdefault(curve.problem, {})[curve.arm] = None
    for unit in found.units:
        if unit.problem not in arms:
            arms[unit.problem] = dict.fromkeys(unit.arms)
    return {problem: list(own) for problem, own in arms.items() if own}


def spread(names: Sequence[str], sizes: Sequence[int], most: int) -> list[str]:
    """As many names as fit, evenly spread over the list, in its order.

    Examples
    --------
    >>> spread(["a", "b", "c", "d", "e"], [2, 2, 2, 2, 2], 6)
    ['a', 'c', 'e']
    """
    for count in range(len(names), 0, -1):
        places = np.unique(np.linspace(0, len(names) - 1, count).round().astype(int))
        if sum(sizes[place] for place in places) <= most:
            return [names[place] for place in places]
    return []


def rows(units: Sequence[Unit]) -> list[dict[str, Any]]:
    """Units as plain values, from which anyone can grade again."""
    return [dataclasses.asdict(unit) for unit in units]


def thinned(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """A curve's points, at most 100, both ends among them."""
    x, y = np.asarray(curve.x, float), np.asarray(curve.y, float)
    if len(x) > MOST_POINTS:
        places = np.unique(np.linspace(0, len(x) - 1, MOST_POINTS).round().astype(int))
        x, y = x[places], y[places]
    return x, y


def _child(claim: Claim, problem: str, arm: str, curve: Curve | None, units: Sequence[Unit]) -> Child:
    own = [unit for unit in units if unit.problem == problem]
    groups = {unit.group for unit in own}
    group = groups.pop() if len(groups) == 1 else None
    names = {"claim": claim.id, "problem": problem, "arm": arm}
    x, y = (np.array([]), np.array([])) if curve is None else thinned(curve)
    tags = {f"study.{key}": value for key, value in names.items()} | ({"study.group": group} if group else {})
    return Child(
        name=f"{arm}, {problem} ({claim.id})",
        tags=tags,
        x=x,
        y=y,
        units=names | {"units": rows(own)},
    )
