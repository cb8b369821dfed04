"""Units summed up, for pictures and for what is shown beside a verdict."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from study.figures.panel import Series
from study.guidance.claim import Separator, Unit

Value = Callable[[Unit], float]


def kappa(unit: Unit) -> float:
    """Where a unit lies on an axis of κ: its separator, or the arm of that name where that is another's."""
    return unit.arms["kappa"] if "kappa" in unit.arms else cut(unit)


def cut(unit: Unit) -> float:
    """The separator, which is a number in every claim measured here."""
    return float(unit.separator or 0.0)


def arm(name: str) -> Value:
    """An arm's value."""
    return lambda unit: unit.arms[name]


def separator(claim_id: str) -> Separator:
    """The quantity that the ledger names for a claim, and its sides."""
    from study.guidance.claims import find

    found = find()[claim_id].separator
    assert found is not None, claim_id
    return found


def by_problem(units: Sequence[Unit], value: Value) -> dict[str, float]:
    """Mean over its seeds, a problem."""
    found: dict[str, list[float]] = {}
    for unit in units:
        found.setdefault(unit.problem, []).append(value(unit))
    return {problem: float(np.mean(values)) for problem, values in found.items()}


def by_group(units: Sequence[Unit], value: Value) -> dict[str, float]:
    """Mean over its problems, a group."""
    groups = {unit.problem: str(unit.group) for unit in units}
    means = by_problem(units, value)
    return {
        group: float(np.mean([mean for problem, mean in means.items() if groups[problem] == group]))
        for group in dict.fromkeys(groups.values())
    }


def points(
    label: str, units: Sequence[Unit], log_value: Value, x: Value = kappa, group: str | None = None
) -> Series:
    """A problem a point, at the geometric mean over its seeds."""
    y = np.exp(list(by_problem(units, log_value).values()))
    return Series(label, np.array(list(by_problem(units, x).values())), y, "measured", group or label)


def real_and_ladder(units: Sequence[Unit], log_value: Value, x: Value = kappa) -> list[Series]:
    """Points of the bundled tables apart from those of the ladder."""
    ladder = [unit for unit in units if unit.problem.startswith("κ")]
    real = [unit for unit in units if not unit.problem.startswith("κ")]
    return [
        points(label, part, log_value, x)
        for label, part in (("bundled data", real), ("synthetic ladder", ladder))
        if part
    ]


def apart(measured: ArrayLike, theory: ArrayLike) -> float:
    """Median relative difference."""
    return float(np.median(np.abs(np.asarray(measured) / np.asarray(theory) - 1)))
