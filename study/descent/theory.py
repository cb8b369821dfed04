"""What is known of gradient descent with momentum on a quadratic.

With Hessian H = (2/n)XᵀX, eigenvalues λ in [μ, L] and κ = L/μ, the error in each eigen-direction follows
on its own. In the note's form (``"momentum"``)

    e_t = (1 + β − η(1 − β)λ) e_{t−1} − β e_{t−2},    e_{−1} = e_0

docs/theory.md derives every formula here.

References
----------
Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
Goh, "Why Momentum Really Works", Distill, 2017.
"""

import math
from typing import Any, overload

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from study.descent import curves
from study.descent.batch_limit import stable_eta
from study.descent.closed_form import roots
from study.descent.expected import check_settings, expected_loss_curves, row_moments, second_moment_grows
from study.descent.quadratic import GramLoss, Matrix, Objective, mse
from study.descent.solvers import LINEAR, SOLVERS, check_solver
from study.descent.spectrum import Spectrum, spectrum_at


@overload
def stability_limit(beta: float, L: float, solver: str = "momentum") -> float: ...
@overload
def stability_limit(beta: ArrayLike, L: ArrayLike, solver: str = "momentum") -> Any: ...
def stability_limit(beta: Any, L: Any, solver: str = "momentum") -> Any:
    """Learning rate at and above which the largest curvature makes the descent diverge.

    Parameters
    ----------
    beta : float or ndarray
        Momentum decay, 0 ≤ β < 1; unused by ``"sgd"``.
    L : float or ndarray
        Largest eigenvalue of the Hessian.
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}

    Returns
    -------
    float or ndarray
        ``momentum``: 2(1 + β) / ((1 − β)L); ``nesterov``: 2(1 + β) / ((1 − β)(1 + 2β)L);
        ``heavy_ball``: 2(1 + β) / L; ``sgd``: 2 / L (docs/theory.md, "Stability").

    Raises
    ------
    ValueError
        If no limit is known for the solver, as for Adam and RMSprop.

    Examples
    --------
    >>> round(stability_limit(0.9, L=2.0), 6)
    19.0
    >>> stability_limit(0.9, L=2.0, solver="sgd")
    1.0
    """
    check_solver(solver, LINEAR, "the stability limit")
    limit = SOLVERS[solver].stability_limit
    assert limit is not None
    return limit(beta, L)


def oscillation_boundary(beta: Any) -> Any:
    """ηλ above which the error in a direction of curvature λ oscillates; the note's form.

    Parameters
    ----------
    beta : float or ndarray
        Momentum decay, 0 ≤ β < 1.

    Returns
    -------
    float or ndarray
        (1 − √β)/(1 + √β) (docs/theory.md, "Oscillation").

    Examples
    --------
    >>> round(float(oscillation_boundary(0.9)), 4)
    0.0263
    """
    return (1 - np.sqrt(beta)) / (1 + np.sqrt(beta))


def optimal_beta_eta(mu: float, L: float, solver: str = "momentum") -> tuple[float, float]:
    """The (β*, η*) that shrink the worst direction fastest in the long run, in the note's form.

    Parameters
    ----------
    mu, L : float
        Smallest and largest eigenvalue of the Hessian.
    solver : {"momentum", "nesterov"}

    Returns
    -------
    beta, eta : float
        ((√κ − 1)/(√κ + 1))² and 1/√(Lμ), with κ = L/μ; of ``nesterov`` (s − 2)/(s + 2) and 4/((3L + μ)(1 − β)), with
        s = √(3κ + 1) (docs/theory.md, "Convergence rate").

    Raises
    ------
    ValueError
        If the solver is another one.

    Examples
    --------
    >>> beta, eta = optimal_beta_eta(mu=1.0, L=1444.0)
    >>> round(beta, 2), round(eta, 4)
    (0.9, 0.0263)
    """
    check_solver(solver, ("momentum", "nesterov"), "the optimal pair")
    if solver == "nesterov":
        root = math.sqrt(3 * L / mu + 1)
        return (root - 2) / (root + 2), (root + 2) / (3 * L + mu)
    root = math.sqrt(L / mu)
    return ((root - 1) / (root + 1)) ** 2, 1 / math.sqrt(L * mu)


