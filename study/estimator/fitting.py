"""How a fit goes: from validated data and a start to weights, or to an error that says why there are none."""

from typing import TYPE_CHECKING

import numpy as np

from study.descent import auto, divergence, known_path, loop, quadratic, schedules
from study.descent.auto_batches import HORIZON
from study.descent.quadratic import GramLoss, Objective, ResidualLoss
from study.estimator.ending import Ending, raise_out_of_range, settle_range
from study.estimator.inputs import Rows
from study.estimator.monitor import FitMonitor

if TYPE_CHECKING:
    from study.estimator.regressor import MomentumRegressor

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
        start_value = objective.value(start) if start.any() else loss.mean_square_target
        if not np.isfinite(start_value):
            raise ValueError(
                "the loss at the start overflows: coef_init, or with warm_start the weights of the last fit, are "
                "too large for these data."
            )
        settle_auto(estimator, objective, start, None if estimator.is_full_batch else data)
        optimizer = new_optimizer(estimator, start.copy())
        engine = new_engine(estimator, objective, optimizer, data, random_state)
        window = loop.window_length(estimator.n_iter_no_change, estimator.beta_, engine.updates_per_epoch)
        ending = Ending(estimator, objective, start, start_value, engine.updates_per_epoch)
        monitor = FitMonitor(
            estimator,
            optimizer,
            held_out,
            data,
            start_value,
            # Noise may lift the last loss whatever the rate; a rate of ours must not raise for it.
            keeps_best=estimator.eta == "auto" and not ending.is_exact,
            has_diverged=ending.has_diverged,
        )
        stopping_rule = loop.StoppingRule(
            estimator.tol,
            window,
            divergence.loss_floor(loss.mean_square_target, loss.dtype),
            # Held-out losses may rise for good, which is what early stopping is there to see.
            noisy=engine.is_noisy or held_out is not None,
        )
        is_plain = estimator.is_full_batch and estimator.schedule == "constant" and not monitor.is_needed
        if is_plain and known_path.is_known(objective, estimator.solver, estimator.max_iter):
            history = known_path.descend(
                objective,
                optimizer,
                estimator.eta_,
                stopping_rule,
                max_iter=estimator.max_iter,
                are_too_early=ending.remaining.are_large,
            )
        else:
            history = loop.descend(
                engine,
                estimator.eta_,
                factor(estimator),
                stopping_rule,
                max_iter=estimator.max_iter,
                adaptive=estimator.schedule == "adaptive",
                on_epoch=monitor.on_epoch if monitor.is_needed else None,
                is_too_early=lambda history: ending.is_too_early(optimizer.theta, history, monitor),
            )
        end_well(estimator, ending, history, optimizer, monitor)
    # What a chunk is compared with, should `partial_fit` go on from here.
    estimator._reference = max(start_value, loss.mean_square_target)
    return optimizer, history, monitor


def end_well(
    estimator: "MomentumRegressor",
    ending: Ending,
    history: loop.DescentHistory,
    optimizer: loop.Optimizer,
    monitor: FitMonitor,
) -> None:
    """Leave in the optimizer the weights that a fit returns, warn where they are not the minimum, or raise.

    Raises
    ------
    DivergenceError
        If the descent has diverged, and neither early stopping nor ``eta="auto"`` has kept its best weights.
    ValueError
        If the data are beyond the range of floating point.
    """
    # A mean of squared gradients that is infinite lets nothing move any more.
    is_finite = bool(np.isfinite(optimizer.square).all())
    diverged = not is_finite or ending.has_diverged(optimizer.theta, history.loss_curve[-1])
    at_end = len(history.loss_curve) == estimator.max_iter and not history.converged
    is_short = estimator.tol is not None and (history.has_stalled or at_end)
    if diverged or (is_short and ending.remaining.is_large(optimizer.theta)):
        ending.raise_out_of_range()
    if diverged and not monitor.keeps_best:
        raise ending.divergence_error(history)
    if diverged or monitor.has_held_out:
        optimizer.theta = monitor.best_theta
    if diverged:
        optimizer.velocity[:] = optimizer.square[:] = 0
        ending.warn_diverged(history, monitor)
    elif is_short:
        ending.warn_not_converged(history, optimizer.theta)
    elif monitor.has_held_out and history.converged:
        ending.warn_ill_conditioned(history, optimizer.theta)


def settle_auto(
    estimator: "MomentumRegressor",
    objective: Objective,
    start: np.ndarray,
    data: Rows | None,
    *,
    is_first_chunk: bool = False,
) -> None:
    """Set `eta_` and `beta_`, as given or searched; `data` is what mini-batches draw from, None for a full batch.

    Raises
    ------
    ValueError
        If η is beyond the range of floating point.
    """
    try:
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
            mean_factor=1.0 if data is None or is_first_chunk else mean_factor(estimator),
            beta_2=estimator.beta_2,
            epsilon=estimator.epsilon,
        )
    except (ValueError, np.linalg.LinAlgError):
        raise_out_of_range(objective, start, estimator.solver)
        raise
    settle_range(estimator, objective, start)


def factor(estimator: "MomentumRegressor") -> schedules.Schedule:
    """Return an estimator's schedule: epoch → factor on η."""
    return schedules.make(
        estimator.schedule, power_t=estimator.power_t, gamma=estimator.gamma, max_iter=estimator.max_iter
    )


def mean_factor(estimator: "MomentumRegressor") -> float:
    """Return the mean of the schedule's factors over the epochs that a search of η looks ahead; 1 if it is not above 0."""
    if estimator.schedule in ("constant", "adaptive") or "auto" not in (estimator.eta, estimator.beta):
        return 1.0
    schedule = factor(estimator)
    mean = float(np.mean([schedule(epoch) for epoch in range(min(estimator.max_iter, HORIZON))]))
    return mean if 0 < mean < np.inf else 1.0


def new_optimizer(estimator: "MomentumRegressor", theta: np.ndarray) -> loop.Optimizer:
    """Return the rule that an estimator names, at rest at θ."""
    return loop.Optimizer(
        estimator.solver, theta, beta=estimator.beta_, beta_2=estimator.beta_2, epsilon=estimator.epsilon
    )


def new_engine(
    estimator: "MomentumRegressor",
    objective: Objective,
    optimizer: loop.Optimizer,
    data: Rows | None,
    random_state: np.random.RandomState | None,
) -> loop.FullBatch | loop.MiniBatch:
    """Return what makes the epochs of a fit."""
    if estimator.is_full_batch:
        return loop.FullBatch(objective, optimizer)
    assert data is not None
    assert random_state is not None
    shuffle, masks = np.random.default_rng(random_state.randint(SEEDS)).spawn(2)
    return mini_batch(estimator, objective, optimizer, data, shuffle if estimator.shuffle else None, masks)


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
