"""How a fit ends: whether it has diverged or stopped too early, and what a person is told of it.

docs/theory.md, "Divergence" and "Stopping", has the definitions. What is told names the cause and the mend: the
range of floating-point numbers, η, the condition number of the data, or the noise of mini-batches.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from study.descent import divergence, loop, theory
from study.descent.quadratic import Objective, ResidualLoss
from study.descent.remaining import RemainingExcess
from study.descent.solvers import SOLVERS
from study.descent.spectrum import spectrum_at
from study.errors import DivergenceError
from study.estimator.inputs import TOO_LARGE, TOO_SMALL
from study.estimator.monitor import FitMonitor

if TYPE_CHECKING:
    from study.estimator.regressor import MomentumRegressor

ILL_CONDITIONED = 1e4
"""Condition number from which it is named as the cause of slow convergence."""

FAR_BELOW = 1e-2
"""Share of the stability limit below which η, times the updates of an epoch, is named as the cause."""

LARGEST = 1e295
"""Mean squares of X's columns above it, or below its reciprocal, need rates that floating point does not hold."""

CLOSE = 1e-3
"""Share of the largest number of a precision from which products of X and y are named as the cause."""


class Ending:
    """What is known of a fit's end, from its objective and its start.

    Parameters
    ----------
    estimator : MomentumRegressor
        With `eta_` and `beta_` settled.
    objective : Objective
    start : ndarray of shape (p, k)
    start_value : float
        The objective there.
    updates_per_epoch : int

    Attributes
    ----------
    remaining : RemainingExcess
    """

    def __init__(
        self,
        estimator: "MomentumRegressor",
        objective: Objective,
        start: np.ndarray,
        start_value: float,
        updates_per_epoch: int,
    ) -> None:
        self._estimator, self._objective = estimator, objective
        self._start, self._start_value = start, start_value
        self._updates_per_epoch = updates_per_epoch
        self._traits = SOLVERS[estimator.solver]
        self.remaining = RemainingExcess(expected_objective(estimator, objective), start_value)

    @property
    def is_exact(self) -> bool:
        """Whether the descent is known exactly beforehand: a full batch of a linear solver."""
        return self._traits.is_linear and self._estimator.is_full_batch

    def has_diverged(self, theta: np.ndarray, loss: float) -> bool:
        """Whether a descent that ends at θ, with this loss there, has diverged."""
        value = loss + self._objective.penalty_value(theta)
        data_term = self._objective.loss
        return bool(not np.isfinite(theta).all()) or bool(
            divergence.has_diverged(
                value,
                self._start_value,
                data_term.mean_square_target,
                dtype=data_term.dtype,
                is_linear=self._traits.is_linear,
                is_full_batch=self._estimator.is_full_batch,
            )
        )

    def is_too_early(self, theta: np.ndarray, history: loop.DescentHistory, monitor: FitMonitor) -> bool:
        """Whether a descent should go on, though its loss has stayed where it was.

        It should where over 1 % of the starting excess is left. With early stopping the loss is that of the
        held-out samples. Where it has risen while the training loss fell, that is an end. Where both have risen,
        momentum swings. Mini-batches may raise both by their noise, but not above the start.
        """
        if not monitor.is_held_out_rising:
            return self.remaining.is_large(theta)
        if self._estimator.is_full_batch:
            return history.loss_curve[-1] > monitor.training_loss_at_best
        value = self._objective.value(theta)
        return value > max(self._start_value, self._objective.loss.mean_square_target)

    def raise_out_of_range(self) -> None:
        """Raise ValueError where data beyond the range of floating point, and not η, made a fit fail."""
        raise_out_of_range(self._objective, self._start, self._estimator.solver)

    def divergence_error(self, history: loop.DescentHistory) -> DivergenceError:
        """Return the error of a descent that has diverged."""
        message = f"{self._what_diverged(history)} {self._mend_of_divergence()}"
        return DivergenceError(message, history.loss_curve, len(history.loss_curve))

    def warn_diverged(self, history: loop.DescentHistory, monitor: FitMonitor) -> None:
        """Warn that the descent has diverged, where there are weights to return nevertheless."""
        kept = f"of epoch {monitor.best_epoch}" if monitor.best_epoch else "of the start"
        best = (
            "were the best on the held-out samples" if monitor.has_held_out else "had the least training loss"
        )
        warnings.warn(
            f"{self._what_diverged(history)} The weights {kept} {best} and are returned. {self._mend_of_divergence()}",
            ConvergenceWarning,
            stacklevel=5,
        )

    def warn_not_converged(self, history: loop.DescentHistory, theta: np.ndarray) -> None:
        """Warn that the descent has not converged, how much is left, and why."""
        estimator, epochs = self._estimator, len(history.loss_curve)
        share = self.remaining.share(theta)
        if history.has_stalled:
            message = f"The loss stopped falling after {epochs} epochs."
        else:
            message = f"max_iter={epochs} epochs were not enough to converge to tol={estimator.tol:g}."
        if share > 0:
            message += f" {100 * share:.2g} % of the starting excess over the minimum is left."
        causes = self._causes(history)
        advice = "Raise max_iter" + ("." if estimator.eta == "auto" else ", or use eta='auto'.")
        warnings.warn(" ".join([message, *(causes or [advice])]), ConvergenceWarning, stacklevel=5)

    def warn_ill_conditioned(self, history: loop.DescentHistory, theta: np.ndarray) -> None:
        """Warn of early stopping far from the minimum, where the condition number may be why the loss rose."""
        if not self.remaining.is_large(theta):
            return
        condition, _ = self._condition()
        if condition > ILL_CONDITIONED:
            warnings.warn(
                f"Early stopping ended the descent after {len(history.loss_curve)} epochs, when "
                f"{100 * self.remaining.share(theta):.2g} % of the starting excess over the minimum was left. "
                f"{_name_condition(condition)}",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _what_diverged(self, history: loop.DescentHistory) -> str:
        estimator, limit = self._estimator, ""
        if self._traits.is_linear:
            stable = self._stability_limit(spectrum_at(self._objective, self._start).L)
            if 0 < stable < np.inf:
                limit = f"; with this beta it is stable on these data for eta < {stable:.4g}"
                limit += "" if estimator.is_full_batch else " on a full batch, and for less on mini-batches"
        losses = history.loss_curve
        return (
            f"solver={estimator.solver!r} diverged with beta={estimator.beta_:g} and "
            f"eta={estimator.eta_:.4g}{limit}. The loss was {losses[-1]:.4g} after {len(losses)} epochs."
        )

    def _mend_of_divergence(self) -> str:
        use_auto = "" if self._estimator.eta == "auto" else " use eta='auto',"
        return f"Lower eta,{use_auto} or scale the features (StandardScaler)."

    def _stability_limit(self, L: float) -> float:
        if not 0 < L < np.inf:
            return np.inf
        return float(theory.stability_limit(self._estimator.beta_, L, self._estimator.solver))

    def _condition(self) -> tuple[float, float]:
        """The condition number of the objective, and its largest curvature."""
        with np.errstate(all="ignore"):
            found = spectrum_at(self._objective, self._start)
            curvatures = self._objective.curvatures()
            curvatures = curvatures[curvatures > 0]
            # A column that is very small beside the others is lost in the rounding of the eigenvalues.
            spread = float(curvatures.max() / curvatures.min()) if len(curvatures) else 1.0
        return max(found.condition, spread), found.L

    def _causes(self, history: loop.DescentHistory) -> list[str]:
        """Sentences that name what kept a descent from the minimum, with the mend."""
        estimator, traits, causes = self._estimator, self._traits, []
        condition, L = self._condition()
        if estimator.eta != "auto" and traits.is_linear:
            limit = self._stability_limit(L)
            if estimator.eta_ * self._updates_per_epoch < FAR_BELOW * limit < np.inf:
                causes.append(
                    f"eta={estimator.eta_:.4g} is far below what these data allow "
                    f"(a full batch is stable for eta < {limit:.4g}): raise it, or use eta='auto'."
                )
        rates = history.eta_curve
        if estimator.schedule not in ("constant", "adaptive") and rates[-1] < FAR_BELOW * max(rates):
            causes.append(f"The schedule has let eta fall to {rates[-1]:.2g}: let it fall more slowly.")
        if condition > ILL_CONDITIONED:
            causes.append(_name_condition(condition))
        if causes:
            return causes
        if not self._is_still_falling(history):
            if not estimator.is_full_batch:
                return [
                    "The noise of mini-batches keeps the loss above its minimum: lower eta, raise batch_size, or let "
                    "eta fall (schedule='adaptive')."
                ]
            if not traits.is_linear:
                return [
                    "Steps about as long as eta pass the minimum: lower eta, or let it fall (schedule='adaptive')."
                ]
        elif not traits.is_linear:
            return [
                f"The loss was still falling, and solver={estimator.solver!r} moves a weight by about eta={estimator.eta_:.4g} "
                "an update: raise max_iter or eta."
            ]
        return []

    def _is_still_falling(self, history: loop.DescentHistory) -> bool:
        """Whether the last tenth of the epochs has brought the loss down by more than `tol`."""
        losses = history.loss_curve
        last = max(len(losses) // 10, 1)
        before = losses[:-last]
        return not before or min(losses[-last:]) < (1 - (self._estimator.tol or 0)) * min(before)


def _name_condition(condition: float) -> str:
    return f"The condition number is {condition:.2g}: scale the features (StandardScaler)."


def expected_objective(estimator: "MomentumRegressor", objective: Objective) -> Objective:
    """Return what a fit minimises in expectation: with dropout, an objective with one more penalty.

    docs/theory.md, "Dropout as ridge".
    """
    if estimator.dropout == 0:
        return objective
    expected = Objective(objective.loss, estimator.alpha, np.float64)
    share = estimator.dropout / (1 - estimator.dropout)
    expected.penalty[: objective.loss.n_features, 0] += 2 * share * objective.loss.mean_squares
    return expected


def settle_range(estimator: "MomentumRegressor", objective: Objective, start: np.ndarray) -> None:
    """Raise ValueError where `eta_` is beyond the range in which a fit can use it.

    Where nothing can move, because every gradient is 0, it is put inside the range instead.
    """
    number = np.finfo(start.dtype)
    eta = estimator.eta_
    is_auto_at_its_bound = estimator.eta == "auto" and not 1e-299 < eta < 1e299
    if float(number.smallest_subnormal) < eta <= float(number.max) and not is_auto_at_its_bound:
        return
    reason = out_of_range(objective, start, estimator.solver)
    if reason is None and not objective.gradient_at(start).any():
        estimator.eta_ = float(np.clip(eta, float(number.tiny), float(number.max)))
    elif reason:
        raise ValueError(reason)
    elif start.dtype != np.float64:
        size = "large" if eta < 1 else "small"
        named = (
            f"X is too {size} for {start.dtype}: eta='auto' gives" if estimator.eta == "auto" else "This is"
        )
        raise ValueError(
            f"{named} eta={eta:.4g}, beyond the range of {start.dtype}. Scale the features (StandardScaler), or use float64."
        )


def raise_out_of_range(objective: Objective, start: np.ndarray, solver: str) -> None:
    """Raise ValueError with the reason that `out_of_range` finds, if any."""
    reason = out_of_range(objective, start, solver)
    if reason:
        raise ValueError(reason)


def out_of_range(objective: Objective, start: np.ndarray, solver: str) -> str | None:
    """Return why the numbers of a fit leave the range of floating point, or None where the data are not why.

    Parameters
    ----------
    objective : Objective
    start : ndarray of shape (p, k)
        Its dtype is the one that the fit computes in.
    solver : str
    """
    loss, number = objective.loss, np.finfo(start.dtype)
    double = np.finfo(np.float64)
    with np.errstate(all="ignore"):
        squares = loss.mean_squares
        moves = np.abs(loss(start)[1][: loss.n_features]).max(axis=1) > 0
        largest = squares.max(initial=0.0)
        product = 2 * np.sqrt(largest) * np.sqrt(loss.mean_square_target)
    if not largest < LARGEST:
        return TOO_LARGE
    # Moments leave rounding in the gradient of a column that is 0; passes over X leave 0.
    vanishes = isinstance(loss, ResidualLoss) and bool((squares[moves] < double.tiny).any())
    if vanishes or 0 < largest + loss.fit_intercept < 1 / LARGEST:
        return TOO_SMALL
    if product > CLOSE * float(number.max):
        return (
            f"X and y are too large for {start.dtype}: their products overflow. Scale both, or use float64."
        )
    if SOLVERS[solver].is_scale_normalised and product > CLOSE * float(number.max) ** 0.5:
        return (
            f"X and y are too large for solver={solver!r} in {start.dtype}: the squares of the gradient overflow. "
            "Scale both."
        )
    return None
