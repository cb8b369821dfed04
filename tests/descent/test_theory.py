"""The theory against brute force: fits, bisection, and the formulas as they stand in the sources."""

import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression

from study import DivergenceError, MomentumRegressor
from study.descent.quadratic import GramLoss
from study.descent.rules import momentum
from study.descent.theory import (
    convergence_rate,
    noise_floor,
    optimal_beta_eta,
    oscillation_boundary,
    response_surface,
    spectrum,
    stability_limit,
)
from tests.conftest import LINEAR, conditioned, design_hessian, standardised


@pytest.mark.parametrize("solver", LINEAR)
@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.99])
def test_stability_limit_is_where_fits_begin_to_diverge(solver, beta):
    X, y = conditioned(10)
    L = np.linalg.eigvalsh(design_hessian(X))[-1]

    def diverges(eta):
        try:
            MomentumRegressor(eta, beta, solver=solver, max_iter=20_000, tol=None).fit(X, y)
        except DivergenceError:
            return True
        return False

    limit = stability_limit(beta, L, solver)
    assert diverges(1.005 * limit)
    assert not diverges(0.995 * limit)


def test_the_optimal_pair_of_the_notes_example_is_the_known_one():
    draw = np.random.RandomState(42)
    curvatures = np.linalg.eigvalsh(design_hessian(2 * draw.rand(100, 1)))
    assert curvatures[1] / curvatures[0] == pytest.approx(12.17, abs=0.005)
    beta, eta = optimal_beta_eta(*curvatures)
    assert (beta, eta) == (pytest.approx(0.307, abs=5e-4), pytest.approx(0.845, abs=5e-4))


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
@pytest.mark.parametrize("kappa", [1.0, 4.0, 50.0, 3000.0])
def test_no_pair_shrinks_the_worst_direction_faster_than_the_optimal_one(solver, kappa):
    lam = np.geomspace(1, kappa, 30)

    def rates(beta, eta):
        """Largest modulus of the eigenvalues of (w, v) → (w, v) in every direction, by the rule as it is written."""
        curvature = np.broadcast_to(lam, (*np.shape(beta), len(lam)))
        b, e = np.asarray(beta)[..., None] + 0 * curvature, np.asarray(eta)[..., None] + 0 * curvature
        v = np.stack([(1 - b) * curvature, b], axis=-1)
        step = (
            v if solver == "momentum" else b[..., None] * v + np.stack([(1 - b) * curvature, 0 * b], axis=-1)
        )
        w = np.array([1.0, 0.0]) - e[..., None] * step
        return np.abs(np.linalg.eigvals(np.stack([w, v], axis=-2))).max(axis=(-1, -2))

    beta, eta = optimal_beta_eta(1.0, kappa, solver)
    root = np.sqrt(3 * kappa + 1)
    known = np.sqrt(beta) if solver == "momentum" else 1 - 2 / root
    # A double root is known to half the digits.
    assert rates(beta, eta) == pytest.approx(known, abs=1e-5)
    grid = np.meshgrid(
        1 - (1 - beta) * np.geomspace(0.5, 2, 81).clip(max=1 / (1 - beta)), eta * np.geomspace(0.5, 2, 81)
    )
    assert rates(*grid).min() > known - 1e-5


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
def test_the_optimal_beta_depends_on_the_condition_alone_and_eta_falls_with_the_curvature(solver):
    beta, eta = optimal_beta_eta(1.0, 30.0, solver)
    assert optimal_beta_eta(0.25, 7.5, solver) == pytest.approx((beta, 4 * eta), rel=1e-12)


def test_beta_of_0_9_is_optimal_at_condition_1442():
    beta, _ = optimal_beta_eta(1.0, 1442.0)
    assert beta == pytest.approx(0.9, abs=1e-4)


