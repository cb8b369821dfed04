"""Too large a β is slow: β = 0.999 against β = 0.9 at the same η."""

import pytest

from study.guidance.claim import Budget
from study.guidance.claims import large_beta_conservative
from study.guidance.lab import quadratics
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_fits_agree,
    assert_log_ratios_of_arms,
    assert_units_keep_the_rules,
)


@pytest.fixture(scope="module")
def measured():
    return large_beta_conservative.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, large_beta_conservative.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


def test_effects_can_be_computed_again_from_the_arms(measured):
    assert_log_ratios_of_arms(measured, "beta_0.999", "beta_0.9")


def test_fits_of_the_estimator_agree(measured):
    assert_fits_agree(measured)


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(measured):
    quadratics.quadratics.cache_clear()
    quadratics.tables.cache_clear()
    assert large_beta_conservative.measure(ONE_SEED).units == measured.units
    assert large_beta_conservative.measure(Budget("quick", 1, 1)).units != measured.units
