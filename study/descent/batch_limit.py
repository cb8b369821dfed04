"""The stability limit of mini-batches: from the moments, and on few rows from epochs whose order is drawn.

The recurrence of the moments knows reshuffling to first order in 1/n. On few rows the limit may be twice what it says.
Without residuals an epoch multiplies the error e and the velocity v, as one vector s, by a matrix T that depends on the
order of the rows alone. The second moment follows E[ssᵀ] ← E[T E[ssᵀ] Tᵀ], and grows without bound where this linear map
has an eigenvalue above 1 (docs/theory.md, "Mini-batches, predicted"). The mean over orders is one over drawn orders.
"""

import numpy as np
import scipy.sparse

from study.descent.expected import RowMoments, largest_stable_eta
from study.descent.quadratic import Matrix
from study.descent.solvers import SOLVERS

ORDERS = 60
"""Orders of the rows that are drawn. Each serves forwards and backwards, which halves the error of a mean over orders."""

SHORT = 0.25
"""An epoch whose updates, times 1 − β, are fewer changes too little for its growth to be told from so many orders."""

MOST_WORK, MOST_DIRECTIONS = 5e5, 24
"""Rows times the squared coordinates, and coordinates, up to which orders are drawn."""

STEP, PRECISION = 1.1, 1.02
"""Factors by which the limit is first looked for, and to which it is found."""

FARTHEST = 100.0
"""The limit is looked for up to so many times what the moments tell."""

FEWEST_ROUNDS, MOST_ROUNDS = 20, 400
"""Steps of the power iteration."""


def stable_eta(
    moments: RowMoments, X: Matrix, sample_weight: np.ndarray | None, beta: float, batch_size: int,
    full_batch: float, *, solver: str, alpha: float,
) -> float:  # fmt: skip
    """Return the largest η whose second moment does not grow, to 2 % and, on few rows, what the draws leave open.

    Parameters
    ----------
    moments : RowMoments
        Of the rows.
    X : {ndarray, CSR matrix} of shape (n, d)
    sample_weight : ndarray of shape (n,) or None
    beta : float
    batch_size : int
        Less than n.
    full_batch : float
        The limit of the full batch.
    solver : str
        One whose update is linear (`Solver.is_linear`).
    alpha : float
        L2 penalty.
    """
    guess = largest_stable_eta(moments, beta, batch_size, full_batch, solver=solver)
    p, updates = len(moments.eigenvalues), -(-moments.n // batch_size)
    if p > MOST_DIRECTIONS or moments.n * p**2 > MOST_WORK or updates * (1 - beta) < SHORT:
        return guess
    rng = np.random.default_rng(0)  # fixed, so that the limit repeats itself
    orders = [rng.permutation(moments.n) for _ in range(ORDERS)]
    orders += [order[::-1].copy() for order in orders]
    X = X.astype(np.float64) if scipy.sparse.issparse(X) else np.ascontiguousarray(X, dtype=np.float64)
    weights = (
        None if sample_weight is None else np.asarray(sample_weight / np.mean(sample_weight), dtype=float)
    )

    def grows(eta: float) -> bool:
        with np.errstate(all="ignore"):
            maps = _epoch_maps(
                moments, X, weights, orders, batch_size, solver=solver, beta=beta, eta=eta, alpha=alpha
            )
            return _growth(maps) > 0

    low = high = guess
    while grows(low):
        low, high = low / STEP, low
    while high == low or (high < FARTHEST * guess and not grows(high)):
        low, high = high, high * STEP
    while high / low > PRECISION:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if grows(middle) else (middle, high)
    return low


def _epoch_maps(
    moments: RowMoments, X: Matrix, weights: np.ndarray | None, orders: list[np.ndarray], batch_size: int, *,
    solver: str, beta: float, eta: float, alpha: float,
) -> np.ndarray:  # fmt: skip
    """The matrix of one epoch for each order, shape (orders, 2q, 2q), q the directions that have curvature.

    The epoch is made from every unit vector at once, each as a target of its own whose rows are all 0.
    """
    from study.descent import batches  # numba takes 0.3 s

    lam = moments.eigenvalues
    basis = moments.vectors[:, lam > lam[-1] * len(lam) * np.finfo(float).eps]
    p, q = basis.shape
    run = batches.sparse_epoch if scipy.sparse.issparse(X) else batches.dense_epoch
    y = np.zeros((X.shape[0], 2 * q))
    maps = np.empty((len(orders), 2 * q, 2 * q))
    for found, order in zip(maps, orders, strict=True):
        theta = np.hstack([basis, np.zeros((p, q))])
        velocity = np.hstack([np.zeros((p, q)), basis / eta])  # of the size of the steps
        run(
            X, y, weights, order, batch_size, theta, velocity, np.zeros_like(theta), 0,
            solver=solver, eta=eta, beta=beta, beta_2=0.0, epsilon=0.0, alpha=alpha,
        )  # fmt: skip
        found[:q], found[q:] = basis.T @ theta, eta * (basis.T @ velocity)
    # Without β nothing is done with the velocity, which would stay as it is.
    return maps if SOLVERS[solver].uses_beta else maps[:, :q, :q]


def _growth(maps: np.ndarray) -> float:
    """Logarithm of the factor by which an epoch multiplies the second moment in the long run, by power iteration."""
    count, size, _ = maps.shape
    beside = maps.transpose(1, 0, 2).reshape(size, -1)
    second, growth = np.eye(size) / size, np.inf
    for turn in range(MOST_ROUNDS):
        left = (maps @ second).transpose(1, 0, 2).reshape(size, -1)
        second = left @ beside.T / count
        factor = np.trace(second)
        if not np.isfinite(factor):
            return np.inf
        if factor <= 0:
            return -np.inf
        second /= factor
        before, growth = growth, float(np.log(factor))
        if turn >= FEWEST_ROUNDS and abs(growth - before) <= 0.01 * abs(growth):
            break
    return growth