def test_convergence_rate_is_that_of_fits():
    X, y = conditioned(50, d=4)
    design = design_hessian(X)
    lam = np.linalg.eigvalsh(design)
    for beta, eta in [optimal_beta_eta(lam[0], lam[-1]), (0.5, 0.3 / lam[-1]), (0.95, 1 / lam[-1])]:
        loss = GramLoss(X, y[:, None])
        model = MomentumRegressor(eta, beta, max_iter=700, tol=None)
        excess = np.array(model.fit(X, y).loss_curve_) - loss.least_squares
        window = slice(*np.searchsorted(-excess, [-1e-2 * excess[0], -1e-12 * excess[0]]))
        rate = np.exp(np.polyfit(np.arange(700)[window], np.log(excess[window]), 1)[0] / 2)
        assert convergence_rate(beta, eta, lam) == pytest.approx(rate, abs=0.03)
    assert convergence_rate(0.9, 1.01 * stability_limit(0.9, lam[-1]), lam) > 1


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("eta", [0.05, 0.5])
def test_noise_floor_is_the_variance_under_independent_draws(beta, eta):
    draw = np.random.default_rng(0)
    lam, sigma2 = 1.3, 2.0
    w = v = np.zeros(20_000)
    for _ in range(int(20 / (eta * lam)) + int(20 / (1 - beta))):
        gradient = lam * w + np.sqrt(sigma2) * draw.normal(size=w.shape)
        w, v, _ = momentum(w, v, None, gradient, 1, eta, beta, None, None)
    assert noise_floor(beta, eta, lam, sigma2) == pytest.approx(np.var(w), rel=0.03)


def test_noise_floor_has_its_limits_at_beta_0_and_near_1():
    eta, lam, sigma2 = 0.3, 2.0, 1.5
    plain = eta * sigma2 / (lam * (2 - eta * lam))
    assert noise_floor(0.0, eta, lam, sigma2) == pytest.approx(plain)
    assert noise_floor(1 - 1e-9, eta, lam, sigma2) == pytest.approx(eta * sigma2 / (2 * lam))


def test_spectrum_is_that_of_the_weighted_and_penalised_hessian():
    X, y = standardised("diabetes")
    weights = np.linspace(1, 3, len(y))
    found = spectrum(X, y, sample_weight=weights, alpha=0.1)
    design = np.column_stack([X, np.ones(len(X))])
    hessian = 2 * design.T @ (design * weights[:, None]) / weights.sum() + np.diag([0.2] * 10 + [0])
    np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(hessian), rtol=1e-9)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_excess_of_a_spectrum_is_the_loss_at_zero_above_that_of_least_squares(fit_intercept, rng):
    X = rng.normal(size=(80, 4)) + 1
    y = X @ rng.normal(size=(4, 2)) + rng.normal(size=(80, 2)) + 3
    fitted = LinearRegression(fit_intercept=fit_intercept).fit(X, y).predict(X)
    excess = np.sum(y**2 - (y - fitted) ** 2) / len(y)
    found = spectrum(X, y, fit_intercept=fit_intercept)
    assert found.excess.sum() == pytest.approx(excess, rel=1e-9)
    assert spectrum(X, fit_intercept=fit_intercept).excess.sum() == 0
    design = np.column_stack([X, np.ones(80)]) if fit_intercept else X
    np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(2 * design.T @ design / 80), rtol=1e-9)
    np.testing.assert_allclose(
        spectrum(X, y[:, 0], fit_intercept=fit_intercept).eigenvalues, found.eigenvalues
    )


def test_the_largest_curvature_of_many_sparse_columns_needs_no_target(rng):
    X = scipy.sparse.random_array((900, 450), density=0.05, rng=rng, data_sampler=rng.standard_normal).tocsr()
    dense = X.toarray()
    largest = np.linalg.eigvalsh(2 * dense.T @ dense / 900)[-1]
    for alpha in (0.0, 0.7):
        found = spectrum(X, fit_intercept=False, alpha=alpha)
        assert pytest.approx(largest + 2 * alpha, rel=1e-3) == found.L
        assert found.excess.sum() == 0


@pytest.mark.parametrize("every_epoch", [True, False])
def test_response_surface_is_that_of_fits(every_epoch):
    X, y = standardised("diabetes")
    betas, etas = [0.0, 0.9], [0.05, 0.1, 2.0]
    train, val = response_surface(
        X[:300], y[:300], betas, etas, 40, X_val=X[300:], y_val=y[300:], every_epoch=every_epoch
    )
    assert train.shape == val.shape == ((40, 2, 3) if every_epoch else (2, 3))
    for i, beta in enumerate(betas):
        for j, eta in enumerate(etas):
            if (i, j) == (0, 2):
                assert np.isinf(train[..., i, j]).all()
                continue
            model = MomentumRegressor(eta, beta, max_iter=40, tol=None).fit(X[:300], y[:300])
            expected = model.loss_curve_ if every_epoch else model.loss_curve_[-1]
            np.testing.assert_allclose(train[..., i, j], expected, rtol=1e-9)
            last = np.mean((y[300:] - model.predict(X[300:])) ** 2)
            np.testing.assert_allclose(val[-1, i, j] if every_epoch else val[i, j], last, rtol=1e-9)


