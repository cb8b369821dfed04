"""Momentum escapes local minima: what the claim hands over."""

import numpy as np
import pytest

from study.guidance.claims import escapes_local_minima
from study.guidance.lab import landscapes
from tests.guidance.claims.noisy_checks import (
    ONE_SEED,
    assert_can_be_recorded,
    assert_differences_of_arms,
    assert_enough_problems,
)


@pytest.fixture(scope="module")
def measured():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(escapes_local_minima, "STEPS", 200)
        patch.setattr(escapes_local_minima, "SPEED_STEPS", 200)
        return escapes_local_minima.measure(ONE_SEED)


def test_there_are_enough_problems_in_both_groups(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


def test_an_effect_is_the_difference_of_the_net_escapes(measured):
    assert_differences_of_arms(measured, "momentum 0.9", "gradient descent")


@pytest.mark.parametrize("landscape", landscapes.WITH_LOCAL_MINIMA, ids=lambda one: one.name)
def test_every_function_traps_some_starts_and_not_all(landscape, rng):
    starts = landscape.starts(rng, 400)
    L = landscape.curvature(starts)
    ends, _ = landscapes.descend(
        landscape, starts, escapes_local_minima.CAREFUL_ETA_L / L, 0.0, steps=escapes_local_minima.STEPS
    )
    best = landscapes.lowest(landscape, ends)
    assert 0 < landscapes.is_near(ends, best, escapes_local_minima.NEAR).mean() < 1
    assert np.linalg.norm(landscape.gradient(best)) < 1e-2 * L
