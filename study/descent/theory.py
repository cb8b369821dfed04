"""What is known of gradient descent with momentum on a quadratic.

With Hessian H = (2/n)XᵀX, eigenvalues λ in [μ, L] and κ = L/μ, the error in each eigen-direction follows
on its own. In the note's form (``"momentum"``)

    e_t = (1 + β − η(1 − β)λ) e_{t−1} − β e_{t−2},    e_{−1} = e_0

References
----------
Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
Goh, "Why Momentum Really Works", Distill, 2017.
"""

import math

import numpy as np

from study.descent import curves
from study.descent.quadratic import GramLoss, Objective, mse


def stability_limit(beta, L, solver="momentum"):
    """Learning rate at and above which the largest curvature makes the descent diverge.

    Parameters
    ----------
    beta : float
        Momentum decay, 0 ≤ β < 1; unused by ``"sgd"``.
    L : float
        Largest eigenvalue of the Hessian.
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}

    Returns
    -------
    float
        ``momentum``: 2(1 + β) / ((1 − β)L); ``nesterov``: 2(1 + β) / ((1 − β)(1 + 2β)L);
        ``heavy_ball``: 2(1 + β) / L; ``sgd``: 2 / L.

    Examples
    --------
    >>> round(stability_limit(0.9, L=2.0), 6)
    19.0
    >>> stability_limit(0.9, L=2.0, solver="sgd")
    1.0
    """
    heavy_ball = 2 * (1 + beta) / L
    return {
        "momentum": heavy_ball / (1 - beta),
        "nesterov": heavy_ball / ((1 - beta) * (1 + 2 * beta)),
        "heavy_ball": heavy_ball,
        "sgd": 2 / L,
    }[solver]


def optimal_beta_eta(mu, L):
    """The (β*, η*) that shrink the worst direction fastest in the long run, in the note's form.

    Parameters
    ----------
    mu, L : float
        Smallest and largest eigenvalue of the Hessian.

    Returns
    -------
    beta : float
        ((√κ − 1)/(√κ + 1))² with κ = L/μ.
    eta : float
        1/√(Lμ).

    Examples
    --------
    >>> beta, eta = optimal_beta_eta(mu=1.0, L=1444.0)
    >>> round(beta, 2), round(eta, 4)
    (0.9, 0.0263)
    """
    root = math.sqrt(L / mu)
    return ((root - 1) / (root + 1)) ** 2, 1 / math.sqrt(L * mu)


def convergence_rate(beta, eta, spectrum):
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
        above 1 where the descent diverges.

    Examples
    --------
    >>> beta, eta = optimal_beta_eta(mu=1.0, L=100.0)
    >>> round(convergence_rate(beta, eta, [1.0, 100.0]), 4), round(beta**0.5, 4)
    (0.8182, 0.8182)
    """
    lam = np.asarray(getattr(spectrum, "eigenvalues", spectrum), dtype=float)
    beta, eta = np.asarray(beta, dtype=float)[..., None], np.asarray(eta, dtype=float)[..., None]
    trace = 1 + beta - eta * (1 - beta) * lam
    root = np.sqrt(np.maximum(trace**2 - 4 * beta, 0.0))
    rate = np.max(np.where(trace**2 < 4 * beta, np.sqrt(beta), (np.abs(trace) + root) / 2), axis=-1)
    return rate if rate.ndim else float(rate)


def noise_floor(beta, eta, lam, sigma2):
    """Stationary variance of the error in a direction, under independent gradient noise; the note's form.

    Parameters
    ----------
    beta, eta, lam, sigma2 : float or ndarray
        Momentum decay, learning rate, eigenvalue, and variance of the gradient's noise; η below the stability
        limit.

    Returns
    -------
    float or ndarray
        ησ²(1 + β) / (λ (2(1 + β) − η(1 − β)λ)).

    Notes
    -----
    At a fixed η it hardly depends on β: from ησ²/(λ(2 − ηλ)) at β = 0 to ησ²/(2λ) as β → 1.

    Examples
    --------
    >>> round(noise_floor(0.0, 0.1, 1.0, 1.0), 4), round(noise_floor(0.999, 0.1, 1.0, 1.0), 4)
    (0.0526, 0.05)
    """
    return eta * sigma2 * (1 + beta) / (lam * (2 * (1 + beta) - eta * (1 - beta) * lam))


def spectrum(X, y=None, *, sample_weight=None, fit_intercept=True, alpha=0.0):
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
    targets = np.zeros((X.shape[0], 1)) if y is None else np.asarray(y, dtype=float).reshape(len(y), -1)
    loss = mse(X, targets, sample_weight, fit_intercept=fit_intercept)
    objective = Objective(loss, alpha, loss.dtype)
    return curves.spectrum_at(objective, np.zeros((len(objective.penalty), targets.shape[1])))


def response_surface(
    X, y, betas, etas, max_iter, *,
    X_val=None, y_val=None, sample_weight=None, fit_intercept=True, alpha=0.0, solver="momentum",
    every_epoch=False,
):  # fmt: skip
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

    Examples
    --------
    >>> X, y = np.array([[1.0], [-1.0], [3.0], [-3.0]]), np.array([1.0, -1.0, 3.0, -3.0])
    >>> train, _ = response_surface(X, y, [0.0, 0.9], [0.1, 1.0], max_iter=100)
    >>> train.round(4).tolist()
    [[0.0, inf], [0.0001, 0.0]]
    """
    y = np.asarray(y, dtype=float).reshape(len(y), -1)
    train = GramLoss(np.asarray(X), y, sample_weight, fit_intercept=fit_intercept)
    held_out = None
    if X_val is not None:
        targets = np.asarray(y_val, dtype=float).reshape(len(y_val), -1)
        held_out = GramLoss(np.asarray(X_val), targets, fit_intercept=fit_intercept)
    shape = len(betas), len(etas)
    beta, eta = (grid.ravel() for grid in np.meshgrid(betas, etas, indexing="ij"))
    L = spectrum(X, sample_weight=sample_weight, fit_intercept=fit_intercept, alpha=alpha).L
    unstable = eta >= np.array([stability_limit(b, L, solver) for b in beta])
    kept: list[tuple] = []
    for losses in curves.loss_curves(
        train, beta, eta, max_iter, held_out=held_out, alpha=alpha, solver=solver
    ):
        kept = [*kept, losses] if every_epoch else [losses]

    def surface(part):
        values = np.where(unstable, np.inf, np.stack([losses[part] for losses in kept]))
        return values.reshape(-1, *shape) if every_epoch else values[-1].reshape(shape)

    return surface(0), None if held_out is None else surface(1)
