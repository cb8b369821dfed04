"""L2 regularisation prevents overfitting: what the claim hands over."""

import pytest

from study.guidance.claims import l2_helps
from tests.guidance.claims.noisy_checks import (
    ONE_SEED,
    assert_can_be_recorded,
    assert_enough_problems,
    assert_log_ratios_of_arms,
    assert_the_seed_decides,
)


@pytest.fixture(scope="module")
def measured():
    return l2_helps.measure(ONE_SEED)


def test_there_are_enough_problems_in_both_groups(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


def test_an_effect_is_the_log_ratio_of_the_test_losses_without_and_with_the_penalty(measured):
    assert_log_ratios_of_arms(measured, "no penalty", "L2")


def test_the_seed_decides():
    assert_the_seed_decides(l2_helps.measure)
