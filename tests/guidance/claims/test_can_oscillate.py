"""Momentum may make updates oscillate: the cells of the (β, ηL) plane in which one reverses."""

import pytest

from study.descent.theory import oscillation_boundary
from study.guidance.claims import can_oscillate
from study.guidance.lab.paths import follow
from study.guidance.lab.quadratics import quadratics
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_units_keep_the_rules,
)


@pytest.fixture(scope="module")
def measured():
    return can_oscillate.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, can_oscillate.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


@pytest.mark.parametrize("eta_L", [0.02, 0.3, 1.4, 10.0])
def test_updates_reverse_above_theorys_boundary_and_not_below(eta_L):
    problem = quadratics(0)[-2]
    path = follow(problem, 0.9, eta_L / problem.spectrum.L)
    assert path.reversals.any() == (eta_L > oscillation_boundary(0.9))


@pytest.mark.parametrize("beta", [0.5, 0.9])
def test_bisection_finds_theorys_boundary(beta):
    root = beta**0.5
    assert can_oscillate.boundary_by_bisection(beta) == pytest.approx((1 - root) / (1 + root), rel=0.02)
