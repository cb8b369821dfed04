"""How a fit goes: from validated data and a start to weights, or to an error that says why there are none."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from study.descent import auto, divergence, loop, quadratic, schedules, theory
from study.descent.quadratic import GramLoss, Objective, ResidualLoss
from study.descent.solvers import SOLVERS
from study.descent.spectrum import spectrum_at
from study.errors import DivergenceError
from study.estimator.inputs import Rows
from study.estimator.monitor import FitMonitor

if TYPE_CHECKING:
    from study.estimator.regressor import MomentumRegressor

ILL_CONDITIONED = 1e4
"""Condition number from which it is named as the cause of slow convergence."""

SEEDS = np.iinfo(np.int32).max
"""Seeds of the generators are drawn below it."""


def descend(
    estimator: "MomentumRegressor",
    loss: GramLoss | ResidualLoss,
    start: np.ndarray,
    *,
    data: Rows | None = None,
    held_out: GramLoss | ResidualLoss | None = None,
    random_state: np.random.RandomState | None = None,
) -> tuple[loop.Optimizer, loop.DescentHistory, FitMonitor]:
    """Run an estimator's descent to its end.

    Parameters
    ----------
    estimator : MomentumRegressor
        Its parameters say how; `eta_` and `beta_` are set on it.
    loss : GramLoss or ResidualLoss
        The data term.
    start : ndarray of shape (p, k)
        θ at the start.
    data : tuple of (X, y, sample_weight), optional
        The rows, for mini-batches, which need them, and for callbacks.
    held_out : GramLoss or ResidualLoss, optional
        The loss that early stopping watches.
    random_state : RandomState, optional
        Draws batches and masks; mini-batches need it.

    Returns
    -------
    optimizer : Optimizer
    history : DescentHistory
    monitor : FitMonitor

    Raises
    ------
    DivergenceError
    """
    objective = quadratic.Objective(loss, estimator.alpha, start.dtype)
    with np.errstate(all="ignore"):  # what overflows is found in the loss, and raised
        settle_auto(estimator, objective, start, None if estimator.is_full_batch else data)
        optimizer = new_optimizer(estimator, start.copy())
        if estimator.is_full_batch:
            engine: loop.FullBatch | loop.MiniBatch = loop.FullBatch(objective, optimizer)
        else:
            assert data is not None
            assert random_state is not None
            shuffle, masks = np.random.default_rng(random_state.randint(SEEDS)).spawn(2)
            engine = mini_batch(
                estimator, objective, optimizer, data, shuffle if estimator.shuffle else None, masks
            )
        window = loop.window_length(estimator.n_iter_no_change, estimator.beta_, engine.updates_per_epoch)
        monitor = FitMonitor(estimator, optimizer, held_out, data)
        history = loop.descend(
            engine,
            estimator.eta_,
            factor(estimator),
            # Held-out losses may rise for good, which is what early stopping is there to see.
            loop.StoppingRule(
                estimator.tol,
                window,
                divergence.loss_floor(loss.mean_square_target, loss.dtype),
                noisy=not estimator.is_full_batch or held_out is not None,
            ),
            max_iter=estimator.max_iter,
            adaptive=estimator.schedule == "adaptive",
            on_epoch=monitor.on_epoch if monitor.is_needed else None,
        )
        check_descended(estimator, history, objective, start, optimizer.theta)
    if held_out is not None:
        optimizer.theta = monitor.best_theta
    if estimator.tol is not None and len(history.loss_curve) == estimator.max_iter and not history.converged:
        warn_not_converged(estimator, objective, start)
    return optimizer, history, monitor


def one_pass(
    estimator: "MomentumRegressor", loss: GramLoss | ResidualLoss, start: np.ndarray, data: Rows
) -> tuple[loop.Optimizer, float, float]:
    """Make one unshuffled pass over a chunk, from the state that an estimator is in.

    Parameters
    ----------
    estimator : MomentumRegressor
    loss : GramLoss or ResidualLoss
        The data term on the chunk.
    start : ndarray of shape (p, k)
    data : tuple of (X, y, sample_weight)

    Returns
    -------
    optimizer : Optimizer
        Another one: the estimator's own is left as it was.
    end, rate : float
        The loss on the chunk afterwards, and the learning rate.

    Raises
    ------
    DivergenceError
    """
    objective = quadratic.Objective(loss, estimator.alpha, data[0].dtype)
    with np.errstate(all="ignore"):
        start_loss = loss.value(start)
        if hasattr(estimator, "_optimizer"):
            optimizer = estimator._optimizer.copy(data[0].dtype)
            # "auto" stays what the first chunk made it; a number may be set anew between chunks.
            for name in ("eta", "beta"):
                if getattr(estimator, name) != "auto":
                    setattr(estimator, f"{name}_", float(getattr(estimator, name)))
            optimizer.beta = estimator.beta_ if SOLVERS[estimator.solver].uses_beta else 0.0
        else:
            settle_auto(estimator, objective, start, data, is_first_chunk=True)
            optimizer = new_optimizer(estimator, start)
        if not hasattr(estimator, "_masks"):
            seed = check_random_state(estimator.random_state).randint(SEEDS)
            estimator._masks = np.random.default_rng(seed)
        rate = estimator.eta_ * factor(estimator)(0)
        end = float(mini_batch(estimator, objective, optimizer, data, None, estimator._masks).epoch(rate))
    diverged = divergence.chunk_has_diverged(end, start_loss, loss.mean_square_target)
    if diverged or not np.isfinite(optimizer.theta).all():
        raise DivergenceError(
            f"solver={estimator.solver!r} diverged with beta={estimator.beta_:g} and eta={estimator.eta_:.4g} "
            f"on chunk {estimator.n_iter_ + 1}. Lower eta, or scale the features (StandardScaler).",
            [*estimator.loss_curve_, end],
            estimator.n_iter_ + 1,
        )
    return optimizer, end, rate


def settle_auto(
    estimator: "MomentumRegressor",
    objective: Objective,
    start: np.ndarray,
    data: Rows | None,
    *,
    is_first_chunk: bool = False,
) -> None:
    """Set `eta_` and `beta_`, as given or searched; `data` is what mini-batches draw from, None for a full batch."""
    estimator.eta_, estimator.beta_ = auto.resolve(
        estimator.eta,
        estimator.beta,
        solver=estimator.solver,
        objective=objective,
        theta=start,
        max_iter=estimator.max_iter,
        rows=data,
        batch_size=estimator.batch_size,
        dropout=estimator.dropout,
        is_first_chunk=is_first_chunk,
    )


def factor(estimator: "MomentumRegressor") -> schedules.Schedule:
    """Return an estimator's schedule: epoch → factor on η."""
    return schedules.make(
        estimator.schedule, power_t=estimator.power_t, gamma=estimator.gamma, max_iter=estimator.max_iter
    )