@overload
def convergence_rate(beta: float, eta: float, spectrum: Spectrum | ArrayLike) -> float: ...
@overload
def convergence_rate(beta: ArrayLike, eta: ArrayLike, spectrum: Spectrum | ArrayLike) -> Any: ...
def convergence_rate(beta: ArrayLike, eta: ArrayLike, spectrum: Spectrum | ArrayLike) -> Any:
    """Factor by which the slowest direction's error shrinks an epoch, in the long run; the note's form.

    Parameters
    ----------
    beta, eta : float or array-like of shape (m,)
    spectrum : Spectrum or array-like
        The eigenvalues λ of the Hessian.

    Returns
    -------
    float or ndarray of shape (m,)
        The largest modulus of the roots of r² − (1 + β − η(1 − β)λ)r + β over λ: √β where they are complex, and
        above 1 where the descent diverges (docs/theory.md, "Convergence rate").

    Examples
    --------
    >>> beta, eta = optimal_beta_eta(mu=1.0, L=100.0)
    >>> round(convergence_rate(beta, eta, [1.0, 100.0]), 4), round(beta**0.5, 4)
    (0.8182, 0.8182)
    """
    lam = np.asarray(getattr(spectrum, "eigenvalues", spectrum), dtype=float)
    betas, etas = np.broadcast_arrays(np.asarray(beta, dtype=float), np.asarray(eta, dtype=float))
    larger, _ = roots(betas.ravel(), etas.ravel(), lam)
    rate = np.abs(larger).max(axis=1).reshape(betas.shape)
    return rate if rate.ndim else float(rate)


def noise_floor(beta: Any, eta: Any, lam: Any, sigma2: Any) -> Any:
    """Stationary variance of the error in a direction, under independent gradient noise; the note's form.

    Parameters
    ----------
    beta, eta, lam, sigma2 : float or ndarray
        Momentum decay, learning rate, eigenvalue, and variance of the gradient's noise; η below the stability
        limit.

    Returns
    -------
    float or ndarray
        ησ²(1 + β) / (λ (2(1 + β) − η(1 − β)λ)) (docs/theory.md, "Noise floor"). At a fixed η it hardly depends on β:
        from ησ²/(λ(2 − ηλ)) at β = 0 to ησ²/(2λ) as β → 1.

    Examples
    --------
    >>> round(noise_floor(0.0, 0.1, 1.0, 1.0), 4), round(noise_floor(0.999, 0.1, 1.0, 1.0), 4)
    (0.0526, 0.05)
    """
    return eta * sigma2 * (1 + beta) / (lam * (2 * (1 + beta) - eta * (1 - beta) * lam))


def spectrum(
    X: Matrix,
    y: ArrayLike | None = None,
    *,
    sample_weight: np.ndarray | None = None,
    fit_intercept: bool = True,
    alpha: float = 0.0,
) -> Spectrum:
    """Eigenvalues of the Hessian of the mean squared error, and the start's excess in each direction.

    Parameters
    ----------
    X : {ndarray, CSR or CSC matrix} of shape (n, d)
    y : ndarray of shape (n,) or (n, k), optional
        Without it there is no excess to share out.
    sample_weight : ndarray of shape (n,), optional
    fit_intercept : bool
    alpha : float
        L2 penalty, which adds 2·alpha to the weights' curvature.

    Returns
    -------
    Spectrum
        `eigenvalues`, ascending; `excess`, for a start at zero; `L`; `condition`, which is κ.

    Examples
    --------
    >>> found = spectrum(np.array([[1.0], [-1.0], [3.0], [-3.0]]))
    >>> found.eigenvalues.round(6).tolist(), round(float(found.condition), 6)
    ([2.0, 10.0], 5.0)
    """
    targets = np.zeros((X.shape[0], 1)) if y is None else _as_columns(y)
    loss = mse(X, targets, sample_weight, fit_intercept=fit_intercept)
    objective = Objective(loss, alpha, loss.dtype)
    return spectrum_at(objective, np.zeros((len(objective.penalty), targets.shape[1])))


