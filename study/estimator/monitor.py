"""What watches a fit, epoch by epoch: early stopping, scikit-learn's callbacks, and `verbose`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from study.descent.loop import DescentHistory, Optimizer
from study.descent.quadratic import GramLoss, Matrix, ResidualLoss

if TYPE_CHECKING:
    from study.estimator.regressor import MomentumRegressor


class FitMonitor:
    """Everything that happens after an epoch besides the descent itself.

    Parameters
    ----------
    estimator : MomentumRegressor
        Being fitted.
    optimizer : Optimizer
    held_out : GramLoss, ResidualLoss or None
        Loss on the samples that early stopping holds out.
    data : tuple of (X, y, sample_weight) or None
        What callbacks may ask for.
    start_value : float
        The training objective at the start.
    keeps_best : bool
        Whether to keep the weights of the least training loss where there is no held-out one.
    has_diverged : callable
        (θ, training loss there) → whether a descent that ends there has diverged.

    Attributes
    ----------
    validation_curve : list of float
        Loss on the held-out samples after each epoch.
    best_theta : ndarray of shape (p, k)
        θ that is best on the held-out samples, of the start and of the epochs at which the descent had not diverged.
        Without held-out samples, the same by the training loss, if `keeps_best`.
    best_epoch : int
        When that was; 0 is the start.
    training_loss_at_best : float
        Then; of the start, the objective.
    keeps_best : bool
        Whether there is such a θ.
    has_held_out : bool
    is_needed : bool
        Whether anything is to be done after an epoch.
    """

    def __init__(
        self,
        estimator: "MomentumRegressor",
        optimizer: Optimizer,
        held_out: GramLoss | ResidualLoss | None,
        data: tuple[Matrix, np.ndarray, np.ndarray | None] | None,
        start_value: float,
        keeps_best: bool,
        has_diverged: Callable[[np.ndarray, float], bool],
    ) -> None:
        self._estimator, self._optimizer, self._held_out = estimator, optimizer, held_out
        self._has_diverged = has_diverged
        self.validation_curve: list[float] = []
        self.best_theta, self.best_epoch = optimizer.theta.copy(), 0
        self.training_loss_at_best = start_value
        self.has_held_out = held_out is not None
        self.keeps_best = keeps_best or self.has_held_out
        self._best = start_value if held_out is None else held_out.value(optimizer.theta)
        self._has_callbacks = bool(getattr(estimator, "_skl_callbacks", None))
        self.is_needed = self._has_callbacks or self.keeps_best or bool(estimator.verbose)
        self._context = estimator._init_callback_context(max_subtasks=estimator.max_iter)
        # What scikit-learn's protocol hands to every callback.
        self._told: dict[str, Any] = {"estimator": estimator}
        if data is not None:
            X, y, sample_weight = data
            self._dtype = X.dtype
            self._told |= {
                "X": X,
                "y": y[:, 0] if estimator._flat_target else y,
                "metadata": None if sample_weight is None else {"sample_weight": sample_weight},
            }
        else:
            self._dtype = optimizer.theta.dtype
        self._context.call_on_fit_task_begin(**self._told)

    def on_epoch(self, epoch: int, history: DescentHistory) -> tuple[float, bool]:
        """Return the loss to stop on, and whether to stop at once."""
        loss = history.loss_curve[-1]
        if self._held_out is not None:
            loss = self._held_out.value(self._optimizer.theta)
            self.validation_curve.append(loss)
        if self.keeps_best:
            theta = self._optimizer.theta
            if not loss >= self._best and not self._has_diverged(theta, history.loss_curve[-1]):
                self._best, self.best_theta, self.best_epoch = loss, theta.copy(), epoch + 1
                self.training_loss_at_best = history.loss_curve[-1]
        if self._estimator.verbose:
            print(f"Epoch {epoch + 1}, loss = {loss:.8g}")
        stop = False
        if self._has_callbacks:
            task = self._context.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(**self._told)
            stop = task.call_on_fit_task_end(**self._told, reconstruction_attributes=self._fitted)
        return loss, stop

    @property
    def is_held_out_rising(self) -> bool:
        """Whether the loss on the held-out samples has risen above the least so far, by more than `tol`."""
        tol = self._estimator.tol or 0.0
        return self._held_out is not None and self.validation_curve[-1] > (1 + tol) * self._best

    def end(self) -> None:
        """Tell the callbacks that the fit is over."""
        self._context.call_on_fit_task_end(**self._told, reconstruction_attributes=self._fitted)

    def _fitted(self) -> dict[str, Any]:
        """The attributes that make a copy of the estimator predict at the weights of this epoch."""
        return self._estimator._coefficients(self._optimizer.theta, self._dtype)
