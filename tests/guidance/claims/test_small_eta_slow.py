"""A small η is slow: an η against ten times as much, at β = 0.9."""

import numpy as np
import pytest

from study.descent import closed_form
from study.descent.spectrum import Spectrum
from study.guidance.claims import small_eta_slow
from study.guidance.lab.arms import TARGET
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_fits_agree,
    assert_units_keep_the_rules,
)


@pytest.fixture(scope="module")
def measured():
    return small_eta_slow.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, small_eta_slow.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


def test_effects_can_be_computed_again_from_the_arms(measured):
    for unit in measured.units:
        ratio = np.log(unit.arms["eta"] / unit.arms["ten_eta"])
        assert unit.effect == (ratio > small_eta_slow.CLAIM.delta)


def test_fits_of_the_estimator_agree(measured):
    assert_fits_agree(measured)


def test_theorys_epochs_are_near_the_exact_ones_in_a_single_direction():
    one_direction = Spectrum(np.array([1.0]), np.array([1.0]), 1.0)
    eta_L = small_eta_slow.DRAWN_ETA_L
    # The roots are real there: the error does not swing.
    eta_L = eta_L[eta_L < 0.02]
    theory = small_eta_slow.epochs_of_slowest(one_direction, eta_L)
    exact = closed_form.arrivals(one_direction, np.full(len(eta_L), 0.9), eta_L, TARGET)
    np.testing.assert_allclose(theory, exact, rtol=0.15)
