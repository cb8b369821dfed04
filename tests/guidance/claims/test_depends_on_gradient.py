"""With inaccurate gradients, momentum's updates point the wrong way: what the claim hands over, and its noise floor."""

import pytest

from study.guidance.claims import depends_on_gradient
from tests.guidance.claims.noisy_checks import (
    ONE_SEED,
    assert_can_be_recorded,
    assert_differences_of_arms,
    assert_enough_problems,
)


@pytest.fixture(scope="module")
def measured():
    return depends_on_gradient.measure(ONE_SEED)


def test_there_are_enough_problems(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


def test_an_effect_is_the_difference_of_the_cosines(measured):
    assert_differences_of_arms(measured, "gradient descent", "momentum 0.9")


def test_the_measured_variance_is_at_the_noise_floor(measured):
    assert measured.theory_gap < 0.15
