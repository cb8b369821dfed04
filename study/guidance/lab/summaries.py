"""Units summed up: means over seeds and over problems, points of a picture, gaps between theory and measurement."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from study.figures.panel import Series
from study.guidance.claim import Unit
from study.guidance.lab.quadratics import is_synthetic

Value = Callable[[Unit], float]
"""Anything that is read off a unit."""


def kappa(unit: Unit) -> float:
    """Return κ of a unit's problem: the arm of that name, or else the separator, which then is κ."""
    return unit.arms["kappa"] if "kappa" in unit.arms else separator_value(unit)


def separator_value(unit: Unit) -> float:
    """Return the separator of a unit of a claim whose separator is a number."""
    return float(unit.separator or 0.0)


def arm(name: str) -> Value:
    """Return the function that reads this arm off a unit."""
    return lambda unit: unit.arms[name]


def by_problem(units: Sequence[Unit], value: Value) -> dict[str, float]:
    """Return the mean over its seeds for each problem."""
    found: dict[str, list[float]] = {}
    for unit in units:
        found.setdefault(unit.problem, []).append(value(unit))
    return {problem: float(np.mean(values)) for problem, values in found.items()}


def by_group(units: Sequence[Unit], value: Value) -> dict[str, float]:
    """Return the mean over its problems for each group."""
    groups = {unit.problem: str(unit.group) for unit in units}
    means = by_problem(units, value)
    return {
        group: float(np.mean([mean for problem, mean in means.items() if groups[problem] == group]))
        for group in dict.fromkeys(groups.values())
    }


def points(
    label: str, units: Sequence[Unit], log_value: Value, x: Value = kappa, group: str | None = None
) -> Series:
    """Return one point for each problem: the geometric mean over its seeds, from logarithms."""
    y = np.exp(list(by_problem(units, log_value).values()))
    return Series(label, np.array(list(by_problem(units, x).values())), y, "measured", group or label)


def tables_and_ladder(units: Sequence[Unit], log_value: Value, x: Value = kappa) -> list[Series]:
    """Return the points of the bundled tables and those of the synthetic ladder as two series."""
    ladder = [unit for unit in units if is_synthetic(unit.problem)]
    tables = [unit for unit in units if not is_synthetic(unit.problem)]
    return [
        points(label, part, log_value, x)
        for label, part in (("bundled data", tables), ("synthetic ladder", ladder))
        if part
    ]


def relative_gap(measured: ArrayLike, theory: ArrayLike) -> float:
    """Return the median of |measured / theory − 1|."""
    return float(np.median(np.abs(np.asarray(measured) / np.asarray(theory) - 1)))
