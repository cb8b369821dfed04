"""Momentum is not harmed by sparse gradients: what the claim hands over."""

import pytest

from study.guidance.claims import sparse_gradients
from tests.guidance.claims.noisy_checks import ONE_SEED, assert_can_be_recorded, assert_enough_problems


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse_gradients, "UPDATES", 200)
        return sparse_gradients.measure(ONE_SEED)


def test_there_are_enough_problems(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)
