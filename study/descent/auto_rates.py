"""``eta="auto"`` of Adam and RMSprop: a few descents on the data itself, side by side, of which the best rate is taken.

Neither has exact curves, because their updates are not linear in the gradient. So rates are tried: first twenty over
five decades, then eight about the best of them. All descents of a round see the same batches. A round makes as many passes
over the rows as a fit of as many epochs, and computes all its descents in each.
"""

from collections.abc import Callable, Iterator

import numpy as np
import scipy.sparse

from study.descent.quadratic import Matrix, Objective
from study.descent.solvers import SOLVERS

Gradient = Callable[[np.ndarray], np.ndarray]

MOST_EPOCHS, MOST_EPOCHS_OF_BATCHES = 2000, 200
"""Epochs of a descent at most, full batch and in batches; a longer fit takes the rate that is best after so many."""

MOST_NUMBERS = 2e7
"""Entries of X times epochs beyond which the descents see a part of the rows."""

MOST_DENSE = 1e6
"""Entries of a sparse X up to which it is made dense once, instead of batch by batch, which takes longer than its products."""

LARGEST = 1.0
"""The largest rate that is tried, as a share of the largest coefficient: one update may reach it."""

SPAN = 1e-5
"""The least rate that is tried, as a share of the largest."""

FIRST_RATES, CLOSER_RATES = 20, 8
"""Rates of the first round, and those that stand between the best of them and its neighbours in the second."""

FULL_BATCH = 3
"""A full batch costs so little that so many times as many rates are tried."""

ORDERS = 3
"""Orders of the rows over which the rates of the second round are compared."""

SETTLED = 1e-8
"""Shares of the starting excess below this one count as equal: rounding would choose among them."""

LAST = 3
"""Epochs at the end of mini-batches whose mean loss is compared, because each leaves noise."""


def best_of_rates(
    objective: Objective,
    theta: np.ndarray,
    beta: float,
    *,
    solver: str,
    max_iter: int,
    beta_2: float,
    epsilon: float,
    rows: tuple[Matrix, np.ndarray, np.ndarray | None] | None = None,
    batch_size: int | None = None,
) -> float | None:
    """Return the rate whose descent ends with the least training loss.

    Parameters
    ----------
    objective : Objective
    theta : ndarray of shape (p, k)
        The start.
    beta, beta_2, epsilon : float
        The rule's constants.
    solver : str
    max_iter : int
    rows : tuple of (X, y, sample_weight) or None
        The rows that mini-batches draw from; None for a full batch.
    batch_size : int or None

    Returns
    -------
    float
        None where the start is a minimum, or no descent stays finite.
    """
    hessian = objective.hessian()
    minimum = np.linalg.lstsq(
        hessian, hessian @ theta - objective.gradient_at(theta).astype(np.float64), rcond=None
    )[0]
    reach = float(np.abs(minimum - theta).max(initial=0.0))
    if not (0 < reach < np.inf and np.isfinite(hessian).all()):
        return None
    epochs = min(max_iter, MOST_EPOCHS if rows is None else MOST_EPOCHS_OF_BATCHES)

    def left(etas: np.ndarray, order: int = 0) -> np.ndarray:
        """The excess that each rate's descent ends with, in one order of the rows."""
        return _descend(
            objective, hessian, minimum, theta.astype(np.float64), etas, beta,
            solver=solver, epochs=epochs, beta_2=beta_2, epsilon=epsilon, rows=rows, batch_size=batch_size, order=order,
        )  # fmt: skip

    times = FULL_BATCH if rows is None else 1
    etas = LARGEST * reach * np.geomspace(SPAN, 1, times * FIRST_RATES)
    excess = left(etas)
    if not np.isfinite(excess).any():
        return None
    best, apart = etas[np.argmin(excess)], etas[1] / etas[0]
    closer = best * apart ** np.linspace(-1, 1, times * CLOSER_RATES + 1)
    orders = 1 if rows is None else ORDERS
    return float(closer[np.argmin(np.mean([left(closer, order) for order in range(orders)], axis=0))])


