"""What a trial measures: one setting fitted on every fold, side by side."""

import copy
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.config import Config
from study.descent.quadratic import GramLoss
from study.errors import DivergenceError
from study.estimator.regressor import MomentumRegressor
from study.problems.catalogue import Fold
from study.provenance import derive_seed
from study.trial import TrialRecord, TrialState

WITHIN = 1.01
"""A training loss of at most this many times least squares is within 1 % of it."""

MISS = 2
"""What a setting that never gets within 1 % of least squares costs, in budgets of epochs."""

Judge = Callable[[int, float], bool]
"""(epoch from 1, mean validation loss) → whether to stop the trial."""


def never(epoch: int, loss: float) -> bool:
    """The judge that stops no trial."""
    return False


@dataclass(frozen=True)
class Split:
    """A fold as the trials use it: its rows, and both parts' mean squared error, computed once."""

    fold: Fold
    train: GramLoss
    held_out: GramLoss


def prepare(folds: list[Fold], fit_intercept: bool) -> list[Split]:
    """Compute what all trials share."""
    return [
        Split(
            fold,
            GramLoss(fold.X, fold.y, fit_intercept=fit_intercept),
            GramLoss(fold.X_held, fold.y_held, fit_intercept=fit_intercept),
        )
        for fold in folds
    ]


class Lockstep:
    """Lets the folds of a trial meet after every epoch, so that their mean can be judged while they run.

    Parameters
    ----------
    n_folds : int
    judge : callable
        (epoch from 1, mean validation loss) → whether to stop the trial.
    """

    def __init__(self, n_folds: int, judge: Judge):
        self._losses = np.full(n_folds, np.nan)
        self._judge = judge
        self.epochs = 0
        self._stop = False
        self._barrier = threading.Barrier(n_folds, action=self._meet)

    def _meet(self):
        self.epochs += 1
        self._stop = self._judge(self.epochs, float(np.mean(self._losses)))

    def arrive(self, fold: int, loss: float) -> bool:
        """Wait for the other folds, and return whether to stop."""
        self._losses[fold] = loss
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            return True
        return self._stop

    def leave(self):
        """Have the others stop where they are: a fold has failed, or the trial is interrupted."""
        self._barrier.abort()


class Watch:
    """Follows one fold's fit: validation loss and weights after each epoch (a scikit-learn FitCallback)."""

    def __init__(self, index: int, split: Split, lockstep: Lockstep):
        self._index, self._split, self._lockstep = index, split, lockstep
        self.val_loss: list[float] = []
        start = np.zeros((split.train.n_targets, split.train.n_features)), np.zeros(split.train.n_targets)
        self._weights = deque([start], maxlen=2)

    def weights(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """`coef_` and `intercept_` after the epoch at which all folds last met.

        When a fold fails, whether another has made one epoch more is a race.
        """
        return self._weights[epoch - len(self.val_loss) - 1]

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name != "epoch":
            return False
        coef, intercept = np.atleast_2d(fitted_estimator.coef_), np.atleast_1d(fitted_estimator.intercept_)
        self._weights.append((coef, intercept))
        theta = np.vstack([coef.T, intercept]) if self._split.held_out.fit_intercept else coef.T
        self.val_loss.append(self._split.held_out.value(theta))
        return self._lockstep.arrive(self._index, self.val_loss[-1])


def fit_folds(splits: list[Split], model: MomentumRegressor, judge: Judge):
    """Fit a model on every fold, side by side.

    Returns
    -------
    train_loss, val_loss : ndarray of shape (n_epochs,)
        Means over folds.
    weights : list of tuple (coef, intercept)
        Of each fold, after the last epoch that all folds made.
    error : DivergenceError or None
        Of the first fold that diverged.
    """
    lockstep = Lockstep(len(splits), judge)
    watches = [Watch(i, split, lockstep) for i, split in enumerate(splits)]
    curves: list[list[float]] = [[] for _ in splits]
    errors: list[BaseException | None] = [None] * len(splits)

    def fit(i: int):
        estimator = copy.deepcopy(model).set_callbacks(watches[i])
        try:
            if model.is_full_batch:
                estimator.fit_moments(splits[i].train)
            else:
                estimator.fit(splits[i].fold.X, splits[i].fold.y)
            curves[i] = estimator.loss_curve_
        except BaseException as error:
            errors[i] = error
            curves[i] = getattr(error, "loss_curve", [])
            lockstep.leave()

    threads = [threading.Thread(target=fit, args=(i,)) for i in range(len(splits))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        lockstep.leave()
        raise
    for error in errors:
        if error is not None and not isinstance(error, DivergenceError):
            raise error
    # One epoch more than all folds made, if there is one, is where the first of them left the numbers.
    n_epochs = max(map(len, curves))
    first = max(range(len(splits)), key=lambda i: (errors[i] is not None, len(curves[i]), -i))
    weights = [watch.weights(lockstep.epochs) for watch in watches]
    return _mean(curves, n_epochs), _mean([w.val_loss for w in watches], n_epochs), weights, errors[first]


def _mean(curves: list[list[float]], n_epochs: int) -> np.ndarray:
    """Mean of curves, infinite from where one was not computed any more."""
    padded = np.full((len(curves), n_epochs), np.inf)
    for row, curve in zip(padded, curves, strict=True):
        row[: len(curve)] = np.nan_to_num(curve, nan=np.inf)
    with np.errstate(over="ignore"):
        return padded.mean(axis=0)


def mean_floor(splits: list[Split]) -> float:
    """The folds' mean least-squares training loss: no setting can go below it."""
    return float(np.mean([split.train.least_squares for split in splits]))


def epochs_to_target(train_loss: np.ndarray, floor: float) -> int | None:
    """First epoch (from 1) from which the training loss stays within 1 % of least squares, if any."""
    above = np.flatnonzero(~(train_loss <= WITHIN * floor))
    first = above[-1] + 2 if len(above) else 1
    return int(first) if first <= len(train_loss) else None


def evaluate(
    config: Config, splits: list[Split], number: int, params: dict[str, Any], judge: Judge = never
) -> TrialRecord:
    """Fit one setting on every fold.

    Parameters
    ----------
    config : Config
    splits : list of Split
    number : int
        The trial's, to be recorded.
    params : dict
        By MomentumRegressor's names.
    judge : callable
        (epoch from 1, mean validation loss) → whether to stop the trial.

    Returns
    -------
    TrialRecord
        Without the columns' names.
    """
    model = estimator(config, params)
    floor = mean_floor(splits)
    train_loss, val_loss, weights, error = fit_folds(splits, model, judge)
    state: TrialState = "complete"
    if error is not None:
        state = "diverged"
    elif len(train_loss) < model.max_iter:
        state = "pruned"
    arrival = epochs_to_target(train_loss, floor) if state == "complete" else None
    objective = None
    if state == "complete":
        objective = float(val_loss[-1])
        if config.search.objective == "epochs":
            objective = float(MISS * model.max_iter if arrival is None else arrival)
    return TrialRecord(
        number=number,
        state=state,
        params=params,
        train_loss=train_loss,
        val_loss=val_loss,
        floor=floor,
        objective=objective,
        epochs_to_target=arrival,
        coef=np.stack([coef for coef, _ in weights]),
        intercept=np.stack([intercept for _, intercept in weights]),
        error=None if error is None else str(error),
    )


def estimator(config: Config, params: dict[str, Any]) -> MomentumRegressor:
    """Return the model of a setting: all of `max_iter` epochs, so that settings can be compared."""
    seed = derive_seed(config.seed, "batches")
    return MomentumRegressor(tol=None, random_state=seed, **(config.model.model_dump() | params))
