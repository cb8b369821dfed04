"""What every claim that is measured on quadratics must hand over."""

import json

import numpy as np
import pytest

from study.guidance.claim import Budget, Claim, Measurement

ONE_SEED = Budget("quick", 0, 1)


def assert_units_keep_the_rules(found: Measurement, claim: Claim) -> None:
    """There are enough problems, on both sides of the separator, and JSON can hold what was measured."""
    by_name = {unit.problem: unit for unit in found.units}
    assert len(by_name) >= 10
    assert len(found.units) == len(by_name) * ONE_SEED.n_seeds
    assert all(np.isfinite(unit.effect) for unit in found.units)
    separator = claim.separator
    if separator is None:
        assert all(unit.effect in (0, 1) for unit in found.units)
    else:
        assert all(unit.group == separator.side(unit.separator) for unit in found.units)
        assert min(sum(unit.group == side for unit in by_name.values()) for side in separator.groups) >= 6
        assert len(by_name) >= 12
    json.dumps([[unit.arms for unit in found.units], found.shown], allow_nan=False)


def assert_can_be_drawn_and_tracked(found: Measurement) -> None:
    """Every problem has curves that can be logged, and the panels hold only what their axes can show."""
    assert len({(curve.problem, curve.arm) for curve in found.curves}) == len(found.curves)
    assert {curve.problem for curve in found.curves} == {unit.problem for unit in found.units}
    for curve in found.curves:
        assert 2 <= len(curve.x) == len(curve.y) <= 100
        assert np.isfinite(curve.y).all()
        assert (np.diff(curve.x) > 0).all()
    assert 1 <= len(found.panels) <= 3
    for panel in found.panels:
        for series in panel.series:
            assert len(series.x) == len(series.y) > 0
            assert np.isfinite(series.x).all()
            assert np.isfinite(series.y).all()
            assert not panel.x_log or (np.asarray(series.x) > 0).all()
            assert not panel.y_log or (np.asarray(series.y) > 0).all()


def assert_log_ratios_of_arms(found: Measurement, slow: str, fast: str) -> None:
    """Every effect is ln(slow / fast) of the arms that are recorded with it."""
    for unit in found.units:
        assert unit.effect == pytest.approx(np.log(unit.arms[slow] / unit.arms[fast]))


def assert_fits_agree(found: Measurement) -> None:
    """Short descents, repeated by fits of the estimator, arrive within an epoch of the closed form."""
    check = found.shown["estimator"]
    assert check["fits"] >= 5
    assert check["epochs_apart"] <= 1
