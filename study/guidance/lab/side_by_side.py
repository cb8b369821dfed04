"""Many descents of a linear model at once: every seed of a problem under every setting of an arm.

What is simulated is `MomentumRegressor`'s own descent: the same update rules, one update a batch, the rows
in a new order every epoch, and a last batch that may be shorter. All settings of a seed see the same batches,
so that arms can be compared seed by seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from study.descent.arrival import first_arrival
from study.descent.solvers import SOLVERS
from study.descent.theory import stability_limit
from study.guidance.claim import Budget
from study.guidance.lab.betas import BETAS
from study.guidance.lab.quadratics import Quadratic, quadratics, seeds
from study.provenance import derive_seed

PLAIN_LIMIT, MOMENTUM_LIMIT = (round(stability_limit(beta, L=1.0), 9) for beta in BETAS.values())
"""ηL from which β = 0 and the note's β diverge: 2 and 38."""

ETA_L = 36 * (MOMENTUM_LIMIT / PLAIN_LIMIT) ** (np.arange(-21, 1) / 8)
"""The grid of ηL, the same for every arm. Its largest value is 36/38 of the limit of the note's β. The two limits
are 8 points of the grid apart, so another point is 36/38 of the limit of β = 0: neither arm gains by where the
points lie."""

EXCESS_FLOOR = 1e-6
"""Excess, as a share of the start's, below which curves are not followed."""


def draw_problem(prefix: str, budget: Budget) -> list[Quadratic]:
    """Return the problem whose name begins with `prefix`, drawn with each of the budget's seeds."""
    return [next(q for q in quadratics(seed) if q.name.startswith(prefix)) for seed in seeds(budget)]


def generators(budget: Budget, *names: object) -> list[np.random.Generator]:
    """Return one random generator a seed, derived from the ledger's seed and from names."""
    return [np.random.default_rng(derive_seed(budget.seed, *names, seed)) for seed in range(budget.n_seeds)]


def mean_excess(excess: np.ndarray, axis: int) -> np.ndarray:
    """Return the geometric mean of excesses over an axis, each raised to `EXCESS_FLOOR` where it is below."""
    return np.exp(np.log(np.maximum(excess, EXCESS_FLOOR)).mean(axis=axis))


