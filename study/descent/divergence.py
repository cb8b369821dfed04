"""When a descent has diverged: one definition for fits, for exact curves and for chunks.

A descent has diverged if it ends with a number that is not finite, or with a training objective (mean
squared error plus penalty) above the one that it started with, by more than rounding explains. Where a
good start may be left for a good reason, the comparison allows for it: mini-batches end at their noise
floor, and Adam and RMSprop at a distance of about η from the minimum, both perhaps above a start that was
near the minimum, but not above the mean of y², the objective of a model that knows nothing
(docs/theory.md, "Divergence").

Everything here is a function of numbers or of arrays of them.
"""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

ROUNDING = 1e-9
"""Share of an objective that may be rounding, in double precision."""

EPS_OF_ROUNDING = 1e3
"""The same in units of the dtype's precision, where that is more: in single precision."""

NOISE = 2
"""How many times the starting objective a mini-batch descent may end at: that much its noise may explain."""

RUNAWAY = 1e3
"""How many times its start, or the mean of y², the loss may be after one pass over a chunk."""


def loss_floor(mean_square_target: float, dtype: DTypeLike) -> float:
    """Return the loss below which all losses count as zero: what rounding leaves of an exact fit.

    Parameters
    ----------
    mean_square_target : float
        Mean of y², the loss of a model that predicts 0.
    dtype : dtype
        In which the loss is computed.
    """
    return np.finfo(dtype).eps ** 1.5 * mean_square_target


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
        The training objective at the end; of mini-batches, the least of the last epochs' (`least_recent`).
        NaN and infinity have diverged.
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
    if not is_full_batch:
        ceiling = ceiling * NOISE
    rounding = max(ROUNDING, EPS_OF_ROUNDING * float(np.finfo(dtype).eps))
    with np.errstate(over="ignore", invalid="ignore"):
        ceiling = ceiling + (rounding * ceiling + loss_floor(mean_square_target, dtype))
        return ~(np.isfinite(end) & (np.asarray(end) <= ceiling))


def least_recent(loss_curve: list[float], epochs: int) -> float:
    """Return the least of the last epochs' losses, because the noise of mini-batches may lift any one of them."""
    return min(loss_curve[-epochs:])


def chunk_has_diverged(end: float, start: float, mean_square_target: float) -> bool:
    """Return whether one pass over a chunk has raised the loss beyond what new data explain.

    A chunk's loss may rise above its start, because one pass is short and its data may differ from those
    before. So only a rise by a factor of `RUNAWAY` counts.

    Parameters
    ----------
    end, start : float
        Mean squared error on the chunk after the pass and before it.
    mean_square_target : float
        Mean of the chunk's y².
    """
    return not end <= RUNAWAY * max(start, mean_square_target)
