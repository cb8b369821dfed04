"""What every claim with noise, batches, networks or local minima must hand over."""

import json

import numpy as np
import pytest

from study.guidance.claim import Budget, Measurement

ONE_SEED = Budget("quick", 0, 1)


def assert_enough_problems(found: Measurement) -> None:
    """There are enough problems, in both groups of the separator where there is one, each once a seed."""
    by_group: dict[str | None, set[str]] = {}
    for unit in found.units:
        by_group.setdefault(unit.group, set()).add(unit.problem)
    if None in by_group:
        assert len(by_group[None]) >= 10
    else:
        assert len(by_group) == 2
        assert all(len(names) >= 6 for names in by_group.values())
        assert all(unit.separator is not None for unit in found.units)
    assert all(np.isfinite(unit.effect) for unit in found.units)
    assert len({(u.problem, u.seed, u.separator) for u in found.units}) == len(found.units)


def assert_can_be_recorded(found: Measurement) -> None:
    """Every problem has curves that can be logged, there are pictures, and JSON can hold what was measured."""
    assert len({(curve.problem, curve.arm) for curve in found.curves}) == len(found.curves)
    assert {curve.problem for curve in found.curves} == {unit.problem for unit in found.units}
    for curve in found.curves:
        assert 2 <= len(curve.x) == len(curve.y) <= 100
    assert 1 <= len(found.panels) <= 3
    for panel in found.panels:
        assert panel.x_label
        assert panel.y_label
        assert all(len(series.x) == len(series.y) for series in panel.series)
    json.dumps([found.shown, [unit.arms for unit in found.units]], allow_nan=False)


def assert_log_ratios_of_arms(found: Measurement, numerator: str, denominator: str) -> None:
    """Every effect is the log ratio of two arms that are recorded with it."""
    for unit in found.units:
        expected = np.log(unit.arms[numerator] / unit.arms[denominator])
        assert unit.effect == pytest.approx(expected, abs=1e-12)


def assert_differences_of_arms(found: Measurement, first: str, second: str) -> None:
    """Every effect is the difference of two arms that are recorded with it."""
    for unit in found.units:
        assert unit.effect == pytest.approx(unit.arms[first] - unit.arms[second], abs=1e-12)


def assert_the_seed_decides(measure) -> None:
    """The same seed measures the same effects, another seed others."""
    effects = [[unit.effect for unit in measure(Budget("quick", seed, 1)).units] for seed in (0, 0, 1)]
    assert effects[0] == effects[1]
    assert effects[0] != effects[2]
