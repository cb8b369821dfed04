"""The closed form of the note's descent against the note's own loop, and against fits."""

import numpy as np
import pytest

from study import MomentumRegressor
from study.descent import closed_form
from study.descent.quadratic import GramLoss, Objective
from study.descent.spectrum import Spectrum, spectrum_at
from study.descent.theory import optimal_beta_eta, stability_limit
from tests.conftest import conditioned
from tests.loops import first_that_stays, looped_excess, random_spectrum


def some_pairs(draw, L, condition):
    """Pairs of every kind: plain, complex, real, unstable, and double roots to the last digit."""
    betas = np.concatenate([np.zeros(10), 1 - 10 ** -draw.uniform(0, 2.5, 50)])
    etas = 10 ** draw.uniform(-2, 2, 60) / L
    etas[:3] = np.array([1.0, 1.9, 2.0]) / L
    star = optimal_beta_eta(L / condition, L)
    double = 0.81, (1 - 0.9) / (1 + 0.9) / L
    return np.append(betas, [star[0], double[0]]), np.append(etas, [star[1], double[1]])


def test_excess_is_what_the_notes_loop_leaves(rng):
    one = random_spectrum(rng)
    betas, etas = some_pairs(rng, one.L, one.condition)
    epochs = np.arange(0, 200, 7)
    for beta, eta in zip(betas, etas, strict=True):
        if eta < stability_limit(beta, one.L):
            expected = looped_excess(one, beta, eta, epochs[-1])[epochs]
            np.testing.assert_allclose(
                closed_form.excess(one, beta, eta, epochs), expected, rtol=1e-6, atol=1e-12
            )


@pytest.mark.parametrize("target", [1e-2, 1e-6])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_arrivals_are_those_of_the_notes_loop(seed, target):
    draw = np.random.default_rng(seed)
    one = random_spectrum(draw)
    betas, etas = some_pairs(draw, one.L, one.condition)
    budget = 1500
    found = closed_form.arrivals(one, betas, etas, target, budget)
    for beta, eta, epoch in zip(betas, etas, found, strict=True):
        if eta >= stability_limit(beta, one.L):
            assert epoch == np.inf
            continue
        expected = first_that_stays(looped_excess(one, beta, eta, budget), target)
        assert epoch == (expected if expected <= budget else np.inf), (beta, eta)
    best = closed_form.arrivals(one, betas, etas, target, budget, only_best=True)
    assert best.min() == found.min()
    assert np.argmin(best) == np.argmin(found)


def test_arrivals_far_beyond_a_loop_agree_with_the_rate():
    """One direction without momentum shrinks by exactly (1 − ηλ)² an epoch."""
    one = Spectrum(np.array([1.0]), np.array([1.0]), 1.0)
    rate = 1e-5
    expected = np.ceil(np.log(1e-6) / (2 * np.log1p(-rate)))
    assert closed_form.arrivals(one, np.array([0.0]), np.array([rate]), 1e-6)[0] == expected


def test_excess_is_that_of_a_fit():
    X, y = conditioned(40, noise=0.5)
    loss = GramLoss(X, y[:, None])
    found = spectrum_at(Objective(loss, 0.0, float), np.zeros((6, 1)))
    model = MomentumRegressor(5 / found.L, 0.9, max_iter=150, tol=None).fit(X, y)
    expected = (np.array(model.loss_curve_) - loss.least_squares) / (np.mean(y**2) - loss.least_squares)
    left = closed_form.excess(found, 0.9, 5 / found.L, np.arange(1, 151))
    np.testing.assert_allclose(left, expected, rtol=1e-7, atol=1e-12)


def test_roots_solve_the_recurrences_equation(rng):
    betas, etas = some_pairs(rng, 30.0, 30.0)
    lam = np.array([1.0, 30.0])
    for root in closed_form.roots(betas, etas, lam):
        middle = 1 + betas[:, None] - etas[:, None] * (1 - betas[:, None]) * lam
        size = np.abs(root) ** 2 + np.abs(middle * root) + betas[:, None] + 1e-300
        assert (np.abs(root**2 - middle * root + betas[:, None]) < 1e-14 * size).all()
