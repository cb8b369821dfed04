"""``eta="auto"`` and ``beta="auto"``: the setting that is soonest within 1 % of the minimum.

Asymptotically optimal β* and η* look only at the extreme eigenvalues. What a fit needs also depends on
how much of the start's error lies in each direction, so the exact excess curves are searched instead.
"""

import numpy as np
import scipy.sparse

from study.descent.curves import excess_after, excess_curves, spectrum_at
from study.descent.theory import stability_limit

LINEAR = ("momentum", "nesterov", "heavy_ball", "sgd")
"""Solvers whose update is linear in the gradient, and so known in closed form on a quadratic."""

UNUSED_BETA = ("sgd", "rmsprop")

SLACK = 0.1
"""Share of the epochs to arrival that is given for getting further afterwards, where β is fixed."""

HORIZON = 10_000
"""Epochs that the search looks ahead for an arrival, whatever `max_iter`."""

AFTERWARDS = 1000
"""Epoch whose excess tells, where β is fixed, which of the pairs that arrive gets further."""

SETTLED = 1e-20
"""Share of the starting excess below which all is the same."""

TINY = 1e-300

TARGET = 0.01
"""Share of the starting excess that counts as arrived."""

MARGIN = 0.999
"""Rates are searched up to this share of the stability limit."""


def resolve(eta, beta, *, solver, objective, theta, max_iter, rows=None, dropout=0.0):
    """Put numbers where ``"auto"`` stands.

    Parameters
    ----------
    eta, beta : float or "auto"
    solver : str
    objective : Objective
    theta : ndarray of shape (p, k)
        The start.
    max_iter : int
    rows : tuple of (X, sample_weight) or None
        The rows that mini-batches draw from; None for a full batch.
    dropout : float

    Returns
    -------
    eta, beta : float
    """
    if solver in UNUSED_BETA:
        beta = 0.0
    if eta != "auto" and beta != "auto":
        return float(eta), float(beta)
    if rows is None and solver in LINEAR:
        return search(spectrum_at(objective, theta), eta, beta, solver=solver, max_iter=max_iter)
    beta = 0.9 if beta == "auto" else float(beta)
    if eta != "auto":
        return float(eta), beta
    if solver in LINEAR:
        X, sample_weight = rows
        eta = row_bound(objective, X, sample_weight, dropout)
        return (eta * (1 - beta) if solver == "heavy_ball" else eta), beta
    return step_bound(objective), beta


def row_bound(objective, X, sample_weight, dropout=0.0):
    """Half the reciprocal of the largest curvature that a single row can have.

    It is below 1/L too, since no mean of the rows' curvatures exceeds the largest. Inputs that dropout keeps are
    scaled by 1 / (1 − dropout), their squares by as much again.
    """
    squares = _squared_norms(X) / (1 - dropout) ** 2 + objective.loss.fit_intercept
    if sample_weight is not None:
        squares = squares * (sample_weight / sample_weight.mean())
    return _bounded(0.5 / max(2 * float(squares.max()) + float(objective.penalty.max()), TINY))


def step_bound(objective):
    """A rate for Adam and RMSprop, which move each coordinate by about η whatever the gradient.

    So near the minimum each is at most about η off; this η makes what that can cost 1 % of the mean of y².
    """
    return _bounded(0.1 * (objective.loss.power / max(objective.loss.reach(), TINY)) ** 0.5)


