"""When a curve has arrived at a target: from which epoch on it stays at most that high, for good.

A descent with momentum swings: its loss may fall below the target and rise above it again. So the first
epoch below the target says little, and every part of the project counts as follows (docs/theory.md,
"Arrival"): the arrival is the first epoch from which no later one is above the target.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

TARGET = 0.01
"""Share of the starting excess over the minimum at which a descent has arrived, unless told otherwise."""

WITHIN = 1.01
"""A training loss of at most so many times that of least squares is within 1 % of it."""


def first_arrival(curves: ArrayLike, target: ArrayLike) -> NDArray[np.intp]:
    """Return the index of the first entry from which a curve stays at most the target.

    Parameters
    ----------
    curves : array-like of shape (n, ...)
        One or several curves along the first axis. NaN counts as above the target.
    target : float or array-like that broadcasts to the trailing axes

    Returns
    -------
    ndarray of int, of the shape of the trailing axes
        0 where no entry is above the target; n where the last entry is above it. If the first entry
        belongs to the start, this is the epoch; if it belongs to the first epoch, add 1.

    Examples
    --------
    >>> int(first_arrival([1.0, 0.4, 0.6, 0.3, 0.2], 0.5))
    3
    >>> first_arrival([[1.0, 0.4], [0.4, 0.6]], 0.5).tolist()
    [1, 2]
    """
    above = ~(np.asarray(curves) <= target)
    after_last_above = len(above) - np.argmax(above[::-1], axis=0)
    return np.where(above.any(axis=0), after_last_above, 0)


class Arrivals:
    """`first_arrival` of curves that come in blocks of epochs and are never held whole.

    Parameters
    ----------
    target : float or array-like that broadcasts to `shape`
    shape : tuple of int
        Shape of the values of one epoch.

    Attributes
    ----------
    epochs : ndarray of int, of this shape
        Index, counted over all blocks, of the first entry from which each curve stays at most the target;
        `seen` where the last entry so far is above it.
    seen : int
        Entries so far.

    Examples
    --------
    >>> arrivals = Arrivals(0.5, (2,))
    >>> arrivals.add(np.array([[1.0, 0.4], [0.4, 0.6]]))
    >>> arrivals.add(np.array([[0.3, 0.2], [0.3, 0.7]]))
    >>> arrivals.epochs.tolist(), arrivals.seen
    ([1, 4], 4)
    """

    def __init__(self, target: ArrayLike, shape: tuple[int, ...]) -> None:
        self._target = target
        self.epochs = np.zeros(shape, dtype=int)
        self.seen = 0

    def add(self, block: np.ndarray) -> None:
        """Add the values of the next epochs, of shape (any number, *shape)."""
        in_block = first_arrival(block, self._target)
        # 0: no entry of this block is above the target, and the arrival so far stands.
        self.epochs = np.where(in_block > 0, self.seen + in_block, self.epochs)
        self.seen += len(block)
