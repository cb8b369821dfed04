"""The loop over epochs, the same for every engine: schedule, stopping, the curves that a fit records.

An engine holds θ and the optimiser's state. Its ``epoch(eta)`` makes one epoch of updates and returns
the training loss after it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

import numpy as np
import scipy.sparse
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike

from study.descent.quadratic import Matrix, Objective
from study.descent.solvers import SOLVERS

ADAPTIVE_DIVISOR = 5
"""The adaptive schedule divides eta by this each time that the stopping rule is met."""

MOST_WINDOWS = 5
"""A noisy descent that stays away from the minimum over so many windows, each twice the last, is kept there by its noise."""


@dataclass
class DescentHistory:
    """What a descent leaves behind, besides θ.

    Attributes
    ----------
    loss_curve : list of float
        Training loss after each epoch.
    eta_curve : list of float
        Learning rate of each epoch.
    converged : bool
        Whether the stopping rule ended it, at the minimum.
    has_stalled : bool
        Whether the stopping rule ended it away from the minimum, because its noise keeps it there.
    """

    loss_curve: list[float] = field(default_factory=list)
    eta_curve: list[float] = field(default_factory=list)
    converged: bool = False
    has_stalled: bool = False


@dataclass
class Optimizer:
    """A rule and its state: the weights θ, velocity v and mean square s, each of shape (p, k)."""

    solver: str
    theta: np.ndarray
    beta: float
    beta_2: float
    epsilon: float
    velocity: np.ndarray = None  # type: ignore[assignment]  # zeros where it is not given
    square: np.ndarray = None  # type: ignore[assignment]
    updates: int = 0

    def __post_init__(self) -> None:
        if self.velocity is None:
            self.velocity = np.zeros_like(self.theta)
            self.square = np.zeros_like(self.theta)

    def copy(self, dtype: DTypeLike) -> "Optimizer":
        """Return another one in the same state, that can be updated in place."""
        theta, velocity, square = (
            np.array(state, dtype=dtype, order="C") for state in (self.theta, self.velocity, self.square)
        )
        return replace(self, theta=theta, velocity=velocity, square=square)

    def update(self, gradient: np.ndarray, eta: float) -> np.ndarray:
        """Make one update from the gradient of the objective, and return the new θ."""
        self.updates += 1
        self.theta, self.velocity, self.square = SOLVERS[self.solver].rule(
            self.theta, self.velocity, self.square, gradient,
            self.updates, eta, self.beta, self.beta_2, self.epsilon,
        )  # fmt: skip
        return self.theta


class FullBatch:
    """One update an epoch, on the gradient of the whole objective."""

    updates_per_epoch = 1
    is_noisy = False

    def __init__(self, objective: Objective, optimizer: Optimizer) -> None:
        self._objective, self._optimizer = objective, optimizer
        _, self._gradient = objective.loss(optimizer.theta)

    def epoch(self, eta: float) -> float:
        """Make one update, and return the training loss after it."""
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

    is_noisy = True

    def __init__(
        self,
        objective: Objective,
        optimizer: Optimizer,
        X: Matrix,
        y: np.ndarray,
        sample_weight: np.ndarray | None,
        *,
        batch_size: int,
        alpha: float,
        dropout: float,
        shuffle: np.random.Generator | None,
        masks: np.random.Generator | None,
    ) -> None:
        from study.descent import batches  # numba takes 0.3 s that a full batch need not pay

        weights = None if sample_weight is None else (sample_weight / sample_weight.mean()).astype(X.dtype)
        self._rows = X, y, weights
        self._loss, self._optimizer = objective.loss, optimizer
        self._run = batches.sparse_epoch if scipy.sparse.issparse(X) else batches.dense_epoch
        self._batch_size, self._shuffle = min(batch_size, len(y)), shuffle
        self._constants: dict[str, Any] = {
            "solver": optimizer.solver,
            "beta": optimizer.beta,
            "beta_2": optimizer.beta_2,
            "epsilon": optimizer.epsilon,
            "alpha": alpha,
            "dropout": dropout,
            "rng": masks,
        }
        self.updates_per_epoch = -(-len(y) // self._batch_size)

    def epoch(self, eta: float) -> float:
        """Visit every row once, and return the training loss afterwards."""
        state = self._optimizer
        order = None if self._shuffle is None else self._shuffle.permutation(len(self._rows[1]))
        state.updates = self._run(
            *self._rows, order, self._batch_size,
            state.theta, state.velocity, state.square, state.updates, eta=eta, **self._constants,
        )  # fmt: skip
        return self._loss.value(state.theta)


class StoppingRule:
    """Says when a descent has converged: the loss has stayed where it was for a whole window of epochs.

    That is: over the last `window` epochs the loss has neither fallen below its best before
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

    Attributes
    ----------
    windows : int
        How many windows it has asked for, each of twice as many epochs as the last.
    """

    def __init__(self, tol: float | None, window: int, floor: float, *, noisy: bool) -> None:
        self._tol, self._window, self._floor, self._noisy = tol, window, floor, noisy
        self.windows = 1
        self.restart()

    def lengthen(self) -> None:
        """From now on ask for a window of twice as many epochs."""
        self._window *= 2
        self.windows += 1

    def restart(self) -> None:
        """Forget the losses so far."""
        self._recent: list[float] = []
        self._best = math.inf

    def is_typical(self, loss: float) -> bool:
        """Whether a loss is at most the median of the last window: no moment at which noise has lifted it."""
        return loss <= median(self._recent[-self._window :])

    def epochs_met(self, losses: np.ndarray) -> np.ndarray:
        """Return at which of these losses, counted from 0, the rule would be met if they came one after the other.

        For a rule that is not noisy and has seen no loss.
        """
        if self._tol is None or len(losses) <= self._window:
            return np.empty(0, dtype=int)
        losses = np.maximum(losses, self._floor)
        best = np.minimum.accumulate(losses[: -self._window])
        margin = self._tol * best
        window = sliding_window_view(losses[1:], self._window)
        stays = (window.min(axis=1) >= best - margin) & (window.max(axis=1) <= best + margin)
        return np.flatnonzero(stays) + self._window

    def is_met(self, loss: float) -> bool:
        """Take the loss of the next epoch, and return whether the descent has converged."""
        if self._tol is None:
            return False
        loss = max(loss, self._floor)
        self._recent.append(loss)
        if len(self._recent) <= self._window:
            return False
        self._best = min(self._best, self._recent[-self._window - 1])
        margin = self._tol * self._best
        if loss > self._best + margin and not self._noisy:
            return False
        window = self._recent[-self._window :]
        return min(window) >= self._best - margin and (self._noisy or max(window) <= self._best + margin)


def window_length(n_iter_no_change: int, beta: float, updates_per_epoch: int) -> int:
    """max(n_iter_no_change, ⌈3 / ((1 − β) · updates per epoch)⌉) epochs."""
    return max(n_iter_no_change, math.ceil(3 / ((1 - beta) * updates_per_epoch)))


def descend(
    engine: FullBatch | MiniBatch,
    eta: float,
    factor: Callable[[int], float],
    stopping_rule: StoppingRule,
    *,
    max_iter: int,
    adaptive: bool = False,
    on_epoch: Callable[[int, DescentHistory], tuple[float, bool]] | None = None,
    is_too_early: Callable[[DescentHistory], bool] | None = None,
) -> DescentHistory:
    """Run an engine for at most `max_iter` epochs.

    Where the stopping rule is met and the minimum is still far, the descent goes on. One that is noisy asks for
    a window twice as long each time, and ends without having converged after `MOST_WINDOWS` of them. So does an
    adaptive one whose eta is down to a millionth.

    Parameters
    ----------
    engine : FullBatch or MiniBatch
    eta : float
    factor : callable
        epoch (from 0) → factor on eta.
    stopping_rule : StoppingRule
    max_iter : int
    adaptive : bool
        Divide eta by `ADAPTIVE_DIVISOR` each time that the stopping rule is met, and end at the time that finds
        it a millionth of its start.
    on_epoch : callable or None
        (epoch, history) → (the loss to stop on, whether to stop at once).
    is_too_early : callable or None
        history → whether the minimum is still far. Asked only where the stopping rule is met.

    Returns
    -------
    DescentHistory
        Ends at the first loss that is not finite.
    """
    history = DescentHistory()
    divisor = 1.0
    stop = False
    for epoch in range(max_iter):
        rate = eta * factor(epoch) / divisor
        loss = float(engine.epoch(rate))
        history.eta_curve.append(rate)
        history.loss_curve.append(loss)
        if not math.isfinite(loss):
            break
        if on_epoch is not None:
            loss, stop = on_epoch(epoch, history)
        if stopping_rule.is_met(loss):
            if adaptive and divisor < 1e6:
                divisor *= ADAPTIVE_DIVISOR
                stopping_rule.restart()
            elif is_too_early is None or not is_too_early(history):
                history.converged = True
                break
            elif adaptive:
                history.has_stalled = True
                break
            elif engine.is_noisy and stopping_rule.windows < MOST_WINDOWS:
                stopping_rule.lengthen()
            elif engine.is_noisy and stopping_rule.is_typical(loss):
                history.has_stalled = True
                break
        if stop:
            break
    return history