OPTIONS = [
    {},
    {"weights": True},
    {"alpha": 0.4},
    {"fit_intercept": False},
    {"weights": True, "alpha": 0.4, "fit_intercept": False},
]


def settings_of(options, rng, n):
    """Weights, and the keywords of a surface."""
    weights = rng.uniform(0.1, 4, size=n) if options.get("weights") else None
    return weights, {
        "alpha": options.get("alpha", 0.0),
        "fit_intercept": options.get("fit_intercept", True),
    }


def curvature(X, weights, alpha, fit_intercept):
    """The Hessian of the weighted and penalised mean squared error."""
    design = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    share = np.ones(len(X)) if weights is None else weights
    penalty = np.diag([2 * alpha] * X.shape[1] + [0.0] * fit_intercept)
    return 2 * design.T @ (share[:, None] * design) / share.sum() + penalty


def looped(X, y, beta, eta, epochs, *, solver, alpha, fit_intercept, weights):
    """The weighted mean squared error after each epoch of a plain loop, and the model's last coefficients."""
    design = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    free = np.array([alpha] * X.shape[1] + [0.0] * fit_intercept)[:, None]
    share = (np.ones(len(X)) if weights is None else weights)[:, None]
    share = share / share.sum()
    w = v = np.zeros((design.shape[1], y.shape[1]))
    losses = []
    for _ in range(epochs):
        g = 2 * design.T @ (share * (design @ w - y)) + 2 * free * w
        if solver == "sgd":
            w = w - eta * g
        elif solver == "heavy_ball":
            v = beta * v + g
            w = w - eta * v
        else:
            v = beta * v + (1 - beta) * g
            w = w - eta * (v if solver == "momentum" else beta * v + (1 - beta) * g)
        losses.append(np.sum(share * (y - design @ w) ** 2) / y.shape[1])
    return np.array(losses), w


@pytest.mark.parametrize("options", OPTIONS, ids=" ".join)
@pytest.mark.parametrize("solver", LINEAR)
def test_response_surface_of_every_option_is_that_of_a_plain_loop(solver, options, rng):
    X, X_val = rng.normal(size=(60, 3)) + 0.7, rng.normal(size=(25, 3)) + 0.7
    y, y_val = rng.normal(size=(60, 2)) + 2, rng.normal(size=(25, 2)) + 2
    weights, settings = settings_of(options, rng, 60)
    settings["solver"] = solver
    L = np.linalg.eigvalsh(curvature(X, weights, settings["alpha"], settings["fit_intercept"]))[-1]
    for beta in (0.0, 0.8):
        limit = stability_limit(beta, L, solver)
        etas = [0.02, 0.99 * limit, 1.01 * limit]
        train, val = response_surface(
            X, y, [beta], etas, 9, X_val=X_val, y_val=y_val, sample_weight=weights, **settings
        )
        assert train.shape == val.shape == (1, 3)
        for j, eta in enumerate(etas[:2]):
            losses, w = looped(X, y, beta, eta, 9, weights=weights, **settings)
            held_out = np.column_stack([X_val, np.ones(25)]) if settings["fit_intercept"] else X_val
            assert train[0, j] == pytest.approx(losses[-1], rel=1e-8)
            assert val[0, j] == pytest.approx(np.mean((y_val - held_out @ w) ** 2), rel=1e-8)
        # Nine epochs above the limit leave finite losses; the surface says where they lead.
        assert np.isfinite(looped(X, y, beta, etas[2], 9, weights=weights, **settings)[0]).all()
        assert np.isinf([train[0, 2], val[0, 2]]).all()


def test_a_response_surface_has_no_validation_loss_unless_it_is_given_both_arrays(rng):
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    for held_out in ({}, {"X_val": X}, {"y_val": y}):
        train, val = response_surface(X, y, [0.5], [0.1], 3, **held_out)
        assert val is None
        assert train.shape == (1, 1)


