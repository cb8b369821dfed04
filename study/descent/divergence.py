"""When a descent has diverged: one definition for fits, for exact curves and for chunks.

A descent has diverged if it ends with a number that is not finite, or with a training objective (mean
squared error plus penalty) above the one that it started with, by more than rounding explains. Where a
good start may be left for a good reason, the comparison allows for it: mini-batches end at their noise
floor, and Adam and RMSprop at a distance of about η from the minimum, both perhaps above a start that was
near the minimum, but not above the mean of y², the objective of a model that knows nothing
(docs/theory.md, "Divergence").

What is compared is the objective of the weights that are returned, as a ratio to the start's. Everything
here is a function of numbers or of arrays of them.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

ROUNDING = 1e-9
"""Share of an objective that may be rounding, in double precision."""

EPS_OF_ROUNDING = 1e3
"""The same in units of the dtype's precision, where that is more: in single precision."""

NOISE = 2
"""How many times the starting objective a mini-batch descent may end at: that much its noise may explain."""


def loss_floor(mean_square_target: float, dtype: DTypeLike) -> float:
    """Return the loss below which all losses count as zero: what rounding leaves of an exact fit.

    Parameters
    ----------
    mean_square_target : float
        Mean of y², the loss of a model that predicts 0.
    dtype : dtype
        In which the loss is computed.
    """
    return float(np.finfo(dtype).eps) ** 1.5 * mean_square_target


def rounding(dtype: DTypeLike) -> float:
    """Return the share of an objective that may be rounding, where it is computed in this dtype."""
    return max(ROUNDING, EPS_OF_ROUNDING * float(np.finfo(dtype).eps))


def has_diverged(
    end: ArrayLike,
    start: ArrayLike,
    mean_square_target: float,
    *,
    dtype: DTypeLike = np.float64,
    is_linear: bool = True,
    is_full_batch: bool = True,
) -> NDArray[np.bool_]:
    """Return whether a descent that ends at this training objective has diverged.

    Parameters
    ----------
    end : float or ndarray
        The training objective of the weights that are returned. NaN and infinity have diverged.
    start : float or ndarray
        The training objective at the start.
    mean_square_target : float
        Mean of y².
    dtype : dtype
        In which the loss is computed.
    is_linear : bool
        Whether the solver's update is linear in the gradient (`Solver.is_linear`).
    is_full_batch : bool

    Returns
    -------
    bool or ndarray of bool
    """
    ceiling = np.asarray(start, dtype=float)
    if not (is_full_batch and is_linear):
        ceiling = np.maximum(ceiling, mean_square_target)
    with np.errstate(over="ignore", invalid="ignore"):
        if not is_full_batch:
            ceiling = ceiling * NOISE
        return _is_above(end, ceiling, mean_square_target, dtype)


def chunk_has_diverged(
    end: float, start: float, reference: float, *, dtype: DTypeLike = np.float64
) -> NDArray[np.bool_]:
    """Return whether a descent over chunks has diverged on its last one.

    It has where the chunk's objective is above that of mini-batches that have diverged, and the pass over the
    chunk has not lowered it. The second, because a chunk may hold data unlike those before it, and then its
    objective is high before the first update.

    Parameters
    ----------
    end, start : float
        Training objective on the chunk after the pass and before it.
    reference : float
        The largest objective that knowing nothing has had on any chunk so far, this one included: the
        mean of the chunk's y², or the objective at the start where the descent began with a `fit`.
    dtype : dtype
        In which the loss is computed.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _is_above(end, max(start, NOISE * reference), reference, dtype)


def _is_above(
    end: ArrayLike, ceiling: ArrayLike, mean_square_target: float, dtype: DTypeLike
) -> NDArray[np.bool_]:
    """Whether an objective is not finite, or above a ceiling by more than rounding."""
    ceiling = np.asarray(ceiling, dtype=float)
    ceiling = ceiling + (rounding(dtype) * ceiling + loss_floor(mean_square_target, dtype))
    return ~(np.isfinite(end) & (np.asarray(end) <= ceiling))
