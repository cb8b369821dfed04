"""Momentum makes updates oscillate less: how many updates reverse, with and without it."""

import numpy as np
import pytest

from study.guidance.claim import Budget
from study.guidance.claims import smooths_oscillation
from study.guidance.lab import quadratics
from study.guidance.lab.paths import follow
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_units_keep_the_rules,
)


@pytest.fixture(scope="module")
def measured():
    return smooths_oscillation.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, smooths_oscillation.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


def test_effects_can_be_computed_again_from_the_arms(measured):
    for unit in measured.units:
        assert unit.effect == unit.arms["beta_0"] - unit.arms["beta_0.9"]


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(measured):
    quadratics.quadratics.cache_clear()
    quadratics.tables.cache_clear()
    assert smooths_oscillation.measure(ONE_SEED).units == measured.units
    assert smooths_oscillation.measure(Budget("quick", 1, 1)).units != measured.units


@pytest.mark.parametrize("eta_L", [0.02, 0.3, 1.4, 10.0])
def test_a_path_reverses_as_theory_says(eta_L):
    problem = quadratics.quadratics(0)[-2]
    path = follow(problem, 0.9, eta_L / problem.spectrum.L)
    epochs = np.arange(len(path.error))
    np.testing.assert_allclose(path.error, smooths_oscillation.error_along(0.9, eta_L, epochs), atol=1e-8)
    expected = smooths_oscillation.share_that_reverses(0.9, np.array([eta_L]))[0]
    assert path.reversals.mean() == pytest.approx(expected, abs=0.02)


def test_without_momentum_updates_reverse_always_or_never():
    problem = quadratics.quadratics(0)[-2]
    for eta_L in smooths_oscillation.CELLS:
        reversals = follow(problem, 0.0, eta_L / problem.spectrum.L).reversals
        assert reversals.all() if eta_L > 1 else not reversals.any()


def test_as_many_cells_lie_below_the_cut_as_above_it():
    below = sum(eta_L < smooths_oscillation.CUT for eta_L in smooths_oscillation.CELLS)
    assert 2 * below == len(smooths_oscillation.CELLS)
