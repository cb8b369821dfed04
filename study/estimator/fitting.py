"""How a fit goes: from validated data and a start to weights, or to an error that says why not."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from study.descent import auto, curves, loop, quadratic, schedules, theory
from study.errors import DivergenceError
from study.estimator.monitor import Monitor

ROUNDING = 1e-9
"""Share of a loss that may be rounding."""

RUNAWAY = 1e3
"""How far one pass over a chunk may raise the loss, above its start and the mean of y², before it has diverged."""

NOISE = 2
"""How far the noise of mini-batches may lift the best of the last epochs without being called divergence."""

ILL_CONDITIONED = 1e4
"""Condition number from which it is named as the cause of slow convergence."""

SEEDS = np.iinfo(np.int32).max


def data_term(X, y, sample_weight, *, fit_intercept, max_iter):
    """Return the mean squared error on the rows, in the form that `max_iter` epochs make the cheaper."""
    with np.errstate(all="ignore"):
        loss = quadratic.mse(X, y, sample_weight, fit_intercept=fit_intercept, max_iter=max_iter)
    if not np.isfinite(loss.power):
        raise ValueError("y is too large: the mean of its squares overflows. Divide it by its scale.")
    return loss


def descend(estimator, loss, start, *, data=None, held_out=None, random_state=None):
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
        The rows, for mini-batches and for callbacks.
    held_out : GramLoss or ResidualLoss, optional
        The loss that early stopping watches.
    random_state : RandomState, optional

    Returns
    -------
    optimizer : Optimizer
    trace : Trace
    monitor : Monitor

    Raises
    ------
    DivergenceError
    """
    objective = quadratic.Objective(loss, estimator.alpha, start.dtype)
    with np.errstate(all="ignore"):  # what overflows is found in the loss, and raised
        settle_auto(estimator, objective, start, None if estimator.is_full_batch else data)
        optimizer = new_optimizer(estimator, start.copy())
        if estimator.is_full_batch:
            engine = loop.FullBatch(objective, optimizer)
        else:
            shuffle, masks = np.random.default_rng(random_state.randint(SEEDS)).spawn(2)
            engine = mini_batch(
                estimator, objective, optimizer, data, shuffle if estimator.shuffle else None, masks
            )
        window = loop.window_length(estimator.n_iter_no_change, estimator.beta_, engine.updates_per_epoch)
        monitor = Monitor(estimator, optimizer, held_out, data)
        trace = loop.descend(
            engine,
            estimator.eta_,
            factor(estimator),
            # Held-out losses may rise for good, which is what early stopping is there to see.
            loop.Plateau(
                estimator.tol,
                window,
                loss_floor(loss),
                noisy=not estimator.is_full_batch or held_out is not None,
            ),
            max_iter=estimator.max_iter,
            adaptive=estimator.schedule == "adaptive",
            on_epoch=monitor.on_epoch if monitor.is_needed else None,
        )
        check_descended(estimator, trace, objective, start, optimizer.theta)
    if held_out is not None:
        optimizer.theta = monitor.best_theta
    if estimator.tol is not None and len(trace.loss_curve) == estimator.max_iter and not trace.converged:
        warn_not_converged(estimator, objective, start)
    return optimizer, trace, monitor


