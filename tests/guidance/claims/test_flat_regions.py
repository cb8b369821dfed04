"""Momentum speeds up progress where gradients are small: theory's steps across a plateau, and the rules' own."""

import numpy as np
import pytest

from study.guidance.claims import flat_regions
from tests.guidance.claims.noisy_checks import (
    ONE_SEED,
    assert_can_be_recorded,
    assert_enough_problems,
    assert_log_ratios_of_arms,
    assert_the_seed_decides,
)


@pytest.fixture(scope="module")
def measured():
    return flat_regions.measure(ONE_SEED)


def test_there_are_enough_problems(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


def test_an_effect_is_the_log_ratio_of_the_steps_of_both_arms(measured):
    assert_log_ratios_of_arms(measured, "gradient descent", "momentum 0.9")


def test_the_seed_decides():
    assert_the_seed_decides(flat_regions.measure)


@pytest.mark.parametrize("width", [0.3, 1, 9.5, 10, 250])
def test_the_expected_steps_are_those_of_the_rules(width):
    for solver in flat_regions.SOLVER.values():
        path = flat_regions.descend(solver, np.full(1000, -1.0)) / flat_regions.ETA
        first = np.argmax(path >= width * (1 - 1e-9)) + 1
        assert flat_regions.expected_steps(width, solver) == first


def test_plateaus_without_noise_are_crossed_as_theory_says(measured):
    assert measured.theory_gap == pytest.approx(0, abs=0.02)
