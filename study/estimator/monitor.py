"""What watches a fit, epoch by epoch: early stopping, scikit-learn's callbacks, and `verbose`."""

import math
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

    Attributes
    ----------
    validation_curve : list of float
        Loss on the held-out samples after each epoch.
    best_theta : ndarray of shape (p, k)
        θ at the least of them.
    is_needed : bool
        Whether anything is to be done after an epoch.
    """

    def __init__(
        self,
        estimator: "MomentumRegressor",
        optimizer: Optimizer,
        held_out: GramLoss | ResidualLoss | None,
        data: tuple[Matrix, np.ndarray, np.ndarray | None] | None,
    ) -> None:
        self._estimator, self._optimizer, self._held_out = estimator, optimizer, held_out
        self.validation_curve: list[float] = []
        self.best_theta = optimizer.theta.copy()
        self._best = math.inf
        self._has_callbacks = bool(getattr(estimator, "_skl_callbacks", None))
        self.is_needed = self._has_callbacks or held_out is not None or bool(estimator.verbose)
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
            if loss < self._best:
                self._best, self.best_theta = loss, self._optimizer.theta.copy()
        if self._estimator.verbose:
            print(f"Epoch {epoch + 1}, loss = {loss:.8g}")
        stop = False
        if self._has_callbacks:
            task = self._context.subcontext(task_name="epoch")
            task.call_on_fit_task_begin(**self._told)
            stop = task.call_on_fit_task_end(**self._told, reconstruction_attributes=self._fitted)
        return loss, stop

    def end(self) -> None:
        """Tell the callbacks that the fit is over."""
        self._context.call_on_fit_task_end(**self._told, reconstruction_attributes=self._fitted)

    def _fitted(self) -> dict[str, Any]:
        """The attributes that make a copy of the estimator predict at the weights of this epoch."""
        return self._estimator._coefficients(self._optimizer.theta, self._dtype)
