"""Dropout improves generalisation: what the claim hands over, and the ridge that dropout is in expectation."""

import pytest

from study.guidance.claims import dropout_helps
from tests.guidance.claims.noisy_checks import (
    ONE_SEED,
    assert_can_be_recorded,
    assert_enough_problems,
    assert_log_ratios_of_arms,
)


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dropout_helps, "NETWORK_EPOCHS", 100)
        return dropout_helps.measure(ONE_SEED)


def test_there_are_enough_problems_in_both_groups(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


def test_an_effect_is_the_log_ratio_of_the_test_losses_without_and_with_dropout(measured):
    assert_log_ratios_of_arms(measured, "no dropout", "dropout")


def test_dropout_of_inputs_is_the_ridge_of_the_identity(measured):
    assert measured.theory_gap < 0.05