def test_a_learning_rate_at_the_stability_limit_itself_is_infinite_on_the_surface():
    # λ is exactly 2, so with sgd the limit is 1: there the weight jumps between 0 and 2 for ever.
    X, y = np.array([[1.0], [-1.0]]), np.array([1.0, -1.0])
    losses, _ = response_surface(X, y, [0.0], [1.0, 1 - 1e-9], 4, fit_intercept=False, solver="sgd")
    assert np.isinf(losses).tolist() == [[True, False]]


def test_targets_may_be_true_and_false(rng):
    X = rng.normal(size=(20, 2))
    y = X[:, 0] > 0
    found, expected = (response_surface(X, target, [0.5], [0.1], 5)[0] for target in (y, y.astype(float)))
    np.testing.assert_allclose(found, expected)


def test_convergence_rate_is_the_spectral_radius(rng):
    lam = np.array([1.0, 30.0])
    betas, etas = np.array([[0.0, 0.5], [0.9, 0.99]]), np.array([[0.05, 0.03], [0.5, 2.0]])
    found = convergence_rate(betas, etas, lam)
    assert found.shape == (2, 2)
    for place in np.ndindex(2, 2):
        beta, eta = betas[place], etas[place]
        radius = max(
            np.abs(np.linalg.eigvals([[1 + beta - eta * (1 - beta) * x, -beta], [1, 0]])).max() for x in lam
        )
        assert found[place] == pytest.approx(radius, rel=1e-9)
        assert convergence_rate(beta, eta, lam) == pytest.approx(radius, rel=1e-9)
    assert isinstance(convergence_rate(0.5, 0.03, lam), float)
    assert convergence_rate(0, 1, [3]) == 2  # 1 − ηλ = −2


def test_convergence_rate_takes_a_spectrum_for_its_eigenvalues(rng):
    X = rng.normal(size=(50, 3))
    lam = np.linalg.eigvalsh(design_hessian(X))
    assert convergence_rate(0.0, 0.1, spectrum(X)) == pytest.approx(np.abs(1 - 0.1 * lam).max(), rel=1e-9)


@pytest.mark.parametrize("solver", ["rmsprop", "adam", "Momentum"])
def test_a_solver_of_which_the_theory_does_not_know_something_is_refused(solver):
    linear = "momentum, nesterov, heavy_ball, sgd"
    with pytest.raises(
        ValueError, match=f"^solver = '{solver}': the stability limit is known of {linear} only$"
    ):
        stability_limit(0.9, 2.0, solver)
    with pytest.raises(ValueError, match=f"^solver = '{solver}': the exact loss is known of {linear} only$"):
        response_surface([[1.0], [2.0]], [1.0, 2.0], [0.9], [0.1], 3, solver=solver)


@pytest.mark.parametrize("solver", ["heavy_ball", "sgd", "rmsprop", "adam"])
def test_the_optimal_pair_of_another_form_is_not_the_notes(solver):
    message = f"^solver = '{solver}': the optimal pair is known of momentum, nesterov only$"
    with pytest.raises(ValueError, match=message):
        optimal_beta_eta(1.0, 100.0, solver)


@pytest.mark.parametrize("beta", [0.1, 0.5, 0.9, 0.99])
def test_roots_turn_complex_at_the_oscillation_boundary(beta):
    boundary = oscillation_boundary(beta)
    for factor, oscillates in ((0.999, False), (1.001, True)):
        trace = 1 + beta - factor * boundary * (1 - beta)
        assert bool(np.iscomplex(np.roots([1, -trace, beta])).any()) == oscillates


ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "theory.md").read_text(encoding="utf-8")


def test_every_section_that_the_code_cites_is_on_the_page():
    headings = re.findall(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    for path in (ROOT / "study").rglob("*.py"):
        text = " ".join(path.read_text(encoding="utf-8").split())
        for cited in re.findall(r'docs/theory\.md, "([^"]+)"', text):
            assert cited in headings, f"{path} cites {cited!r}"


def test_every_name_on_the_page_is_in_the_code():
    names = re.findall(r"`(study(?:\.\w+)+)`", PAGE)
    assert names
    for name in names:
        try:
            pkgutil.resolve_name(name)
        except (ImportError, AttributeError):
            pytest.fail(f"docs/theory.md names {name}, which does not exist")
