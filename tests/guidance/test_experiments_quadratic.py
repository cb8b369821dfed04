"""The experiments on quadratics against plain loops, real fits and closed forms."""

import json

import numpy as np
import pytest

from study import MomentumRegressor
from study.descent import closed_form as exact
from study.descent.curves import excess_curves
from study.descent.quadratic import GramLoss, Objective
from study.descent.spectrum import Spectrum, spectrum_at
from study.descent.theory import convergence_rate, optimal_beta_eta, stability_limit
from study.guidance import claims
from study.guidance.claim import Budget
from study.guidance.claims import find
from study.guidance.experiments import oscillation, speed, stability, tuning
from study.guidance.lab import arms, paths
from study.guidance.lab import quadratics as problems

BY_ID = find()
CLAIMS = tuple(BY_ID.values())

ONE = Budget("quick", 0, 1)
MINE = (
    "converges-faster",
    "smooths-oscillation",
    "beta-near-0.9",
    "large-beta-conservative",
    "small-eta-slow",
    "large-eta-unstable",
    "needs-tuning",
    "can-oscillate",
)


@pytest.fixture(scope="module")
def measured():
    """Every claim of this folder's, measured once with one seed."""
    return {claim: claims.measure(claim, ONE) for claim in MINE}


def looped(spectrum, beta, eta, epochs):
    """Excess after every epoch from 0, by the note's own two lines."""
    left, velocity = np.ones(len(spectrum.eigenvalues)), 0.0
    share = spectrum.excess / spectrum.excess.sum()
    found = [1.0]
    for _ in range(epochs):
        velocity = beta * velocity + (1 - beta) * spectrum.eigenvalues * left
        left = left - eta * velocity
        found.append(float(left**2 @ share))
    return np.array(found)


def first_that_stays(excess, target):
    above = np.flatnonzero(~(excess <= target))
    return 0 if not len(above) else above[-1] + 1


def random_spectrum(draw, d=6, condition=200.0):
    lam = np.sort(np.exp(draw.uniform(0, np.log(condition), d)))
    lam[0], lam[-1] = 1.0, condition
    return Spectrum(lam, draw.dirichlet(np.ones(d)), condition)


def some_pairs(draw, L, condition):
    """Pairs of every kind: plain, complex, real, unstable, and double roots to the last digit."""
    betas = np.concatenate([np.zeros(10), 1 - 10 ** -draw.uniform(0, 2.5, 50)])
    etas = 10 ** draw.uniform(-2, 2, 60) / L
    etas[:3] = np.array([1.0, 1.9, 2.0]) / L
    star = optimal_beta_eta(L / condition, L)
    double = 0.81, (1 - 0.9) / (1 + 0.9) / L
    return np.append(betas, [star[0], double[0]]), np.append(etas, [star[1], double[1]])


# The exact epochs.