def _as_columns(y: ArrayLike) -> np.ndarray:
    """Targets as an array of shape (n, k)."""
    targets = np.asarray(y, dtype=float)
    return targets.reshape(len(targets), -1)


def response_surface(
    X: ArrayLike, y: ArrayLike, betas: ArrayLike, etas: ArrayLike, max_iter: int, *,
    X_val: ArrayLike | None = None, y_val: ArrayLike | None = None, sample_weight: np.ndarray | None = None,
    fit_intercept: bool = True, alpha: float = 0.0, solver: str = "momentum", every_epoch: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:  # fmt: skip
    """The exact loss of a full batch from zero for every pair of a β and an η, without a fit.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,) or (n, k)
    betas : array-like of shape (p,)
    etas : array-like of shape (q,)
    max_iter : int
        Epochs.
    X_val, y_val : ndarray, optional
        Data to validate on: their loss is a second quadratic in the same weights, so exact too.
    sample_weight : ndarray of shape (n,), optional
    fit_intercept : bool
    alpha : float
        L2 penalty.
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}
    every_epoch : bool
        Whether every epoch's loss is returned, or the last one's.

    Returns
    -------
    train_loss, val_loss : ndarray of shape (p, q), or (max_iter, p, q) with `every_epoch`
        Mean squared errors; infinite for a pair that diverges: where the loss left the floating-point range, or
        η is not below the stability limit. `val_loss` is None without `X_val`.

    Raises
    ------
    ValueError
        If the solver's update is not linear in the gradient.

    Examples
    --------
    >>> X, y = np.array([[1.0], [-1.0], [3.0], [-3.0]]), np.array([1.0, -1.0, 3.0, -3.0])
    >>> train, _ = response_surface(X, y, [0.0, 0.9], [0.1, 1.0], max_iter=100)
    >>> train.round(4).tolist()
    [[0.0, inf], [0.0001, 0.0]]
    """
    check_solver(solver, LINEAR, "the exact loss")
    train = GramLoss(np.asarray(X), _as_columns(y), sample_weight, fit_intercept=fit_intercept)
    held_out = None
    if X_val is not None and y_val is not None:
        held_out = GramLoss(np.asarray(X_val), _as_columns(y_val), fit_intercept=fit_intercept)
    beta, eta = np.meshgrid(betas, etas, indexing="ij")
    L = spectrum(np.asarray(X), sample_weight=sample_weight, fit_intercept=fit_intercept, alpha=alpha).L
    unstable = eta >= stability_limit(beta, L, solver)
    pairs = beta.ravel(), eta.ravel()
    if every_epoch:
        by_epoch = list(
            curves.loss_curves(train, *pairs, max_iter, held_out=held_out, alpha=alpha, solver=solver)
        )
    else:
        by_epoch = [
            curves.losses_after(train, *pairs, max_iter, held_out=held_out, alpha=alpha, solver=solver)
        ]

    def surface(part: int) -> np.ndarray:
        values = np.stack([np.asarray(losses[part]) for losses in by_epoch]).reshape(-1, *beta.shape)
        values = np.where(unstable, np.inf, values)
        return values if every_epoch else values[-1]

    return surface(0), None if held_out is None else surface(1)


def expected_surface(
    X: Matrix, y: ArrayLike, betas: ArrayLike, etas: ArrayLike, max_iter: int, batch_size: int | None, *,
    X_val: Matrix | None = None, y_val: ArrayLike | None = None, sample_weight: np.ndarray | None = None,
    fit_intercept: bool = True, alpha: float = 0.0, solver: str = "momentum", shuffle: bool = True,
    every_epoch: bool = False,
) -> tuple[np.ndarray, np.ndarray | None]:  # fmt: skip
    """The expected loss of mini-batch descent from zero for every pair of a β and an η, without a fit.

    The expectation is over the order of the rows (docs/theory.md, "Mini-batches, predicted").

    Parameters
    ----------
    X, y, betas, etas, max_iter, X_val, y_val, sample_weight, fit_intercept, alpha, solver, every_epoch
        As for `response_surface`; X may be a CSR matrix too.
    batch_size : int or None
        Rows an update. None, or n and more: the full batch, for which this is `response_surface`.
    shuffle : bool
        Whether an epoch visits every row once, in a new order. False: every batch is drawn for itself, so that
        batches are independent.

    Returns
    -------
    train_loss, val_loss : ndarray of shape (p, q), or (max_iter, p, q) with `every_epoch`
        Expected mean squared errors; infinite for a pair whose second moment grows without bound. `val_loss` is None
        without `X_val`.

    Raises
    ------
    ValueError
        If `batch_size` is below 1, or the solver's update is not linear in the gradient.

    Examples
    --------
    >>> X = np.array([[1.0], [-1.0], [3.0], [-3.0]])
    >>> y = np.array([2.0, 0.0, 3.0, -4.0])
    >>> train, _ = expected_surface(X, y, [0.0, 0.9], [0.01, 0.1], max_iter=20, batch_size=2)
    >>> train.round(3).tolist()
    [[0.591, 0.964], [0.715, 0.672]]
    """
    rows = X.tocsr() if scipy.sparse.issparse(X) else np.asarray(X)
    check_settings(solver, batch_size)
    if batch_size is None or batch_size >= rows.shape[0]:
        return response_surface(
            X, y, betas, etas, max_iter, X_val=X_val, y_val=y_val, sample_weight=sample_weight,
            fit_intercept=fit_intercept, alpha=alpha, solver=solver, every_epoch=every_epoch,
        )  # fmt: skip
    moments = row_moments(rows, _as_columns(y), sample_weight, fit_intercept=fit_intercept, alpha=alpha)
    held_out = None
    if X_val is not None and y_val is not None:
        held_out = moments.loss_about_minimum(X_val, _as_columns(y_val))
    beta, eta = np.meshgrid(np.asarray(betas, dtype=float), np.asarray(etas, dtype=float), indexing="ij")
    pairs = beta.ravel(), eta.ravel()
    losses = expected_loss_curves(
        moments, *pairs, max_iter, batch_size, solver=solver, shuffle=shuffle, held_out=held_out
    )
    losses[..., second_moment_grows(moments, *pairs, batch_size, solver=solver, shuffle=shuffle)] = np.inf
    surfaces = losses.reshape(len(losses), max_iter, *beta.shape)
    surfaces = surfaces if every_epoch else surfaces[:, -1]
    return surfaces[0], surfaces[1] if held_out is not None else None


def minibatch_stability_limit(
    X: Matrix, beta: float, batch_size: int | None, *, solver: str = "momentum",
    sample_weight: np.ndarray | None = None, fit_intercept: bool = True, alpha: float = 0.0,
) -> float:  # fmt: skip
    """Largest learning rate at which the second moment of mini-batch descent does not grow.

    It is below the full batch's limit, and for small batches far below (docs/theory.md, "Mini-batches, predicted").

    Parameters
    ----------
    X, beta, batch_size, solver, sample_weight, fit_intercept, alpha
        As for `expected_surface`, with one β.

    Returns
    -------
    float
        By bisection, to 2 % and what drawn orders of few rows leave open. Infinite without curvature.

    Raises
    ------
    ValueError
        If `batch_size` is below 1, or the solver's update is not linear in the gradient.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> full = minibatch_stability_limit(X, 0.9, None)
    >>> [round(minibatch_stability_limit(X, 0.9, m) / full, 2) for m in (4, 16, 64)]
    [0.05, 0.14, 0.23]
    """
    rows = X.tocsr() if scipy.sparse.issparse(X) else np.asarray(X)
    check_settings(solver, batch_size)
    L = spectrum(rows, sample_weight=sample_weight, fit_intercept=fit_intercept, alpha=alpha).L
    if not L > 0:
        return math.inf
    full_batch = float(stability_limit(beta, L, solver))
    if batch_size is None or batch_size >= rows.shape[0]:
        return full_batch
    moments = row_moments(
        rows, np.zeros((rows.shape[0], 1)), sample_weight, fit_intercept=fit_intercept, alpha=alpha
    )
    return stable_eta(moments, rows, sample_weight, beta, batch_size, full_batch, solver=solver, alpha=alpha)
