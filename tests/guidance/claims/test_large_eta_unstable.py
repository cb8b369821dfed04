"""A large η diverges: where fits begin to diverge, against theory's limit."""

import pytest

from study.descent.theory import stability_limit
from study.guidance.claims import large_eta_unstable
from study.guidance.lab.quadratics import quadratics
from tests.guidance.claims.quadratic_checks import (
    ONE_SEED,
    assert_can_be_drawn_and_tracked,
    assert_units_keep_the_rules,
)


@pytest.fixture(scope="module")
def measured():
    return large_eta_unstable.measure(ONE_SEED)


def test_units_keep_the_rules(measured):
    assert_units_keep_the_rules(measured, large_eta_unstable.CLAIM)


def test_the_measurement_can_be_drawn_and_tracked(measured):
    assert_can_be_drawn_and_tracked(measured)


def test_fits_begin_to_diverge_near_theorys_limit(measured):
    assert measured.theory_gap < 0.02


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_divergence_begins_at_the_limit(beta):
    problem = quadratics(0)[-4]
    limit = stability_limit(beta, problem.spectrum.L)
    assert large_eta_unstable.first_divergence(problem, beta) == pytest.approx(limit, rel=0.02)
    assert not large_eta_unstable.diverges(problem, beta, 0.97 * limit)
    assert large_eta_unstable.diverges(problem, beta, 1.03 * limit)