def new_optimizer(estimator: "MomentumRegressor", theta: np.ndarray) -> loop.Optimizer:
    """Return the rule that an estimator names, at rest at θ."""
    return loop.Optimizer(
        estimator.solver, theta, beta=estimator.beta_, beta_2=estimator.beta_2, epsilon=estimator.epsilon
    )


def mini_batch(
    estimator: "MomentumRegressor",
    objective: Objective,
    optimizer: loop.Optimizer,
    data: Rows,
    shuffle: np.random.Generator | None,
    masks: np.random.Generator,
) -> loop.MiniBatch:
    """Return the engine that visits the rows in an estimator's batches."""
    return loop.MiniBatch(
        objective,
        optimizer,
        *data,
        batch_size=estimator.batch_size or len(data[1]),
        alpha=estimator.alpha,
        dropout=estimator.dropout,
        shuffle=shuffle,
        masks=masks,
    )


def check_descended(
    estimator: "MomentumRegressor",
    history: loop.DescentHistory,
    objective: Objective,
    start: np.ndarray,
    theta: np.ndarray,
) -> None:
    """Raise DivergenceError unless the descent ended finite and no higher than it began.

    `study.descent.divergence` says what that means.
    """
    traits, loss, losses = SOLVERS[estimator.solver], objective.loss, history.loss_curve
    last = losses[-1]
    end = last if estimator.is_full_batch else divergence.least_recent(losses, estimator.n_iter_no_change)
    diverged = divergence.has_diverged(
        end + objective.penalty_value(theta),
        objective.value(start) if start.any() else loss.mean_square_target,
        loss.mean_square_target,
        dtype=loss.dtype,
        is_linear=traits.is_linear,
        is_full_batch=estimator.is_full_batch,
    )
    if not diverged and np.isfinite(last) and np.isfinite(theta).all():
        return
    limit = ""
    if traits.is_linear:
        L = spectrum_at(objective, start).L
        if 0 < L < np.inf:
            stable = theory.stability_limit(estimator.beta_, L, estimator.solver)
            limit = f"; with this beta it is stable on these data for eta < {stable:.4g}"
    raise DivergenceError(
        f"solver={estimator.solver!r} diverged with beta={estimator.beta_:g} and eta={estimator.eta_:.4g}{limit}. "
        f"The loss was {last:.4g} after {len(losses)} epochs. "
        "Lower eta, use eta='auto', or scale the features (StandardScaler).",
        losses,
        len(losses),
    )


def warn_not_converged(estimator: "MomentumRegressor", objective: Objective, start: np.ndarray) -> None:
    """Warn that `max_iter` came first, and name the condition number where that is the cause."""
    message = f"max_iter={estimator.max_iter} epochs were not enough to converge to tol={estimator.tol:g}."
    with np.errstate(all="ignore"):
        condition = spectrum_at(objective, start).condition
    if condition > ILL_CONDITIONED:
        message += f" The condition number is {condition:.2g}: scale the features (StandardScaler)."
    else:
        message += " Raise max_iter, or use eta='auto'."
    warnings.warn(message, ConvergenceWarning, stacklevel=4)