@dataclass(frozen=True)
class StackedProblem:
    """The arrays of one problem, drawn with several seeds, with a leading axis for the seeds.

    With p = d + 1 parameters, the intercept last. Made by `stack`.

    Attributes
    ----------
    hessian : ndarray of shape (seeds, p, p)
        Of the training loss.
    L : ndarray of shape (seeds, 1)
        The Hessian's largest eigenvalue.
    minimum : ndarray of shape (seeds, 1, p)
        The least-squares parameters.
    offset : ndarray of shape (seeds, 1, p)
        The start less the minimum.
    least_squares : ndarray of shape (seeds, 1)
        The least training loss.
    X : ndarray of shape (seeds, n, p)
        The rows, with a last column of ones.
    y : ndarray of shape (seeds, n)
    """

    hessian: np.ndarray
    L: np.ndarray
    minimum: np.ndarray
    offset: np.ndarray
    least_squares: np.ndarray
    X: np.ndarray
    y: np.ndarray

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.y.shape[1]

    def transformed(self, matrices: np.ndarray) -> "StackedProblem":
        """Return the problem in coordinates u with w = Mu.

        Parameters
        ----------
        matrices : ndarray of shape (seeds, p, p)
            M, one a seed.
        """
        hessian = matrices.swapaxes(1, 2) @ self.hessian @ matrices
        return replace(
            self,
            hessian=hessian,
            L=np.linalg.eigvalsh(hessian)[:, -1:],
            minimum=np.linalg.solve(matrices, self.minimum.swapaxes(1, 2)).swapaxes(1, 2),
            offset=np.linalg.solve(matrices, self.offset.swapaxes(1, 2)).swapaxes(1, 2),
            X=self.X @ matrices,
        )

    def in_eigenbasis(self) -> "StackedProblem":
        """Return the problem in the coordinates along the Hessian's eigenvectors."""
        return self.transformed(np.linalg.eigh(self.hessian)[1])

    def excess(self, offset: np.ndarray) -> np.ndarray:
        """Return the training loss above its minimum, at offsets of shape (seeds, k, p) from the minimum."""
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
        """Run k settings with every seed.

        Parameters
        ----------
        solver : str
            A name among `MomentumRegressor`'s solvers.
        eta : ndarray of shape (seeds or 1, k)
        beta, beta_2, epsilon : float or ndarray of shape (k,)
        updates : int
        batch_size : int or None
            None is full batch.
        draws : sequence of Generator
            One a seed, for the rows' order.
        every : int
            Updates from one recorded excess to the next.
        factor : callable or None
            (epoch, training loss at its start) → factor on η, of shape (seeds, k).

        Returns
        -------
        excess : ndarray of shape (1 + updates // every, seeds, k)
            As a share of the start's, from the start on; infinite where it is not a number.
        offset : ndarray of shape (seeds, k, p)
            Where the descents end, less the minimum.
        """
        rule, seeds, p = SOLVERS[solver].rule, *self.hessian.shape[:2]
        beta, beta_2, epsilon = (np.asarray(constant)[..., None] for constant in (beta, beta_2, epsilon))
        eta = np.broadcast_to(eta, (seeds, np.shape(eta)[-1]))
        rate = eta[..., None]
        w = np.broadcast_to(self.offset, (seeds, eta.shape[1], p))
        v, s = np.zeros_like(w), np.zeros_like(w)
        records = [self.excess(w)]
        batches = 1 if batch_size is None else -(-self.n_samples // batch_size)
        with np.errstate(over="ignore", invalid="ignore"):
            for update in range(updates):
                epoch, batch = divmod(update, batches)
                if batch == 0 and factor is not None:
                    rate = (eta * factor(epoch, self.least_squares + self.excess(w)))[..., None]
                if batch_size is None:
                    gradient = w @ self.hessian
                else:
                    if batch == 0:
                        X, residual = self._shuffled(draws)
                    rows = slice(batch * batch_size, (batch + 1) * batch_size)
                    gradient = _batch_gradient(w, X[:, rows], residual[:, rows])
                w, v, s = rule(w, v, s, gradient, update + 1, rate, beta, beta_2, epsilon)
                if (update + 1) % every == 0:
                    records.append(self.excess(w))
        excess = np.array(records) / records[0]
        return np.where(np.isnan(excess), np.inf, excess), w

    def _shuffled(self, draws: Sequence[np.random.Generator]) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows in a new order, and their residuals at the minimum."""
        order = np.stack([draw.permutation(self.n_samples) for draw in draws])
        X = np.take_along_axis(self.X, order[..., None], axis=1)
        residual = (X @ self.minimum.swapaxes(1, 2))[..., 0] - np.take_along_axis(self.y, order, axis=1)
        return X, residual


def stack(problem: Sequence[Quadratic]) -> StackedProblem:
    """Stack a problem's seeds, whose data have one shape."""
    minimum = np.stack([q.loss.reference.T for q in problem])
    return StackedProblem(
        hessian=np.stack([q.loss.hessian() for q in problem]),
        L=np.array([[q.spectrum.L] for q in problem]),
        minimum=minimum,
        offset=np.stack([q.start[None] for q in problem]) - minimum,
        least_squares=np.array([[q.loss.least_squares] for q in problem]),
        X=np.stack([np.column_stack([q.X, np.ones(len(q.y))]) for q in problem]),
        y=np.stack([q.y for q in problem]),
    )


def _batch_gradient(offset: np.ndarray, X: np.ndarray, residual_at_minimum: np.ndarray) -> np.ndarray:
    """Gradient of a batch's mean squared error, at offsets from the minimum: shape (seeds, k, p)."""
    residual = offset @ X.swapaxes(1, 2) + residual_at_minimum[:, None]
    return (2 / residual.shape[-1]) * (residual @ X)


def updates_to_target(excess: np.ndarray, target: float, every: int = 1) -> np.ndarray:
    """Updates until the recorded excess stays at most `target`; twice the budget where it does not.

    Parameters
    ----------
    excess : ndarray of shape (1 + records, ...)
        As a share of the start's, from the start on.
    target : float
    every : int
        Updates from one record to the next.

    Returns
    -------
    ndarray of shape (...)
    """
    arrived = first_arrival(excess, target)
    missed = arrived == len(excess)
    return np.where(missed, 2 * every * (len(excess) - 1), every * arrived)
