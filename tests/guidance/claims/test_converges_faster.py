"""Momentum speeds up the convergence: β = 0.9 against β = 0, each at its best η."""

import pytest

from study.guidance.claims import converges_faster
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_fits_agree,
    assert_log_ratios_of_arms,
    assert_units_keep_the_rules,
)


@pytest.fixture(scope="module")
def measured():
    return converges_faster.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, converges_faster.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


def test_effects_can_be_computed_again_from_the_arms(measured):
    assert_log_ratios_of_arms(measured, "beta_0", "beta_0.9")


def test_a_tuned_beta_is_never_slower_than_the_arms_it_contains(measured):
    for unit in measured.units:
        assert unit.arms["beta_tuned"] <= min(unit.arms["beta_0"], unit.arms["beta_0.9"])


def test_fits_of_the_estimator_agree(measured):
    assert_fits_agree(measured)


def test_momentum_pays_from_a_condition_number_of_38():
    assert converges_faster.epochs_ratio(38.0) == pytest.approx(1, rel=0.02)
