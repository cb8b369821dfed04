"""An unsuitable β costs performance: half of a search space's β against the best pair."""

import pytest

from study.guidance.claim import Budget
from study.guidance.claims import needs_tuning
from study.guidance.lab import quadratics
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_units_keep_the_rules,
)


@pytest.fixture(scope="module")
def measured():
    return needs_tuning.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, needs_tuning.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


def test_no_pair_is_better_than_the_best_and_no_beta_worse_than_the_worst(measured):
    for unit in measured.units:
        assert unit.arms["best"] <= unit.arms["median_beta"] <= unit.arms["worst_beta"]


def test_the_held_out_loss_of_a_fit_is_the_exact_one(measured):
    assert measured.shown["estimator"]["relative_difference"] < 1e-9


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others(measured):
    quadratics.quadratics.cache_clear()
    quadratics.tables.cache_clear()
    assert needs_tuning.measure(ONE_SEED).units == measured.units
    assert needs_tuning.measure(Budget("quick", 1, 1)).units != measured.units