def test_excess_is_the_loops(rng):
    one = random_spectrum(rng)
    betas, etas = some_pairs(rng, one.L, one.condition)
    epochs = np.arange(0, 200, 7)
    for beta, eta in zip(betas, etas, strict=True):
        if eta < stability_limit(beta, one.L):
            expected = looped(one, beta, eta, epochs[-1])[epochs]
            np.testing.assert_allclose(exact.excess(one, beta, eta, epochs), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("target", [1e-2, 1e-6])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_arrivals_are_the_loops(seed, target):
    draw = np.random.default_rng(seed)
    one = random_spectrum(draw)
    betas, etas = some_pairs(draw, one.L, one.condition)
    budget = 1500
    found = exact.arrivals(one, betas, etas, target, budget)
    for beta, eta, epoch in zip(betas, etas, found, strict=True):
        if eta >= stability_limit(beta, one.L):
            assert epoch == np.inf
            continue
        expected = first_that_stays(looped(one, beta, eta, budget), target)
        assert epoch == (expected if expected <= budget else np.inf), (beta, eta)
    best = exact.arrivals(one, betas, etas, target, budget, only_best=True)
    assert best.min() == found.min()
    assert np.argmin(best) == np.argmin(found)


def test_arrivals_far_beyond_a_loop_agree_with_the_rate():
    """One direction without momentum shrinks by exactly (1 − ηλ)² an epoch."""
    one = Spectrum(np.array([1.0]), np.array([1.0]), 1.0)
    rate = 1e-5
    expected = np.ceil(np.log(1e-6) / (2 * np.log1p(-rate)))
    assert exact.arrivals(one, np.array([0.0]), np.array([rate]), 1e-6)[0] == expected


def test_excess_agrees_with_the_theory_module(rng):
    one = random_spectrum(rng)
    curve = np.concatenate(list(excess_curves(one, np.array([0.9]), np.array([5 / one.L]), 150)))[:, 0]
    np.testing.assert_allclose(exact.excess(one, 0.9, 5 / one.L, np.arange(151)), curve, rtol=1e-7)


def test_rate_is_the_spectral_radius(rng):
    lam = np.array([1.0, 30.0])
    for beta, eta in ((0.0, 0.05), (0.5, 0.03), (0.9, 0.5), (0.99, 2.0)):
        radius = max(
            np.abs(np.linalg.eigvals([[1 + beta - eta * (1 - beta) * x, -beta], [1, 0]])).max() for x in lam
        )
        assert convergence_rate([beta], [eta], lam)[0] == pytest.approx(radius, rel=1e-9)


def test_the_best_rates_are_the_known_ones():
    for condition in (3.0, 38.0, 1442.0):
        assert speed._best_rate(0.0, condition) == pytest.approx((condition - 1) / (condition + 1), rel=1e-2)
    assert speed._best_rate(0.9, 500.0) == pytest.approx(np.sqrt(0.9))
    assert speed._gain(38.0) == pytest.approx(1, rel=0.02)


# The problems.


@pytest.mark.parametrize(
    "step", [*problems.LADDER, (1e4, 30, 40, 0.1, 1.0, True), (50, 800, 100, 0.5, 0.01, False)]
)
def test_a_ladder_is_what_it_says(step):
    condition, n, d, _, density, rotated = step
    problem = problems.ladder(*step, seed=3)
    assert problem.X.shape == (n, d)
    assert problem.spectrum.condition == pytest.approx(condition, rel=1e-6)
    assert problem.spectrum.excess.sum() == pytest.approx(1)
    if condition > 1:
        np.testing.assert_allclose(problem.spectrum.excess, 1 / len(problem.spectrum.excess), rtol=1e-4)
    assert (problem.X != 0).mean() == pytest.approx(density, rel=1e-9)
    moments = problem.X.T @ problem.X
    off = np.abs(moments - np.diag(np.diag(moments))).max() / moments.max()
    assert off > 1e-3 if rotated and condition > 1 else off < 1e-12


def test_a_ladder_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="dense and rotated"):
        problems.ladder(10, 20, 30, 0.1, 1.0, False, seed=0)


def test_excess_is_the_loss_above_least_squares():
    for problem in problems.quadratics(5):
        start, theta = problem.loss(problem.start[:, None])[0], problem.loss.reference
        assert problem.spectrum.excess.sum() == pytest.approx(start - problem.loss(theta)[0], rel=1e-6)


def test_problems_repeat_themselves_and_differ_by_seed():
    first, again = problems.ladder(*problems.LADDER[4], seed=1), problems.ladder(*problems.LADDER[4], seed=1)
    other = problems.ladder(*problems.LADDER[4], seed=2)
    np.testing.assert_array_equal(first.X, again.X)
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.allclose(first.spectrum.eigenvalues, other.spectrum.eigenvalues)
    one, two = problems.quadratics(1), problems.quadratics(2)
    assert [p.name for p in one] == [p.name for p in two]
    assert [p.condition for p in one] == [p.condition for p in two]
    assert len({p.name for p in one}) == len(one)
    assert all(
        not np.allclose(p.start, q.start)
        for p, q in zip(one, two, strict=True)
        if len(p.start) == len(q.start)
    )


