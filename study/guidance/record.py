"""What the ledger leaves in the record: which arms get a run of their own, and what it holds. Knows no store."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.guidance.claims import Claim
from study.guidance.measurement import Curve, Measurement, Unit

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


def children(claim: Claim, found: Measurement, most: int) -> list[Child]:
    """A claim's runs, at most `most`.

    A pair of a problem and an arm that has a curve gets one; an arm that has none does if its problem has
    no curve at all. Where there are too many, problems are left out evenly, each with all its arms; their
    raw values are in the claim's own file with all others.
    """
    curves = {(curve.problem, curve.arm): curve for curve in found.curves}
    arms: dict[str, dict[str, None]] = {}
    for problem, arm in curves:
        arms.setdefault(problem, {})[arm] = None
    for unit in found.units:
        if unit.problem not in arms:
            arms[unit.problem] = dict.fromkeys(unit.arms)
    kept = spread([problem for problem in arms if arms[problem]], [len(a) for a in arms.values() if a], most)
    return [
        _child(claim, problem, arm, curves.get((problem, arm)), found.units)
        for problem in kept
        for arm in arms[problem]
    ]


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
