"""The experiments with noise, batches, networks and traps: what they measure with, and what they hand over."""

import json
from contextlib import nullcontext

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from study.descent import schedules, theory
from study.estimator.regressor import MomentumRegressor
from study.guidance import claims
from study.guidance.claim import Budget
from study.guidance.experiments import batched, landscapes, networks, plateaus, rivals
from study.guidance.lab import quadratics as problems
from study.guidance.lab import side_by_side as fleet

ONE = Budget("quick", 0, 1)

# Claim → the arms whose log ratio, or difference where it ends in "-", is the effect, in that order.
CLAIMS = {
    "escapes-local-minima": ("momentum 0.9", "gradient descent", "-"),
    "schedules-help": None,
    "adam-combination-better": ("momentum", "Adam", "/"),
    "not-for-every-problem": None,
    "l2-helps": ("no penalty", "L2", "/"),
    "dropout-helps": ("no dropout", "dropout", "/"),
    "large-data-faster": None,
    "flat-regions": ("gradient descent", "momentum 0.9", "/"),
    "sparse-gradients": None,
    "depends-on-gradient": ("gradient descent", "momentum 0.9", "-"),
}


@pytest.fixture(scope="module")
def measured():
    """Every claim with one seed; what only takes time is cut short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(landscapes, "STEPS", 200)
        patch.setattr(landscapes, "SPEED_STEPS", 200)
        patch.setattr(rivals, "EPOCHS", 200)
        patch.setattr(batched, "UPDATES", 200)
        patch.setattr(batched, "SPARSE_UPDATES", 200)
        patch.setattr(networks, "NETWORK_EPOCHS", 100)
        return {claim: claims.measure(claim, ONE) for claim in CLAIMS}


@pytest.mark.parametrize("claim", CLAIMS)
def test_enough_problems_and_groups(claim, measured):
    found = measured[claim]
    by_group = {}
    for unit in found.units:
        by_group.setdefault(unit.group, set()).add(unit.problem)
    if None in by_group:
        assert len(by_group[None]) >= 10
    else:
        assert len(by_group) == 2
        assert all(len(names) >= 6 for names in by_group.values())
        assert all(unit.separator is not None for unit in found.units)
    assert all(np.isfinite(unit.effect) for unit in found.units)
    assert len({(u.problem, u.seed, u.separator) for u in found.units}) == len(found.units)


@pytest.mark.parametrize("claim", CLAIMS)
def test_curves_and_pictures_can_be_recorded(claim, measured):
    found = measured[claim]
    assert len({(curve.problem, curve.arm) for curve in found.curves}) == len(found.curves)
    assert {curve.problem for curve in found.curves} == {unit.problem for unit in found.units}
    for curve in found.curves:
        assert 2 <= len(curve.x) == len(curve.y) <= 100
    assert 1 <= len(found.panels) <= 3
    for panel in found.panels:
        assert panel.x_label
        assert panel.y_label
        assert all(len(series.x) == len(series.y) for series in panel.series)
    json.dumps([found.shown, [unit.arms for unit in found.units]], allow_nan=False)


@pytest.mark.parametrize("claim", [claim for claim, arms in CLAIMS.items() if arms])
def test_effect_follows_from_the_arms(claim, measured):
    first, second, kind = CLAIMS[claim]
    for unit in measured[claim].units:
        a, b = unit.arms[first], unit.arms[second]
        assert unit.effect == pytest.approx(a - b if kind == "-" else np.log(a / b), abs=1e-12)


def test_not_for_every_problem_counts_a_lead_of_ten_percent(measured):
    for unit in measured["not-for-every-problem"].units:
        lead = unit.arms["momentum"] / min(unit.arms["Adam"], unit.arms["RMSprop"])
        assert unit.effect == float(lead > 1.1)


@pytest.mark.parametrize("experiment", [plateaus.flat_regions, networks.l2_helps])
def test_the_seed_decides(experiment):
    effects = [[unit.effect for unit in experiment(Budget("quick", seed, 1)).units] for seed in (0, 0, 1)]
    assert effects[0] == effects[1]
    assert effects[0] != effects[2]


# --- the fleet ---------------------------------------------------------------------------------------------


class InOrder:
    """Draws the rows as they come."""

    def permutation(self, n):
        return np.arange(n)


@pytest.fixture(scope="module")
def quadratic():
    return problems.ladder(30, 100, 5, 0.3, 1.0, True, 7)


@pytest.mark.parametrize("solver", ["momentum", "heavy_ball", "adam", "rmsprop"])
@pytest.mark.parametrize("batch_size", [None, 32])
def test_fleet_is_the_estimator(solver, batch_size, quadratic):
    epochs, rows = 5, 4 if batch_size else 1
    excess, end = fleet.Fleet([quadratic]).descend(
        solver,
        np.array([[0.01, 0.05]]),
        0.9,
        epochs * rows,
        batch_size=batch_size,
        draws=[InOrder()],
        every=rows,
    )
    fitted = MomentumRegressor(
        0.05, 0.9, solver=solver, batch_size=batch_size, shuffle=False, tol=None, max_iter=epochs
    ).fit(quadratic.X, quadratic.y, coef_init=quadratic.start[:-1], intercept_init=quadratic.start[-1])
    theta = end[0, 1] + quadratic.loss.reference[:, 0]
    np.testing.assert_allclose(theta, [*fitted.coef_, fitted.intercept_], rtol=1e-9)
    losses = quadratic.loss.least_squares + excess[1:, 0, 1] * quadratic.spectrum.excess.sum()
    np.testing.assert_allclose(losses, fitted.loss_curve_, rtol=1e-9)


@pytest.mark.parametrize("schedule", ["cosine", "adaptive"])
def test_fleet_schedules_are_the_estimators(schedule, quadratic, monkeypatch):
    monkeypatch.setattr(batched, "RATES", np.array([2.0]))
    one = fleet.Fleet([quadratic])
    eta = float(2.0 / one.L[0, 0])
    excess, _ = one.descend(
        "momentum", np.full((1, 3), eta), 0.9, 4 * batched.EPOCHS, batch_size=32, draws=[InOrder()], every=4,
        factor=batched._factor(1, 4, noisy=True),
    )  # fmt: skip
    fitted = MomentumRegressor(
        eta, 0.9, batch_size=32, shuffle=False, schedule=schedule, max_iter=batched.EPOCHS,
        tol=batched.TOL if schedule == "adaptive" else None,
    )  # fmt: skip
    with pytest.warns(match="converge") if schedule == "adaptive" else nullcontext():
        fitted.fit(
            quadratic.X, quadratic.y, coef_init=quadratic.start[:-1], intercept_init=quadratic.start[-1]
        )
    lane = batched.SCHEDULES.index(schedule)
    losses = quadratic.loss.least_squares + excess[1:, 0, lane] * quadratic.spectrum.excess.sum()
    np.testing.assert_allclose(losses, fitted.loss_curve_, rtol=1e-9)
    if schedule == "cosine":
        assert fitted.eta_curve_[-1] == pytest.approx(
            eta * schedules.cosine(batched.EPOCHS)(batched.EPOCHS - 1)
        )
    else:
        assert fitted.eta_curve_[-1] < eta


def test_arrivals_count_until_the_excess_stays_below():
    above = np.array([[1, 1, 1, 0], [0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0]])
    excess = np.where(above, 0.5, 0.01)
    np.testing.assert_array_equal(fleet.arrivals(excess, 0.1), [3, 2, 6, 0])
    np.testing.assert_array_equal(fleet.arrivals(excess, 0.1, every=4), [12, 8, 24, 0])


def test_full_batch_races_are_the_exact_ones(quadratic):
    found, curves = batched._exact_race([quadratic])
    simulated, _ = fleet.Fleet([quadratic]).descend(
        "momentum",
        np.tile(batched.RATES, 2) / quadratic.spectrum.L,
        np.repeat([0.0, 0.9], len(batched.RATES)),
        batched.UPDATES,
    )
    expected = fleet.arrivals(simulated, batched.TIGHT).reshape(2, -1).min(axis=1)
    np.testing.assert_array_equal(found[batched.TIGHT][0], expected)
    assert len(curves) == 2


def test_grid_has_a_point_just_below_each_arms_limit():
    for beta in batched.BETAS.values():
        limit = theory.stability_limit(beta, 1.0)
        assert np.min(np.abs(batched.RATES / limit - 36 / 38)) < 1e-12


def test_momentum_does_not_see_a_rotation_and_adam_does(monkeypatch):
    monkeypatch.setattr(rivals, "EPOCHS", 300)
    rivals._race.cache_clear()
    rotated, aligned = (rivals._race("κ = 30,", form, ONE)[1][0] for form in (rivals.ROTATED, rivals.ALIGNED))
    rivals._race.cache_clear()
    assert rotated["momentum"] == aligned["momentum"]
    assert rotated["Adam"] != aligned["Adam"]


def test_unequal_scales_are_those_of_the_features(quadratic):
    scales = np.array([10.0, 0.1, 1.0, 2.0, 0.5, 1.0])
    plain = fleet.Fleet([quadratic])
    scaled = plain.transformed(np.diag(scales)[None])
    np.testing.assert_allclose(scaled.offset, plain.offset / scales, rtol=1e-9)  # the same predictions
    X = quadratic.X * scales[:-1]
    design = np.column_stack([X, np.ones(len(X))])
    np.testing.assert_allclose(scaled.hessian[0], 2 * design.T @ design / len(X), atol=1e-9)


# --- landscapes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("landscape", landscapes.TRAPS + landscapes.NO_TRAPS, ids=lambda one: one.name)
def test_gradients_agree_with_finite_differences(landscape, rng):
    points, step = landscape.starts(rng, 20), 1e-6
    slopes = [
        (landscape.value(points + step * e) - landscape.value(points - step * e)) / (2 * step)
        for e in np.eye(landscape.dimension)
    ]
    np.testing.assert_allclose(landscape.gradient(points), np.stack(slopes, -1), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("landscape", landscapes.TRAPS, ids=lambda one: one.name)
def test_every_landscape_traps_some_starts_and_not_all(landscape, rng):
    starts = landscape.starts(rng, 400)
    L = landscape.curvature(starts)
    ends, _ = landscapes.roll(landscape, starts, landscapes.CAUTIOUS / L, 0.0, 0.0, None)
    best, home = landscapes.global_minimum(landscape, ends)
    assert 0 < home.mean() < 1
    assert np.linalg.norm(landscape.gradient(best)) < 1e-2 * L


def test_curvature_of_a_double_well_is_that_of_its_rim():
    well = landscapes.TRAPS[0]
    assert well.curvature(np.array([[0.0], [2.0]])) == pytest.approx(12 * 4 - 4, rel=1e-4)


def test_net_escapes():
    was_home = np.array([True, True, False, False, False, False])
    home = np.array([True, False, True, False, False, False])
    assert landscapes.net_escapes(home, was_home) == pytest.approx(1 / 4 - 1 / 2)
    assert landscapes.net_escapes(was_home, was_home) == 0
    assert landscapes.net_escapes(np.ones(3, bool), np.ones(3, bool)) == 0  # nothing to escape from


def test_noise_is_off_at_the_end(rng):
    """At a small rate all ends are minima, however large the noise was."""
    well = landscapes.TRAPS[0]
    starts = well.starts(rng, 50)
    ends, _ = landscapes.roll(well, starts, 0.5 / well.curvature(starts), 0.0, 1.0, np.random.default_rng(0))
    assert np.abs(well.gradient(ends)).max() < 1e-3


# --- plateaus, noise, regularisation -----------------------------------------------------------------------


@pytest.mark.parametrize("width", [0.3, 1, 9.5, 10, 250])
def test_crossing_times_are_the_rules(width):
    for solver in plateaus.CROSSERS.values():
        path = plateaus._path(solver, np.full(1000, -1.0)) / plateaus.RATE
        first = np.argmax(path >= width * (1 - 1e-9)) + 1
        assert plateaus._crossing_time(width, solver) == first


def test_plateaus_without_noise_are_crossed_as_theory_says(measured):
    assert measured["flat-regions"].theory_gap == pytest.approx(0, abs=0.02)


def test_noise_floor_has_the_limits_of_the_guidance():
    eta, lam, sigma2 = 0.3, 2.0, 1.5
    plain = eta * sigma2 / (lam * (2 - eta * lam))
    assert theory.noise_floor(0.0, eta, lam, sigma2) == pytest.approx(plain)
    assert theory.noise_floor(1 - 1e-9, eta, lam, sigma2) == pytest.approx(eta * sigma2 / (2 * lam))


def test_measured_variance_is_at_the_floor(measured):
    assert measured["depends-on-gradient"].theory_gap < 0.15


@pytest.mark.parametrize("alpha", [0.01, 1.0])
def test_closed_form_is_ridge(alpha, rng):
    X, y = rng.normal(size=(30, 4)) + 1, rng.normal(size=30)
    ridge = Ridge(alpha * len(y)).fit(X, y)
    theta = networks._minimum((X, y), alpha)
    np.testing.assert_allclose(theta, [*ridge.coef_, ridge.intercept_], rtol=1e-9)


def test_without_penalty_it_is_the_least_squares_of_least_norm(rng):
    X, y = rng.normal(size=(5, 8)), rng.normal(size=5)
    X -= X.mean(axis=0)  # as in Parts; otherwise the descent would also keep the intercept small
    theta = networks._minimum((X, y), 0.0)
    fitted = MomentumRegressor(tol=1e-12, max_iter=100_000).fit(X, y)
    np.testing.assert_allclose(theta[:-1], fitted.coef_, rtol=1e-3, atol=1e-4)


def test_dropout_of_inputs_is_the_ridge_of_the_identity(measured):
    assert measured["dropout-helps"].theory_gap < 0.05


def test_parts_do_not_share_rows():
    parts = networks._parts("wine: alcohol", 2, 1, 2)
    sizes = [len(part[1]) for part in (parts.train, parts.validation, parts.test)]
    assert sum(sizes) == 178
    assert parts.ratio == 2
    rows = np.vstack([part[0] for part in (parts.train, parts.validation, parts.test)])
    assert len(np.unique(rows, axis=0)) == 178
    np.testing.assert_allclose(parts.train[0].mean(axis=0), 0, atol=1e-12)
