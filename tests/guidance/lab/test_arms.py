"""Arms: the tuned pair against an exhaustive search by plain loops, and what a miss costs."""

import numpy as np
import pytest

from study.descent.theory import stability_limit
from study.guidance.lab.arms import (
    BETA_GRID,
    EPOCHS_ALLOWED,
    ETA_L_GRID,
    Arm,
    add_descents,
    fixed_arm,
    log_ratio,
    mean_excess_curves,
    tune_arm,
)
from tests.loops import first_that_stays, looped_excess, random_spectrum


def test_tuning_is_the_exhaustive_search(rng):
    spectrum = random_spectrum(rng, condition=50.0)
    eta_L = np.geomspace(0.05, 30, 40)
    found = tune_arm(spectrum, [0.9, 0.0], 1e-4, eta_L)
    by_loops = {
        (beta, eta): first_that_stays(looped_excess(spectrum, beta, eta, 3000), 1e-4)
        for beta in (0.0, 0.9)
        for eta in eta_L / spectrum.L
        if eta < stability_limit(beta, spectrum.L)
    }
    assert found.epochs == min(by_loops.values())
    assert (found.beta, found.eta) == min(by_loops, key=by_loops.get)


def test_misses_cost_twice_the_epochs_allowed():
    never = Arm(0.9, 1.0, np.inf)
    assert EPOCHS_ALLOWED == 1_000_000
    assert never.cost == 2 * EPOCHS_ALLOWED
    assert log_ratio(never.cost, never.cost) == 0
    assert log_ratio(never.cost, 1e6) == pytest.approx(np.log(2))


def test_the_grids_have_the_ends_that_the_protocols_name():
    assert (ETA_L_GRID[0], ETA_L_GRID[-1]) == pytest.approx((0.01, 4000))
    assert (1 - BETA_GRID[0], 1 - BETA_GRID[-1]) == pytest.approx((1, 1e-4))


def test_a_mean_curve_is_that_of_the_plain_loops(rng):
    spectra = [random_spectrum(rng, condition=20.0) for _ in range(2)]
    descents = {}
    for spectrum in spectra:
        add_descents(descents, "problem", spectrum, {"arm": fixed_arm(spectrum, 0.9, 2 / spectrum.L)})
    (curve,) = mean_excess_curves(descents)
    assert (curve.problem, curve.arm) == ("problem", "arm")
    loops = [looped_excess(spectrum, 0.9, 2 / spectrum.L, curve.x[-1]) for spectrum in spectra]
    np.testing.assert_allclose(curve.y, np.mean(loops, axis=0)[curve.x], rtol=1e-6, atol=1e-9)