def search(spectrum, eta, beta, *, solver, max_iter, target=TARGET):
    """Search η, β or both on the exact excess curves of a full-batch quadratic.

    Parameters
    ----------
    spectrum : Spectrum
    eta, beta : float or "auto"
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}
    max_iter : int
    target : float
        Share of the starting excess that counts as arrived.

    Returns
    -------
    eta, beta : float
        The pair whose excess is first, and then for good, at most the target. Where no pair
        gets there within `max_iter`, the pair with the least excess at `max_iter`.
    """
    L = spectrum.L
    if not (spectrum.excess.sum() > 0 and TINY < L < 1 / TINY):
        return (_bounded(1 / max(L, TINY)) if eta == "auto" else eta), (0.0 if beta == "auto" else beta)
    # A rate is a place between 0.02/L (0) and the stability limit (1), so that one grid serves every β.
    places = np.linspace(0, 1, 64 if beta != "auto" else 17) if eta == "auto" else np.array([0.0])
    slowness = np.geomspace(1e-4, 1, 17) if beta == "auto" else np.array([1 - beta])
    width, ratio = places[1] if eta == "auto" else 0.0, 1e4 ** (1 / 16)
    coarse = _clusters(spectrum) if eta == beta == "auto" else spectrum
    deadline = None
    for turn in range(3):
        pairs = [(1 - s, p) for s in slowness for p in places]
        betas = np.array([b for b, _ in pairs])
        etas = np.array([_rate(p, b, L, solver) if eta == "auto" else eta for b, p in pairs])
        arrival = arrivals(coarse, betas, etas, min(max_iter, HORIZON), solver, target)
        soonest = arrival.min()
        if beta == "auto":
            candidates, epoch = np.flatnonzero(arrival == soonest), 2 * soonest + 32
        else:
            deadline = deadline or np.ceil((1 + SLACK) * soonest)
            candidates, epoch = np.flatnonzero(arrival <= max(deadline, soonest)), AFTERWARDS
        epoch = min(epoch, max_iter) if soonest <= min(max_iter, HORIZON) else max_iter
        later = excess_after(coarse, betas[candidates], etas[candidates], epoch, solver)
        # Below SETTLED rounding would choose, and a repeated row another rate than its weight.
        best = candidates[np.lexsort((arrival[candidates], np.maximum(later, SETTLED)))[0]]
        coarse = _clusters(spectrum, 24) if eta == beta == "auto" and turn == 0 else spectrum
        if eta == "auto":
            places = np.clip(pairs[best][1] + width * np.linspace(-1, 1, 9), 0, 1)
            width /= 4
        if beta == "auto":
            slowness = np.clip((1 - betas[best]) * ratio ** np.linspace(-1, 1, 7), 1e-4, 1)
            ratio **= 1 / 3
    return float(etas[best]), float(betas[best])


def _rate(place, beta, L, solver):
    low, high = 0.02 / L, MARGIN * stability_limit(beta, L, solver)
    if solver == "heavy_ball":
        low *= 1 - beta
    return low * (high / low) ** place


def _bounded(eta):
    return min(max(eta, TINY), 1 / TINY)


def _squared_norms(X):
    if scipy.sparse.issparse(X):
        return np.asarray(X.power(2, dtype=np.float64).sum(axis=1)).ravel()
    return np.einsum("ij,ij->i", X, X, dtype=np.float64)


def arrivals(spectrum, betas, etas, max_iter, solver, target=TARGET, settled=True):
    """First epoch from which each pair's excess stays at most `target` of its start.

    A pair that does not get there has an epoch past the last that was looked at. Where the best is all that
    matters, looking stops once it is `settled`: at twice its arrival.
    """
    arrival = np.zeros(len(betas), dtype=int)
    seen = 0
    for block in excess_curves(spectrum, betas, etas, max_iter, solver, stride=16):
        above = ~(block <= target)
        late = above.any(axis=0)
        last = len(block) - 1 - np.argmax(above[::-1], axis=0)
        arrival[late] = seen + last[late] + 1
        seen += len(block)
        if settled and seen >= 2 * arrival.min() + 32:
            break
    return arrival


def _clusters(spectrum, count=16):
    """A spectrum of a few directions that stands for all, to search coarsely."""
    lam = spectrum.eigenvalues
    edges = np.geomspace(lam[0], lam[-1], count)
    group = np.clip(np.searchsorted(edges, lam), 0, count - 1)
    excess = np.bincount(group, spectrum.excess, minlength=count)
    middle = np.bincount(group, spectrum.excess * lam, minlength=count)
    kept = excess > 0
    nodes = middle[kept] / excess[kept]
    return type(spectrum)(nodes, excess[kept], spectrum.L)
