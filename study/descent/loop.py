"""The loop over epochs, the same for every engine: schedule, stopping, divergence.

An engine holds θ and the optimiser's state. Its ``epoch(eta)`` makes one epoch of updates and returns
the training loss after it.
"""

import math
from dataclasses import dataclass, field, replace

import numpy as np
import scipy.sparse

from study.descent.rules import RULES


@dataclass
class Trace:
    """What a descent leaves behind, besides θ."""

    loss_curve: list[float] = field(default_factory=list)
    eta_curve: list[float] = field(default_factory=list)
    converged: bool = False


@dataclass
class Optimizer:
    """A rule and its state: the weights θ, velocity v and mean square s, each of shape (p, k)."""

    solver: str
    theta: np.ndarray
    beta: float
    beta_2: float
    epsilon: float
    velocity: np.ndarray | None = None
    square: np.ndarray | None = None
    updates: int = 0

    def __post_init__(self):
        if self.velocity is None:
            self.velocity = np.zeros_like(self.theta)
            self.square = np.zeros_like(self.theta)

    def copy(self, dtype):
        """Return another one in the same state, that can be updated in place."""
        theta, velocity, square = (
            np.array(state, dtype=dtype, order="C") for state in (self.theta, self.velocity, self.square)
        )
        return replace(self, theta=theta, velocity=velocity, square=square)

    def update(self, gradient, eta):
        """Make one update from the gradient of the objective, and return the new θ."""
        self.updates += 1
        self.theta, self.velocity, self.square = RULES[self.solver](
            self.theta, self.velocity, self.square, gradient,
            self.updates, eta, self.beta, self.beta_2, self.epsilon,
        )  # fmt: skip
        return self.theta


class FullBatch:
    """One update an epoch, on the gradient of the whole objective."""

    updates_per_epoch = 1

    def __init__(self, objective, optimizer):
        self._objective, self._optimizer = objective, optimizer
        _, self._gradient = objective.loss(optimizer.theta)

    def epoch(self, eta):
        theta = self._optimizer.theta
        theta = self._optimizer.update(self._objective.gradient(theta, self._gradient), eta)
        loss, self._gradient = self._objective.loss(theta)
        return loss


class MiniBatch:
    """One update a batch, on a fresh permutation of the rows an epoch.

    Parameters
    ----------
    objective : Objective
        On the same rows; its loss is recorded after each epoch.
    optimizer : Optimizer
    X : {ndarray, CSR matrix} of shape (n, d)
    y : ndarray of shape (n, k)
    sample_weight : ndarray of shape (n,) or None
    batch_size : int
    alpha, dropout : float
    shuffle, masks : numpy.random.Generator or None
        Draw the rows' order (None: as they come) and dropout's masks.
    """

    def __init__(
        self, objective, optimizer, X, y, sample_weight, *, batch_size, alpha, dropout, shuffle, masks
    ):
        from study.descent import batches  # numba takes 0.3 s that a full batch need not pay

        weights = None if sample_weight is None else (sample_weight / sample_weight.mean()).astype(X.dtype)
        self._rows = X, y, weights
        self._loss, self._optimizer = objective.loss, optimizer
        self._run = batches.sparse_epoch if scipy.sparse.issparse(X) else batches.dense_epoch
        self._batch_size, self._shuffle = min(batch_size, len(y)), shuffle
        self._constants = {
            "solver": optimizer.solver,
            "beta": optimizer.beta,
            "beta_2": optimizer.beta_2,
            "epsilon": optimizer.epsilon,
            "alpha": alpha,
            "dropout": dropout,
            "rng": masks,
        }
        self.updates_per_epoch = -(-len(y) // self._batch_size)

    def epoch(self, eta):
        state = self._optimizer
        order = None if self._shuffle is None else self._shuffle.permutation(len(self._rows[1]))
        state.updates = self._run(
            *self._rows, order, self._batch_size,
            state.theta, state.velocity, state.square, state.updates, eta=eta, **self._constants,
        )  # fmt: skip
        return self._loss.value(state.theta)


class Plateau:
    """The stopping rule: the loss has stayed where it was for a whole window.

    Converged when over the last `window` epochs the loss has neither fallen below its best before
    them by more than tol · best nor, unless it is `noisy`, risen above it by more than that. So an
    upswing of momentum, which a window of 3 / (1 − β) updates outlasts, never counts.

    Parameters
    ----------
    tol : float or None
        None never stops.
    window : int
    floor : float
        Losses below it count as equal: what rounding leaves of an exact fit.
    noisy : bool
        Losses of mini-batches or on held-out samples, which may rise: only the window's best is compared.
    """

    def __init__(self, tol, window, floor, *, noisy):
        self._tol, self._window, self._floor, self._noisy = tol, window, floor, noisy
        self.restart()

    def restart(self):
        self._recent, self._best = [], math.inf

    def reached(self, loss):
        if self._tol is None:
            return False
        self._recent.append(loss)
        if len(self._recent) <= self._window:
            return False
        self._best = min(self._best, self._recent[-self._window - 1])
        margin = self._tol * max(self._best, self._floor)
        if loss > self._best + margin and not self._noisy:
            return False
        window = self._recent[-self._window :]
        return min(window) >= self._best - margin and (self._noisy or max(window) <= self._best + margin)


def window_length(n_iter_no_change, beta, updates_per_epoch):
    """max(n_iter_no_change, ⌈3 / ((1 − β) · updates per epoch)⌉) epochs."""
    return max(n_iter_no_change, math.ceil(3 / ((1 - beta) * updates_per_epoch)))


def descend(engine, eta, factor, plateau, *, max_iter, adaptive=False, on_epoch=None):
    """Run an engine for at most `max_iter` epochs.

    Parameters
    ----------
    engine : FullBatch or MiniBatch
    eta : float
    factor : callable
        epoch (from 0) → factor on eta.
    plateau : Plateau
    max_iter : int
    adaptive : bool
        Divide eta by 5 at each plateau, and end at the one that finds it a millionth of its start.
    on_epoch : callable or None
        (epoch, trace) → (the loss to stop on, whether to stop at once).

    Returns
    -------
    Trace
        Ends at the first loss that is not finite.
    """
    trace = Trace()
    divisor = 1.0
    stop = False
    for epoch in range(max_iter):
        rate = eta * factor(epoch) / divisor
        loss = float(engine.epoch(rate))
        trace.eta_curve.append(rate)
        trace.loss_curve.append(loss)
        if not math.isfinite(loss):
            break
        if on_epoch is not None:
            loss, stop = on_epoch(epoch, trace)
        if plateau.reached(loss):
            if not adaptive or divisor >= 1e6:
                trace.converged = True
                break
            divisor *= 5
            plateau.restart()
        if stop:
            break
    return trace
