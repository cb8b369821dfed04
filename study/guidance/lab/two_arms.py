"""How two arms compare over a claim's units: their log ratio, and a picture of one against the other."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from study.figures.panel import Series
from study.guidance.claim import Unit
from study.guidance.lab.summaries import Value


def log_arm_ratio(arms: Mapping[str, float], numerator: str, denominator: str) -> float:
    """Return the logarithm of one arm's raw value over another's."""
    return float(np.log(arms[numerator] / arms[denominator]))


def mean_log_arm_ratio(units: Iterable[Unit], numerator: str, denominator: str) -> float:
    """Return the mean over units of the logarithm of one arm's raw value over another's."""
    return float(np.mean([log_arm_ratio(unit.arms, numerator, denominator) for unit in units]))


def points_by_group(
    units: Sequence[Unit],
    x: Value,
    y: Value,
    group: Callable[[Unit], str | None] = lambda unit: unit.group,
    ungrouped: str = "",
) -> list[Series]:
    """Return one point a unit, as one series a group.

    Parameters
    ----------
    units : sequence of Unit
    x, y : callable
        Unit → where its point is.
    group : callable
        Unit → its group, which labels the series; the series are in the order in which the groups occur.
    ungrouped : str
        The label of the series of units that have no group.
    """
    return [
        Series(
            name or ungrouped,
            np.array([x(unit) for unit in units if group(unit) == name]),
            np.array([y(unit) for unit in units if group(unit) == name]),
            "measured",
            name,
        )
        for name in dict.fromkeys(map(group, units))
    ]


def line_of_equality(low: float, high: float, label: str = "equal") -> Series:
    """Return the line on which both axes have the same value."""
    ends = np.array([low, high])
    return Series(label, ends, ends, "reference")
