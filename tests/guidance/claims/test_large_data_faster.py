"""Momentum's advantage is larger on large data sets: what the claim hands over."""

import pytest

from study.guidance.claims import large_data_faster
from tests.guidance.claims.noisy_checks import ONE_SEED, assert_can_be_recorded, assert_enough_problems


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(large_data_faster, "UPDATES", 200)
        return large_data_faster.measure(ONE_SEED)


def test_there_are_enough_problems_in_both_groups(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)
