"""β is best set near 0.9: its regret against the best pair."""

import numpy as np
import pytest

from study.guidance.claims import beta_near_0_9
from study.guidance.lab.arms import TARGET, tune_arm
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_fits_agree,
    assert_log_ratios_of_arms,
    assert_units_keep_the_rules,
)
from tests.loops import random_spectrum


@pytest.fixture(scope="module")
def measured():
    return beta_near_0_9.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, beta_near_0_9.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


def test_effects_can_be_computed_again_from_the_arms(measured):
    assert_log_ratios_of_arms(measured, "beta_0.9", "beta_best")


def test_the_best_pair_is_never_slower_than_the_advice(measured):
    assert all(unit.effect >= 0 for unit in measured.units)


def test_fits_of_the_estimator_agree(measured):
    assert_fits_agree(measured)


def test_the_best_pair_is_near_that_of_a_dense_search(rng):
    spectrum = random_spectrum(rng, condition=300.0)
    found = beta_near_0_9.best_pair(spectrum)
    dense = tune_arm(spectrum, 1 - np.geomspace(1e-3, 1, 90), TARGET)
    assert found.epochs <= 1.03 * dense.epochs
