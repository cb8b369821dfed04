"""One pass over a chunk of the data, from the state in which an estimator is: the work of `partial_fit`."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state

from study.descent import auto, divergence, loop, quadratic
from study.descent.quadratic import GramLoss, ResidualLoss
from study.descent.solvers import SOLVERS
from study.errors import DivergenceError
from study.estimator import fitting
from study.estimator.ending import raise_out_of_range
from study.estimator.inputs import Rows

if TYPE_CHECKING:
    from study.estimator.regressor import MomentumRegressor


def one_pass(
    estimator: "MomentumRegressor", loss: GramLoss | ResidualLoss, start: np.ndarray, data: Rows
) -> tuple[loop.Optimizer, float, float]:
    """Make one unshuffled pass over a chunk, from the state that an estimator is in.

    Where ``eta="auto"`` has been settled on chunks that allow a larger η than this one, the pass is made at a lower η,
    with a warning.

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
        If the descent has diverged at an η that was given.
    ValueError
        If the data are beyond the range of floating point.
    """
    number = estimator.n_iter_ + 1
    with np.errstate(all="ignore"):
        chunk = _Chunk(estimator, loss, start, data)
        if not np.isfinite(chunk.start_value):
            raise_out_of_range(chunk.objective, start, estimator.solver)
            raise ValueError(
                f"the loss on chunk {number} overflows before the first update on it: X is too large for the weights of "
                "the chunks before. Scale the features of all chunks alike (StandardScaler)."
            )
        rate = estimator.eta_ * fitting.factor(estimator)(0)
        optimizer = chunk.optimizer()
        end = chunk.descend(optimizer, rate)
        if end is None and estimator.eta == "auto":
            rate, optimizer, end = _at_a_lower_rate(chunk, rate)
            if end is not None:
                warnings.warn(
                    f"The rows of chunk {number} do not allow eta={estimator.eta_:.4g}, which eta='auto' settled on "
                    f"the first chunk. They were visited at eta={rate:.4g}, without momentum from the chunks before. "
                    "Scale the features of all chunks alike (StandardScaler).",
                    ConvergenceWarning,
                    stacklevel=4,
                )
    if end is None:
        raise_out_of_range(chunk.objective, start, estimator.solver)
        raise DivergenceError(
            f"solver={estimator.solver!r} diverged with beta={estimator.beta_:g} and eta={estimator.eta_:.4g} "
            f"on chunk {number}. Lower eta, or scale the features (StandardScaler).",
            [*estimator.loss_curve_, chunk.last_loss],
            number,
        )
    estimator._reference = chunk.reference
    return optimizer, end, rate


class _Chunk:
    """A chunk, and the state in which an estimator meets it.

    Parameters
    ----------
    estimator : MomentumRegressor
        `eta_` and `beta_` are set on it.
    loss : GramLoss or ResidualLoss
    start : ndarray of shape (p, k)
    data : tuple of (X, y, sample_weight)

    Attributes
    ----------
    start_value, reference : float
        What the objective after a pass is compared with (`study.descent.divergence.chunk_has_diverged`).
    last_loss : float
        The loss after the last pass, which may have diverged.
    """

    def __init__(
        self, estimator: "MomentumRegressor", loss: GramLoss | ResidualLoss, start: np.ndarray, data: Rows
    ) -> None:
        self._estimator, self._start, self._data = estimator, start, data
        self.objective = quadratic.Objective(loss, estimator.alpha, data[0].dtype)
        self.start_value = self.objective.value(start)
        self.reference = max(getattr(estimator, "_reference", 0.0), loss.mean_square_target)
        self.last_loss = self.start_value
        if not hasattr(estimator, "_optimizer"):
            fitting.settle_auto(estimator, self.objective, start, data, is_first_chunk=True)
        else:
            # "auto" stays what the first chunk made it; a number may be set anew between chunks.
            for name in ("eta", "beta"):
                if getattr(estimator, name) != "auto":
                    setattr(estimator, f"{name}_", float(getattr(estimator, name)))
        if not hasattr(estimator, "_masks"):
            seed = check_random_state(estimator.random_state).randint(fitting.SEEDS)
            estimator._masks = np.random.default_rng(seed)

    def optimizer(self) -> loop.Optimizer:
        """Return a copy of the optimiser as the chunk before has left it, at rest on the first chunk."""
        estimator, dtype = self._estimator, self._data[0].dtype
        if not hasattr(estimator, "_optimizer"):
            return self.optimizer_at_rest()
        optimizer = estimator._optimizer.copy(dtype)
        optimizer.beta = estimator.beta_ if SOLVERS[estimator.solver].uses_beta else 0.0
        return optimizer

    def optimizer_at_rest(self) -> loop.Optimizer:
        """Return an optimiser at rest at the start."""
        return fitting.new_optimizer(
            self._estimator, np.array(self._start, dtype=self._data[0].dtype, order="C")
        )

    def descend(self, optimizer: loop.Optimizer, rate: float) -> float | None:
        """Make the pass, and return the loss on the chunk afterwards; None if the descent has diverged."""
        estimator, objective = self._estimator, self.objective
        engine = fitting.mini_batch(estimator, objective, optimizer, self._data, None, estimator._masks)
        self.last_loss = float(engine.epoch(rate))
        value = self.last_loss + objective.penalty_value(optimizer.theta)
        diverged = divergence.chunk_has_diverged(
            value, self.start_value, self.reference, dtype=objective.loss.dtype
        )
        is_finite = np.isfinite(optimizer.theta).all() and np.isfinite(optimizer.square).all()
        return None if diverged or not is_finite else self.last_loss

    def safe_rate(self) -> float:
        """Return an η that the rows of this chunk allow, whatever the chunks before were."""
        estimator, (X, _, sample_weight) = self._estimator, self._data
        if not SOLVERS[estimator.solver].is_linear:
            return auto.rate_for_normalised_steps(self.objective)
        return auto.rate_for_one_row(
            self.objective, X, sample_weight, estimator.dropout, beta=estimator.beta_, solver=estimator.solver
        )


def _at_a_lower_rate(chunk: _Chunk, rate: float) -> tuple[float, loop.Optimizer, float | None]:
    """Make the pass at the largest η tried that does not diverge; return it, the optimiser and the loss.

    Of the optimiser, only the weights change: a velocity that was gathered at this η would be far too long at the η
    that the next chunk is visited at.
    """
    rate = min(rate, chunk.safe_rate())
    optimizer, end = chunk.optimizer(), None
    while end is None and rate > 0:
        at_rest = chunk.optimizer_at_rest()
        end = chunk.descend(at_rest, rate)
        if end is not None:
            optimizer.theta = at_rest.theta
            return rate, optimizer, end
        rate /= 5
    return rate, optimizer, end
