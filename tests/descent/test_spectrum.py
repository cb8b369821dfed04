"""The spectrum at a start against NumPy's eigenvalues and against fits."""

import numpy as np
import pytest

from study import MomentumRegressor
from study.descent.curves import excess_curves
from study.descent.quadratic import GramLoss, Objective, ResidualLoss
from study.descent.spectrum import spectrum_at
from tests.conftest import design_hessian, standardised


def test_eigenvalues_are_the_hessians():
    X, y = standardised("diabetes")
    found = spectrum_at(Objective(GramLoss(X, y[:, None]), 0.0, float), np.zeros((11, 1)))
    np.testing.assert_allclose(found.eigenvalues, np.linalg.eigvalsh(design_hessian(X)), rtol=1e-9)


def test_excess_sums_to_the_starting_loss_above_least_squares():
    X, y = standardised("diabetes")
    loss = GramLoss(X, y[:, None])
    found = spectrum_at(Objective(loss, 0.0, float), np.zeros((11, 1)))
    assert found.excess.sum() == pytest.approx(np.mean(y**2) - loss.least_squares, rel=1e-9)


def test_lanczos_reproduces_the_loss_curve_of_a_fit(rng):
    X = rng.normal(size=(300, 900)) * np.geomspace(1, 0.1, 900)
    y = (X @ rng.normal(size=900))[:, None]
    wide = ResidualLoss(X, y)
    found = spectrum_at(Objective(wide, 0.0, X.dtype), np.zeros((901, 1)))
    assert pytest.approx(np.linalg.eigvalsh(design_hessian(X))[-1], rel=1e-3) == found.L
    eta = 1 / found.L
    model = MomentumRegressor(eta, 0.5, max_iter=20, tol=None).fit(X, y[:, 0])
    (curve,) = excess_curves(found, np.array([0.5]), np.array([eta]), 20)
    np.testing.assert_allclose(curve[1:, 0] * np.mean(y**2), model.loss_curve_, rtol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_lanczos_finds_the_largest_curvature_where_the_columns_sum_to_zero(alpha, rng):
    half = rng.integers(-9, 10, size=(120, 225)).astype(float)
    X = np.hstack([half, -half])  # a change of all weights by the same number changes no prediction
    expected = np.linalg.eigvalsh(2 * X.T @ X / 120)[-1] + 2 * alpha
    y = rng.normal(size=(120, 1))
    for targets in (y, np.zeros_like(y)):
        loss = ResidualLoss(X, targets, fit_intercept=False)
        found = spectrum_at(Objective(loss, alpha, X.dtype), np.zeros((450, 1)))
        assert pytest.approx(expected, rel=1e-3) == found.L
        assert found.eigenvalues[-1] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("shape", "fit_intercept", "weighted"),
    [((60, 420), True, False), ((410, 420), False, True), ((410, 420), True, True), ((900, 420), True, True)],
)
def test_beyond_400_coordinates_the_excess_after_some_epochs_is_that_of_all_eigenvectors(
    shape, fit_intercept, weighted, rng
):
    X = rng.normal(size=shape) * np.geomspace(1, 0.05, shape[1])
    Y = X @ rng.normal(size=(shape[1], 2)) + 1
    weights = rng.integers(0, 3, size=shape[0]).astype(float) if weighted else np.ones(shape[0])
    design = np.column_stack([X, np.ones(shape[0])]) if fit_intercept else X
    share = weights / weights.sum()
    lam, vectors = np.linalg.eigh(2 * design.T @ (share[:, None] * design))
    gradient = -2 * vectors.T @ (design.T @ (share[:, None] * Y))
    kept = lam > 1e-10 * lam[-1]
    excess = np.sum(gradient[kept] ** 2, axis=1) / (2 * lam[kept])
    loss = ResidualLoss(X, Y, weights if weighted else None, fit_intercept=fit_intercept)
    found = spectrum_at(Objective(loss, 0.0, X.dtype), np.zeros((design.shape[1], 2)))
    tolerance = 1e-6 if shape[0] < shape[1] else 1e-3  # 40 steps of Lanczos from the gradient
    assert lam[-1] * (1 - 1e-9) <= found.L <= lam[-1] * (1 + 2e-3)
    for epochs in (0, 1, 10, 40):
        left = (1 - lam[kept] / lam[-1]) ** epochs
        shown = (1 - found.eigenvalues / lam[-1]) ** epochs
        assert shown**2 @ found.excess == pytest.approx(left**2 @ excess, abs=tolerance * excess.sum())


def test_flat_directions_are_left_out():
    X, y = standardised("iris")
    found = spectrum_at(Objective(GramLoss(np.hstack([X, X]), y[:, None]), 0.0, float), np.zeros((9, 1)))
    expected = np.linalg.eigvalsh(design_hessian(np.hstack([X, X])))[-5:]
    np.testing.assert_allclose(found.eigenvalues, expected, rtol=1e-9)
    assert found.condition == pytest.approx(expected[-1] / expected[0], rel=1e-9)
