"""When a full batch in the note's form arrives, and what is left of its excess at any epoch, in closed form.

In each eigen-direction the error obeys e_t = 2p e_{t−1} − β e_{t−2} with e_{−1} = e_0 = 1 and
2p = 1 + β − η(1 − β)λ. With ρ the larger root of ρ² − 2pρ + β and q the smaller root over the larger,

    e_t = ρᵗ (1 + q(1 − ρ) G_t),    G_t = 1 + q + … + q^{t−1} = (1 − qᵗ)/(1 − q)

which holds for real, double and complex roots alike (docs/theory.md, "Closed form"). So a descent of a million
epochs costs what one of ten does, and settings can be compared on a grid without a search.

References
----------
Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
"""

import numpy as np

from study.descent.arrival import first_arrival
from study.descent.spectrum import Spectrum

EPOCHS = 1_000_000
"""The budget: a descent that has not arrived by then has missed."""

BLOCK = 32
"""Pairs, or epochs, that are looked at first; the numbers double from there."""

LONGEST_BLOCK = 4096
"""Most epochs that are looked at together."""


def roots(betas: np.ndarray, etas: np.ndarray, lam: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Larger and smaller root of every pair (β, η) in every direction, both of shape (pairs, directions)."""
    beta = np.asarray(betas, dtype=float)[:, None]
    middle = (1 + beta - np.asarray(etas)[:, None] * (1 - beta) * lam) / 2
    apart = np.sqrt((middle**2 - beta).astype(complex))
    larger = middle + np.where(middle < 0, -apart, apart)
    # The roots' product is β. Their difference would lose the smaller one to rounding.
    smaller = np.divide(beta, larger, out=np.zeros_like(larger), where=beta > 0)
    return larger, smaller


def errors(larger: np.ndarray, smaller: np.ndarray, epoch: np.ndarray) -> np.ndarray:
    """e_t of roots as `roots` gives them, at an epoch a pair, shape (pairs,), or at one for all."""
    t = np.broadcast_to(np.asarray(epoch, dtype=float).reshape(-1, 1), larger.shape)
    q = np.divide(smaller, larger, out=np.zeros_like(larger), where=larger != 0)

    with np.errstate(over="ignore", invalid="ignore"):
        series = np.where(q == 1, t, (1 - q**t) / np.where(q == 1, 1, 1 - q))
        return (larger**t * (1 + q * (1 - larger) * series)).real


def excess(spectrum: Spectrum, beta: float, eta: float, epochs: np.ndarray) -> np.ndarray:
    """Excess at the epochs asked for, as a share of the start's."""
    larger, smaller = roots(np.array([beta]), np.array([eta]), spectrum.eigenvalues)
    larger, smaller = (np.repeat(root, len(epochs), axis=0) for root in (larger, smaller))
    with np.errstate(over="ignore", invalid="ignore"):
        left = errors(larger, smaller, epochs) ** 2 @ (spectrum.excess / spectrum.excess.sum())
    return np.where(np.isfinite(left), left, np.inf)


def arrivals(
    spectrum: Spectrum,
    betas: np.ndarray,
    etas: np.ndarray,
    target: float,
    budget: int = EPOCHS,
    *,
    only_best: bool = False,
) -> np.ndarray:
    """First epoch from which each pair's excess stays at most `target` of its start.

    Parameters
    ----------
    spectrum : Spectrum
    betas, etas : ndarray of shape (m,)
    target : float
    budget : int
    only_best : bool
        Stop following a pair that is known to arrive after another: its place in the result is then
        infinite, and only the least is to be used.

    Returns
    -------
    ndarray of shape (m,)
        Infinite where the excess is above the target at the end of the budget, or a direction does not
        shrink.

    Notes
    -----
    In every direction |e_t| ≤ K|ρ|ᵗ, so the excess is at most a sum of such bounds, which falls with t. Once
    that sum is at most the target, so is the excess, for good. The epoch at which it crosses the target is
    found by bisection. From there epochs are looked at backwards, in blocks, until one is above the target:
    the arrival is the epoch after it.
    """
    lam, share = spectrum.eigenvalues, spectrum.excess / spectrum.excess.sum()
    larger, smaller = roots(betas, etas, lam)
    stable = np.abs(larger).max(axis=1) < 1
    arrival = np.full(len(larger), np.inf)
    crossing = np.full(len(larger), -1)
    crossing[stable] = _bound_crossing(larger[stable], smaller[stable], share, target, budget)
    # The pairs whose bound crosses first are likely to be the best: they let the others be left out.
    waiting = np.argsort(crossing)
    waiting = waiting[crossing[waiting] >= 0]
    size = BLOCK if only_best else len(waiting)
    while len(waiting):
        chunk, waiting = waiting[:size], waiting[size:]
        arrival[chunk] = _arrival_before(
            larger[chunk], smaller[chunk], share, crossing[chunk], target, budget
        )
        best = arrival.min()
        if len(waiting) and np.isfinite(best):
            # A pair that is above the target at the best arrival, or at the epoch after it, arrives later.
            begin = np.full(len(waiting), int(best))
            after = _excess_block(larger[waiting], smaller[waiting], share, begin, 2)
            waiting = waiting[~(after > target).any(axis=0)]
        size *= 2
    return arrival


def _bound_crossing(
    larger: np.ndarray, smaller: np.ndarray, share: np.ndarray, target: float, budget: int
) -> np.ndarray:
    """First epoch of each pair, at most `budget`, at which the bound of its excess is at most the target."""
    with np.errstate(divide="ignore", invalid="ignore"):
        # e_t = Aρᵗ + Bσᵗ with A = ρ(1 − σ)/(ρ − σ), from e_{−1} = e_0 = 1; conjugate roots have |A| = |B|.
        first = np.abs(larger * (1 - smaller) / (larger - smaller))
        second = np.abs(smaller * (1 - larger) / (larger - smaller))
        # Logarithms of |ρ|² and of each direction's share times (|A| + |B|)², so that nothing overflows.
        size = np.nan_to_num(first + second, nan=1e300, posinf=1e300)
        log_rate = 2 * np.log(np.maximum(np.abs(larger), 1e-300))
        log_size = np.log(share) + 2 * np.log(np.maximum(size, 1e-300))
    low, high = np.full(len(larger), -1), np.full(len(larger), budget)
    while np.any(high - low > 1):
        middle = (low + high) // 2
        bound = np.exp(np.minimum(log_rate * middle[:, None] + log_size, 700.0)).sum(axis=1)
        below = bound <= target
        low, high = np.where(below, low, middle), np.where(below, middle, high)
    return high


def _arrival_before(
    larger: np.ndarray,
    smaller: np.ndarray,
    share: np.ndarray,
    crossing: np.ndarray,
    target: float,
    budget: int,
) -> np.ndarray:
    """Arrival of each pair, infinite beyond the budget: looked for backwards from where its bound crosses."""
    arrival = np.zeros(len(crossing))
    left = np.arange(len(crossing))  # pairs of which no epoch above the target has been found yet
    end, size = crossing.copy(), BLOCK
    while len(left):
        begin = np.maximum(end[left] - size + 1, 0)
        values = _excess_block(larger[left], smaller[left], share, begin, size)
        # The first block of a descent is shorter; what it overlaps with has been looked at before.
        values[begin + np.arange(size)[:, None] > end[left]] = 0.0
        in_block = first_arrival(values, target)
        found = in_block > 0
        arrival[left[found]] = begin[found] + in_block[found]
        end[left] = begin - 1
        left = left[~found & (begin > 0)]
        size = min(2 * size, LONGEST_BLOCK)
    return np.where(arrival > budget, np.inf, arrival)


def _excess_block(
    larger: np.ndarray, smaller: np.ndarray, share: np.ndarray, begin: np.ndarray, size: int
) -> np.ndarray:
    """Excess at `size` epochs from `begin`, shape (size, pairs): two epochs in closed form, then the recurrence."""
    trace, determinant = (larger + smaller).real, (larger * smaller).real
    older, newer = errors(larger, smaller, begin), errors(larger, smaller, begin + 1)
    found = np.empty((size, len(larger)))
    for row in found:
        row[:] = older**2 @ share
        older, newer = newer, trace * newer - determinant * older
    return found