def _descend(
    objective: Objective, hessian: np.ndarray, minimum: np.ndarray, theta: np.ndarray, etas: np.ndarray,
    beta: float, *, solver: str, epochs: int, beta_2: float, epsilon: float,
    rows: tuple[Matrix, np.ndarray, np.ndarray | None] | None, batch_size: int | None, order: int,
) -> np.ndarray:  # fmt: skip
    """Descend with every rate at once, and return the mean excess of the last epochs, infinite where it is lost."""
    rule = SOLVERS[solver].rule
    # One matrix for all descents, each with its k columns, so that every product is one of two matrices.
    shape = (len(theta), len(etas), theta.shape[1])
    w, lowest = np.tile(theta, len(etas)), np.tile(minimum, len(etas))
    v, s = np.zeros_like(w), np.zeros_like(w)
    eta, update, ends = np.repeat(etas, theta.shape[1]), 0, []
    batches = None if rows is None else _Batches(rows, batch_size, objective, epochs, order)
    with np.errstate(all="ignore"):
        for epoch in range(epochs):
            if batches is None:
                update += 1
                w, v, s = rule(w, v, s, hessian @ (w - lowest), update, eta, beta, beta_2, epsilon)
            else:
                for gradient_at in batches.epoch():
                    update += 1
                    w, v, s = rule(w, v, s, gradient_at(w), update, eta, beta, beta_2, epsilon)
            if epoch >= epochs - (1 if batches is None else LAST):
                away = w - lowest
                ends.append(0.5 * (away * (hessian @ away)).reshape(shape).sum(axis=(0, 2)))
    away = theta - minimum
    start = 0.5 * float(np.sum(away * (hessian @ away)))
    excess = np.maximum(np.mean(ends, axis=0), SETTLED * start)
    return np.where(np.isfinite(excess), excess, np.inf)


class _Batches:
    """The rows in batches, in a new order every epoch, as gradients of the objective for weights of several descents."""

    def __init__(
        self,
        rows: tuple[Matrix, np.ndarray, np.ndarray | None],
        batch_size: int | None,
        objective: Objective,
        epochs: int,
        order: int,
    ) -> None:
        X, y, sample_weight = rows
        self._draw = np.random.default_rng(order)
        most = max(int(MOST_NUMBERS / max(X.shape[1] * epochs, 1)), 1000)
        if X.shape[0] > most:
            kept = self._draw.permutation(X.shape[0])[:most]
            X, y = X[kept], y[kept]
            sample_weight = None if sample_weight is None else sample_weight[kept]
        if scipy.sparse.issparse(X) and X.shape[0] * X.shape[1] <= MOST_DENSE:
            X = X.toarray()
        self._X, self._y, self._intercept = X, y.astype(np.float64), objective.loss.fit_intercept
        self._weight = None if sample_weight is None else sample_weight / sample_weight.mean()
        self._penalty = objective.penalty.astype(np.float64)
        self._size = min(batch_size or X.shape[0], X.shape[0])

    def epoch(self) -> Iterator[Gradient]:
        """Yield, batch by batch, the function that gives the gradient at weights of shape (p, descents × k)."""
        order = self._draw.permutation(self._X.shape[0])
        for first in range(0, len(order), self._size):
            yield self._gradient_of(order[first : first + self._size])

    def _gradient_of(self, chosen: np.ndarray) -> Gradient:
        rows = self._X[chosen]
        rows = rows.toarray() if scipy.sparse.issparse(rows) else rows
        y = self._y[chosen]
        weight = None if self._weight is None else self._weight[chosen, None]
        d, (size, k) = rows.shape[1], y.shape

        def gradient(w: np.ndarray) -> np.ndarray:
            residual = rows @ w[:d]
            by_target = residual.reshape(size, -1, k)
            by_target -= y[:, None, :]
            if self._intercept:
                residual += w[d]
            if weight is not None:
                residual *= weight
            found = np.empty_like(w)
            np.matmul(rows.T, residual, out=found[:d])
            if self._intercept:
                residual.sum(axis=0, out=found[d])
            found *= 2 / size
            found += self._penalty * w
            return found

        return gradient
