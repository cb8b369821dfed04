"""Many descents of a linear model side by side: every seed of a problem under every setting of an arm.

What is simulated is `MomentumRegressor`'s own mini-batch descent: the rules of `rules`, one update a batch,
the rows reshuffled every epoch, a last batch that may be shorter. All settings of a seed see the same
batches, so that arms are paired.
"""

from collections.abc import Callable, Sequence

import numpy as np

from study.descent.rules import RULES
from study.guidance.claim import Budget
from study.guidance.lab.quadratics import Quadratic, quadratics, seeds


def named(prefix: str, budget: Budget) -> list[Quadratic]:
    """Return the problem whose name begins so, under every seed."""
    return [next(q for q in quadratics(seed) if q.name.startswith(prefix)) for seed in seeds(budget)]


class Fleet:
    """A problem under all its seeds, which draw data of one shape.

    Parameters
    ----------
    problem : sequence of Quadratic
        One a seed.

    Attributes
    ----------
    hessian : ndarray of shape (seeds, p, p)
        Of the training loss, intercept included.
    offset : ndarray of shape (seeds, 1, p)
        From the minimum to the start.
    L : ndarray of shape (seeds, 1)
    least_squares : ndarray of shape (seeds, 1)
        The least training loss.
    n : int
        Rows.
    """

    def __init__(self, problem: Sequence[Quadratic]):
        self.hessian = np.stack([q.loss.hessian() for q in problem])
        self.minimum = np.stack([q.loss.reference.T for q in problem])
        self.offset = np.stack([q.start[None] for q in problem]) - self.minimum
        self.L = np.array([[q.spectrum.L] for q in problem])
        self.least_squares = np.array([[q.loss.least_squares] for q in problem])
        self.n = len(problem[0].y)
        self._X = np.stack([np.column_stack([q.X, np.ones(self.n)]) for q in problem])
        self._y = np.stack([q.y for q in problem])

    def transformed(self, matrices: np.ndarray) -> "Fleet":
        """Return the full-batch problem in coordinates u with w = Mu, one matrix a seed."""
        other = object.__new__(Fleet)
        transposed = matrices.swapaxes(1, 2)
        other.hessian = transposed @ self.hessian @ matrices
        other.offset = np.linalg.solve(matrices, self.offset.swapaxes(1, 2)).swapaxes(1, 2)
        other.L = np.linalg.eigvalsh(other.hessian)[:, -1:]
        other.least_squares, other.n = self.least_squares, self.n
        return other

    def in_eigenbasis(self) -> "Fleet":
        """Return the full-batch problem along its own axes of curvature."""
        return self.transformed(np.linalg.eigh(self.hessian)[1])

    def excess(self, offset: np.ndarray) -> np.ndarray:
        """Training loss above its minimum at an offset (seeds, k, p) from it."""
        return 0.5 * np.sum((offset @ self.hessian) * offset, axis=-1)

    def descend(
        self,
        solver: str,
        eta: np.ndarray,
        beta: float | np.ndarray,
        updates: int,
        *,
        batch_size: int | None = None,
        draws: Sequence[np.random.Generator] = (),
        beta_2: float | np.ndarray = 0.999,
        epsilon: float | np.ndarray = 1e-8,
        every: int = 1,
        factor: Callable[[int, np.ndarray], np.ndarray] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run every seed under every setting.

        Parameters
        ----------
        solver : str
            A key of ``rules.RULES``.
        eta : ndarray of shape (seeds or 1, k)
        beta, beta_2, epsilon : float or ndarray of shape (k,)
        updates : int
        batch_size : int or None
            None is full batch.
        draws : sequence of Generator
            One a seed, for the rows' order.
        every : int
            Updates from one record to the next.
        factor : callable or None
            (epoch, training loss at its start) → factor on η, of shape (seeds, k).

        Returns
        -------
        excess : ndarray of shape (1 + updates // every, seeds, k)
            As a share of the start's, from the start on; infinite where it is not a number.
        offset : ndarray of shape (seeds, k, p)
            Where the descents end, from the minimum.
        """
        rule, seeds, p = RULES[solver], *self.hessian.shape[:2]
        beta, beta_2, epsilon = (np.asarray(c)[..., None] for c in (beta, beta_2, epsilon))
        eta = np.broadcast_to(eta, (seeds, np.shape(eta)[-1]))
        rate = eta[..., None]
        w = np.broadcast_to(self.offset, (seeds, eta.shape[1], p))
        v, s = np.zeros_like(w), np.zeros_like(w)
        records = [self.excess(w)]
        batches = 1 if batch_size is None else -(-self.n // batch_size)
        with np.errstate(over="ignore", invalid="ignore"):
            for update in range(updates):
                epoch, batch = divmod(update, batches)
                if batch == 0:
                    if factor is not None:
                        rate = (eta * factor(epoch, self.least_squares + self.excess(w)))[..., None]
                    if batch_size is not None:
                        X, noise = self._shuffled(draws)
                if batch_size is None:
                    gradient = w @ self.hessian
                else:
                    rows = slice(batch * batch_size, (batch + 1) * batch_size)
                    residual = w @ X[:, rows].swapaxes(1, 2) + noise[:, None, rows]
                    gradient = (2 / residual.shape[-1]) * (residual @ X[:, rows])
                w, v, s = rule(w, v, s, gradient, update + 1, rate, beta, beta_2, epsilon)
                if (update + 1) % every == 0:
                    records.append(self.excess(w))
        excess = np.array(records) / records[0]
        return np.where(np.isnan(excess), np.inf, excess), w

    def _shuffled(self, draws):
        """The rows in a fresh order, and their residuals at the minimum: w counts from there."""
        order = np.stack([draw.permutation(self.n) for draw in draws])
        X = np.take_along_axis(self._X, order[..., None], axis=1)
        residual = (X @ self.minimum.swapaxes(1, 2))[..., 0] - np.take_along_axis(self._y, order, axis=1)
        return X, residual


def arrivals(excess: np.ndarray, target: float, every: int = 1) -> np.ndarray:
    """Updates until the recorded excess stays at most `target`; twice the budget where it does not.

    Parameters
    ----------
    excess : ndarray of shape (1 + records, ...)
        From the start on.
    target : float
    every : int
        Updates from one record to the next.

    Returns
    -------
    ndarray of shape (...)
    """
    above = excess > target
    last = len(above) - 1 - np.argmax(above[::-1], axis=0)
    missed = 2 * every * (len(above) - 1)
    return np.where(above[-1], missed, np.where(above.any(axis=0), every * (last + 1), 0))