def test_tables_are_split_and_standardised_by_their_training_rows():
    for table in problems.tables(0):
        np.testing.assert_allclose(table.X.mean(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(table.X.std(axis=0), 1)
        assert table.y.std() == pytest.approx(1)
        share = len(table.y_test) / (len(table.y) + len(table.y_test))
        assert share == pytest.approx(problems.TEST_SIZE, abs=0.05)


@pytest.mark.parametrize(
    ("name", "condition"),
    [
        ("linnerud: Waist", 9),
        ("iris: petal width (cm)", 28),
        ("wine: alcohol", 45),
        ("digits: class", 146),
        ("diabetes: progression", 470),
        ("breast cancer: mean radius", 18_258),
    ],
)
def test_conditions_are_those_of_the_guidance(name, condition):
    table = next(table for table in problems.tables(0) if table.name == name)
    assert table.condition == pytest.approx(condition, rel=0.02)


# Arms.


def test_tuning_is_the_exhaustive_search(rng):
    one = random_spectrum(rng, condition=50.0)
    grid = np.geomspace(0.05, 30, 40)
    found = arms.tune(one, [0.9, 0.0], 1e-4, grid)
    brute = {
        (beta, eta): first_that_stays(looped(one, beta, eta, 3000), 1e-4)
        for beta in (0.0, 0.9)
        for eta in grid / one.L
        if eta < stability_limit(beta, one.L)
    }
    assert found.epochs == min(brute.values())
    assert (found.beta, found.eta) == min(brute, key=brute.get)


def test_the_best_pair_is_near_that_of_a_dense_search(rng):
    one = random_spectrum(rng, condition=300.0)
    found = speed._best_pair(one)
    dense = arms.tune(one, 1 - np.geomspace(1e-3, 1, 90), arms.TARGET)
    assert found.epochs <= 1.03 * dense.epochs


def test_misses_cost_twice_the_budget():
    never = arms.Arm(0.9, 1.0, np.inf)
    assert never.cost == 2 * exact.EPOCHS
    assert arms.log_ratio(never.cost, never.cost) == 0
    assert arms.log_ratio(never.cost, 1e6) == pytest.approx(np.log(2))


def test_fits_arrive_when_the_closed_form_says():
    for problem in problems.quadratics(0)[::6]:
        for beta in (0.0, 0.9):
            arm = arms.tune(problem.spectrum, [beta], arms.LOOSE)
            if arm.epochs < arms.FITTED:
                assert arms.fitted_arrival(problem, arm, arms.LOOSE) == arm.epochs


# Oscillation and stability.


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
def test_a_path_is_the_fits(beta):
    problem = problems.quadratics(0)[5]
    eta = 0.8 / problem.spectrum.L
    path = paths.follow(problem, beta, eta)
    fit = MomentumRegressor(eta, beta, tol=None, max_iter=len(path.excess) - 1)
    fit.fit(problem.X, problem.y, coef_init=problem.start[:-1], intercept_init=problem.start[-1])
    start = problem.loss(problem.start[:, None])[0]
    bottom = problem.loss.least_squares
    np.testing.assert_allclose(
        (np.array(fit.loss_curve_) - bottom) / (start - bottom), path.excess[1:], atol=1e-9
    )


@pytest.mark.parametrize("sharp", [0.02, 0.3, 1.4, 10.0])
def test_a_path_reverses_as_theory_says(sharp):
    problem = problems.quadratics(0)[-2]
    path = paths.follow(problem, 0.9, sharp / problem.spectrum.L)
    epochs = np.arange(len(path.error))
    np.testing.assert_allclose(path.error, oscillation._error(0.9, sharp, epochs), atol=1e-8)
    expected = oscillation._reversing(0.9, np.array([sharp]))[0]
    assert path.reversals.mean() == pytest.approx(expected, abs=0.02)
    assert path.reversals.any() == (sharp > oscillation.oscillation_boundary(0.9))


def test_without_momentum_updates_reverse_always_or_never():
    problem = problems.quadratics(0)[-2]
    for sharp in oscillation.CELLS:
        reversals = paths.follow(problem, 0.0, sharp / problem.spectrum.L).reversals
        assert reversals.all() if sharp > 1 else not reversals.any()


def test_a_diverging_path_ends():
    problem = problems.quadratics(0)[0]
    path = paths.follow(problem, 0.0, 3 / problem.spectrum.L)
    assert np.isfinite(path.excess).all()
    assert path.excess[-1] > 1


@pytest.mark.parametrize("beta", [0.0, 0.9])
def test_divergence_begins_at_the_limit(beta):
    problem = problems.quadratics(0)[-4]
    limit = stability_limit(beta, problem.spectrum.L)
    found = stability.first_divergence(problem, beta)
    assert found == pytest.approx(limit, rel=0.02)
    assert not stability.diverges(problem, beta, 0.97 * limit)
    assert stability.diverges(problem, beta, 1.03 * limit)


# The search space.


def test_a_descent_that_ends_above_its_start_has_the_worst_loss():
    train = np.array([[2.0, 2.0, 2.0], [1.0, 5.0, np.inf]])
    held_out = np.array([[2.0, 2.0, 2.0], [1.5, 0.1, np.inf]])
    found = tuning._with_divergence(train, held_out, 3.0, 2.5)
    np.testing.assert_array_equal(found, [[2.0, 2.0, 2.0], [1.5, 2.5, 2.5]])


def test_the_slowest_direction_alone_is_the_loops():
    one = Spectrum(np.array([1.0]), np.array([1.0]), 1.0)
    line = tuning._slowest_direction(one)
    chosen = tuning.SWEEP < 0.02  # real roots: no swing to wait for
    found = exact.arrivals(one, np.full(chosen.sum(), 0.9), tuning.SWEEP[chosen], tuning.TARGET)
    np.testing.assert_allclose(line[chosen], found, rtol=0.15)


# What every experiment hands over.


@pytest.mark.parametrize("claim", MINE)
def test_a_measurement_keeps_the_rules(measured, claim):
    found, separator = measured[claim], BY_ID[claim].separator
    by_name = {unit.problem: unit for unit in found.units}
    assert len(by_name) >= 10
    assert len(found.units) == len(by_name) * ONE.n_seeds
    assert all(np.isfinite(unit.effect) for unit in found.units)
    if separator is None:
        assert all(unit.effect in (0, 1) for unit in found.units)
    else:
        assert all(unit.group == separator.side(unit.separator) for unit in found.units)
        assert min(sum(unit.group == side for unit in by_name.values()) for side in separator.groups) >= 6
        assert len(by_name) >= 12
    json.dumps([[unit.arms for unit in found.units], found.shown], allow_nan=False)


@pytest.mark.parametrize("claim", MINE)
def test_a_measurement_can_be_drawn_and_tracked(measured, claim):
    found = measured[claim]
    assert len({(curve.problem, curve.arm) for curve in found.curves}) == len(found.curves)
    assert {curve.problem for curve in found.curves} == {unit.problem for unit in found.units}
    for curve in found.curves:
        assert 2 <= len(curve.x) == len(curve.y) <= 100
        assert np.isfinite(curve.y).all()
        assert (np.diff(curve.x) > 0).all()
    assert 1 <= len(found.panels) <= 3
    for panel in found.panels:
        for series in panel.series:
            assert len(series.x) == len(series.y) > 0
            assert np.isfinite(series.x).all()
            assert np.isfinite(series.y).all()
            assert not panel.x_log or (np.asarray(series.x) > 0).all()
            assert not panel.y_log or (np.asarray(series.y) > 0).all()


def test_effects_can_be_computed_again_from_the_arms(measured):
    for claim, slow, fast in (
        ("converges-faster", "beta_0", "beta_0.9"),
        ("beta-near-0.9", "beta_0.9", "beta_best"),
        ("large-beta-conservative", "beta_0.999", "beta_0.9"),
    ):
        for unit in measured[claim].units:
            assert unit.effect == pytest.approx(np.log(unit.arms[slow] / unit.arms[fast]))
    for unit in measured["smooths-oscillation"].units:
        assert unit.effect == unit.arms["beta_0"] - unit.arms["beta_0.9"]
    for unit in measured["small-eta-slow"].units:
        assert unit.effect == (
            np.log(unit.arms["eta"] / unit.arms["ten_eta"]) > BY_ID["small-eta-slow"].delta
        )


def test_the_larger_arm_never_loses(measured):
    for unit in measured["converges-faster"].units:
        assert unit.arms["beta_tuned"] <= min(unit.arms["beta_0"], unit.arms["beta_0.9"])
    assert all(unit.effect >= 0 for unit in measured["beta-near-0.9"].units)
    for unit in measured["needs-tuning"].units:
        assert unit.arms["best"] <= unit.arms["median_beta"] <= unit.arms["worst_beta"]


def test_fits_of_the_estimator_agree(measured):
    for claim in ("converges-faster", "beta-near-0.9", "large-beta-conservative", "small-eta-slow"):
        check = measured[claim].shown["estimator"]
        assert check["fits"] >= 5
        assert check["epochs_apart"] <= 1
    assert measured["needs-tuning"].shown["estimator"]["relative_difference"] < 1e-9
    assert measured["large-eta-unstable"].theory_gap < 0.02


@pytest.mark.parametrize("claim", ["large-beta-conservative", "smooths-oscillation", "needs-tuning"])
def test_the_same_seed_gives_the_same_numbers(measured, claim):
    problems.quadratics.cache_clear()
    problems.tables.cache_clear()
    again = claims.measure(claim, ONE)
    assert again.units == measured[claim].units
    other = claims.measure(claim, Budget("quick", 1, 1))
    assert other.units != again.units


def test_more_seeds_keep_those_there_were():
    assert problems.seeds(Budget("full", 4, 10))[:3] == problems.seeds(Budget("quick", 4, 3))


def test_the_objective_of_a_table_is_its_own():
    """The spectrum is that of the training loss, intercept included, from the start that is recorded."""
    problem = problems.quadratics(0)[0]
    loss = GramLoss(problem.X, problem.y[:, None])
    found = spectrum_at(Objective(loss, 0.0, np.float64), problem.start[:, None])
    np.testing.assert_allclose(found.eigenvalues, problem.spectrum.eigenvalues)
    np.testing.assert_allclose(found.excess, problem.spectrum.excess)