def one_pass(estimator, loss, start, data):
    """Make one unshuffled pass over a chunk, from the state that an estimator is in.

    Returns
    -------
    optimizer : Optimizer
        Another one: the estimator's own is left as it was.
    loss, rate : float
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
            optimizer.beta = 0.0 if estimator.solver in auto.UNUSED_BETA else estimator.beta_
        else:
            settle_auto(estimator, objective, start, data)
            optimizer = new_optimizer(estimator, start)
        if not hasattr(estimator, "_masks"):
            seed = check_random_state(estimator.random_state).randint(SEEDS)
            estimator._masks = np.random.default_rng(seed)
        rate = estimator.eta_ * factor(estimator)(0)
        loss = float(mini_batch(estimator, objective, optimizer, data, None, estimator._masks).epoch(rate))
    known = max(start_loss, objective.loss.power)
    if not (loss <= RUNAWAY * known and np.isfinite(optimizer.theta).all()):
        raise DivergenceError(
            f"solver={estimator.solver!r} diverged with beta={estimator.beta_:g} and eta={estimator.eta_:.4g} "
            f"on chunk {estimator.n_iter_ + 1}. Lower eta, or scale the features (StandardScaler).",
            [*estimator.loss_curve_, loss],
            estimator.n_iter_ + 1,
        )
    return optimizer, loss, rate


def settle_auto(estimator, objective, start, data):
    """Set `eta_` and `beta_`, as given or searched; `data` is what mini-batches draw from, if any."""
    estimator.eta_, estimator.beta_ = auto.resolve(
        estimator.eta,
        estimator.beta,
        solver=estimator.solver,
        objective=objective,
        theta=start,
        max_iter=estimator.max_iter,
        rows=None if data is None else (data[0], data[2]),
        dropout=estimator.dropout,
    )


def factor(estimator):
    """Return an estimator's schedule: epoch → factor on η."""
    return schedules.make(
        estimator.schedule, power_t=estimator.power_t, gamma=estimator.gamma, max_iter=estimator.max_iter
    )


def new_optimizer(estimator, theta):
    """Return the rule that an estimator names, at rest at θ."""
    return loop.Optimizer(
        estimator.solver, theta, beta=estimator.beta_, beta_2=estimator.beta_2, epsilon=estimator.epsilon
    )


def mini_batch(estimator, objective, optimizer, data, shuffle, masks):
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


def loss_floor(loss):
    """Return the loss below which all losses count as zero: what rounding leaves of an exact fit."""
    return np.finfo(loss.dtype).eps ** 1.5 * loss.power


def check_descended(estimator, trace, objective, start, theta):
    """Raise DivergenceError unless the descent ended finite and no higher than it began."""
    last = trace.loss_curve[-1]
    end = last + objective.penalty_value(theta)
    ceiling = objective.value(start) if start.any() else objective.loss.power
    if not estimator.is_full_batch or estimator.solver not in auto.LINEAR:
        # A good start may be left for the noise floor, but not for worse than knowing nothing.
        ceiling = max(ceiling, objective.loss.power)
    if not estimator.is_full_batch:
        ceiling *= NOISE
        end += min(trace.loss_curve[-estimator.n_iter_no_change :]) - last
    rounding = max(ROUNDING, 1e3 * float(np.finfo(objective.loss.dtype).eps))
    ceiling += rounding * ceiling + loss_floor(objective.loss)
    if np.isfinite(last) and np.isfinite(theta).all() and end <= ceiling:
        return
    limit = ""
    if estimator.solver in auto.LINEAR:
        L = curves.spectrum_at(objective, start).L
        if 0 < L < np.inf:
            stable = theory.stability_limit(estimator.beta_, L, estimator.solver)
            limit = f"; with this beta it is stable on these data for eta < {stable:.4g}"
    raise DivergenceError(
        f"solver={estimator.solver!r} diverged with beta={estimator.beta_:g} and eta={estimator.eta_:.4g}{limit}. "
        f"The loss was {last:.4g} after {len(trace.loss_curve)} epochs. "
        "Lower eta, use eta='auto', or scale the features (StandardScaler).",
        trace.loss_curve,
        len(trace.loss_curve),
    )


def warn_not_converged(estimator, objective, start):
    """Warn that `max_iter` came first, and name the condition number where that is the cause."""
    message = f"max_iter={estimator.max_iter} epochs were not enough to converge to tol={estimator.tol:g}."
    with np.errstate(all="ignore"):
        condition = curves.spectrum_at(objective, start).condition
    if condition > ILL_CONDITIONED:
        message += f" The condition number is {condition:.2g}: scale the features (StandardScaler)."
    else:
        message += " Raise max_iter, or use eta='auto'."
    warnings.warn(message, ConvergenceWarning, stacklevel=4)
