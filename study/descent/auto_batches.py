"""``eta="auto"`` and ``beta="auto"`` for mini-batches: the least expected training loss after all epochs.

The expected loss of every pair (β, η) follows from the rows' moments, without a fit (docs/theory.md,
"Mini-batches, predicted"). A grid of pairs is compared, then two finer grids about the best of the one before.
"""

import math
from dataclasses import replace

import numpy as np

from study.descent.expected import RowMoments, expected_loss_curves, second_moment_grows
from study.descent.solvers import SOLVERS

MOST_DIRECTIONS = 300
"""Coordinates beyond which the search costs more than it saves: each epoch of a pair costs their square."""

HORIZON = 500
"""Most epochs that are looked ahead; where there are more, the least expected loss at this one is searched."""

FIRST_CHUNK = 10
"""Passes over a first chunk that are looked ahead for `partial_fit`, which does not know what follows."""

SLOWNESSES, RATES = 9, 20
"""Points of the first grid in 1 − β and in η."""

LEAST_SLOWNESS, LEAST_SHARE = 1e-3, 1e-4
"""Least 1 − β that is searched, and least rate as a share of the full batch's stability limit."""

ROUNDS = 3

STEPS_TO_MEAN = 8
"""Rates that are tried from where a schedule should begin down to the mean of its rates."""

RESERVE = 1.25
"""A rate is taken only if so many times as much is predicted to be stable too."""


def search_for_batches(
    moments: RowMoments,
    eta: float | str,
    beta: float | str,
    *,
    solver: str,
    batch_size: int,
    max_iter: int,
    start: np.ndarray | None = None,
    is_first_chunk: bool = False,
    mean_factor: float = 1.0,
) -> tuple[float, float] | None:
    """Search η, β or both for the least expected training loss after `max_iter` epochs.

    Parameters
    ----------
    moments : RowMoments
    eta, beta : float or "auto"
    solver : str
        One whose update is linear (`Solver.is_linear`).
    batch_size : int
        Below n, unless the rows are a first chunk.
    max_iter : int
    start : ndarray of shape (p, k), optional
        θ at the start; 0 if left out.
    is_first_chunk : bool
        Whether the rows stand for others that are not known yet: batches are then independent draws.
    mean_factor : float
        Mean of the schedule's factors on η, above 0. The search is for the rate that the epochs have in the mean.

    Returns
    -------
    eta, beta : float
        η before the schedule's factor.
        None where no pair that was tried is predicted to be stable, or the moments are not finite.
    """
    L = float(moments.eigenvalues[-1])
    if not (L > 0 and np.isfinite(moments.fourth).all() and np.isfinite(moments.mixed).all()):
        return None
    shuffle, epochs = True, min(max_iter, HORIZON)
    if is_first_chunk:
        shuffle, epochs = False, FIRST_CHUNK
        moments = replace(moments, n=max(moments.n, FIRST_CHUNK * batch_size))
    slownesses = (
        np.geomspace(LEAST_SLOWNESS, 1, SLOWNESSES) if beta == "auto" else np.array([1 - float(beta)])
    )
    shares = np.geomspace(LEAST_SHARE, 1, RATES) if eta == "auto" else np.array([1.0])
    slowness_ratio = (1 / LEAST_SLOWNESS) ** (1 / (SLOWNESSES - 1))
    share_ratio = (1 / LEAST_SHARE) ** (1 / (RATES - 1))
    best: tuple[float, float, float] | None = None  # expected loss, 1 − β, share of the limit
    for _ in range(ROUNDS):
        slowness, share = (side.ravel() for side in np.meshgrid(slownesses, shares, indexing="ij"))
        betas = 1 - slowness
        limit = _full_batch_limit(solver, betas, L)
        etas = share * limit if eta == "auto" else np.full(len(betas), float(eta) * mean_factor)
        losses = expected_loss_curves(
            moments, betas, etas, epochs, batch_size, solver=solver, shuffle=shuffle, start=start
        )[0, -1]
        for i in np.argsort(losses, kind="stable"):
            if not math.isfinite(losses[i]) or (best is not None and losses[i] >= best[0]):
                break
            grows = second_moment_grows(
                moments,
                betas[i : i + 1],
                RESERVE * etas[i : i + 1],
                batch_size,
                solver=solver,
                shuffle=shuffle,
            )
            if eta != "auto" or not grows[0]:
                best = float(losses[i]), float(slowness[i]), float(share[i])
                break
        if best is None:
            return None
        if beta == "auto":
            slowness_ratio **= 0.4
            slownesses = np.clip(best[1] * slowness_ratio ** np.linspace(-1, 1, 5), LEAST_SLOWNESS, 1)
        if eta == "auto":
            share_ratio **= 0.4
            shares = best[2] * share_ratio ** np.linspace(-1, 1, 5)
    assert best is not None  # the last round would have returned
    beta_found = 1 - best[1]
    if eta != "auto":
        return float(eta), beta_found
    mean_rate = best[2] * float(_full_batch_limit(solver, beta_found, L))
    if mean_factor >= 1:
        return mean_rate / mean_factor, beta_found
    # A falling rate begins above its mean, but no higher than is stable.
    for rate in mean_rate / np.geomspace(mean_factor, 1, STEPS_TO_MEAN):
        pair = np.array([beta_found]), np.array([RESERVE * rate])
        if not second_moment_grows(moments, *pair, batch_size, solver=solver, shuffle=shuffle)[0]:
            break
    return float(rate), beta_found


def _full_batch_limit(solver: str, beta: float | np.ndarray, L: float) -> float | np.ndarray:
    """The stability limit of the full batch, which is never below that of mini-batches."""
    limit = SOLVERS[solver].stability_limit
    assert limit is not None, solver
    return limit(beta, L)
