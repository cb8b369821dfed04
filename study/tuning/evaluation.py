"""How a trial is evaluated: its setting is fitted on every fold, all folds at the same time."""

import copy
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.callback import CallbackContext
from sklearn.linear_model import LinearRegression
from sklearn.metrics import get_scorer

from study.config import Config
from study.descent.arrival import WITHIN, first_arrival
from study.errors import DivergenceError
from study.estimator.regressor import MomentumRegressor
from study.provenance import derive_seed
from study.trial import TrialRecord, TrialState
from study.tuning.study_data import FoldLosses, StudyData

MISS = 2
"""The objective "epochs" of a setting that never arrives within 1 % of least squares, in units of `max_iter`."""

PruningCallback = Callable[[int, float], bool]
"""(epoch from 1, mean validation loss over folds) → whether to stop the trial."""

Weights = tuple[np.ndarray, np.ndarray]
"""`coef` of shape (n_targets, n_features) and `intercept` of shape (n_targets,)."""


def never_prune(epoch: int, loss: float) -> bool:
    """The pruning callback that stops no trial."""
    return False


class EpochBarrier:
    """Has the folds of a trial wait for each other after every epoch, to compute their mean validation loss.

    Parameters
    ----------
    n_folds : int
    should_stop : callable
        (epoch from 1, mean validation loss) → whether to stop the trial. Called once an epoch.

    Attributes
    ----------
    epochs : int
        Epochs that all folds have made.
    """

    def __init__(self, n_folds: int, should_stop: PruningCallback) -> None:
        self._losses = np.full(n_folds, np.nan)
        self._should_stop = should_stop
        self.epochs = 0
        self._stop = False
        self._barrier = threading.Barrier(n_folds, action=self._end_epoch)

    def _end_epoch(self) -> None:
        self.epochs += 1
        self._stop = self._should_stop(self.epochs, float(np.mean(self._losses)))

    def wait(self, fold: int, loss: float) -> bool:
        """Wait until the other folds have made this epoch too, and return whether to stop.

        Parameters
        ----------
        fold : int
        loss : float
            Its validation loss after the epoch.
        """
        self._losses[fold] = loss
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            return True
        return self._stop

    def abort(self) -> None:
        """Stop the other folds where they are, because one has failed or the trial is interrupted."""
        self._barrier.abort()


class FoldCallback:
    """Records the validation loss and the weights of one fold after each epoch (a scikit-learn FitCallback).

    Parameters
    ----------
    index : int
        The fold's.
    fold : FoldLosses
    barrier : EpochBarrier

    Attributes
    ----------
    val_loss : list of float
        After each epoch.
    """

    def __init__(self, index: int, fold: FoldLosses, barrier: EpochBarrier) -> None:
        self._index, self._fold, self._barrier = index, fold, barrier
        self.val_loss: list[float] = []
        start = np.zeros((fold.train.n_targets, fold.train.n_features)), np.zeros(fold.train.n_targets)
        self._weights: deque[Weights] = deque([start], maxlen=2)

    def weights(self, epoch: int) -> Weights:
        """Return the weights after an epoch: the last one of this fold, or the one before it.

        Where another fold fails, it depends on the threads whether this one has made one epoch more.
        """
        return self._weights[epoch - len(self.val_loss) - 1]

    def setup(self, estimator: MomentumRegressor, context: CallbackContext) -> None:
        """Do nothing; part of the protocol."""

    def teardown(self, estimator: MomentumRegressor, context: CallbackContext) -> None:
        """Do nothing; part of the protocol."""

    def on_fit_task_begin(self, estimator: MomentumRegressor, context: CallbackContext) -> None:
        """Do nothing; part of the protocol."""

    def on_fit_task_end(
        self, estimator: MomentumRegressor, context: CallbackContext, *, fitted_estimator: Any = None
    ) -> bool:
        """Record an epoch, wait for the other folds, and return whether to stop the fit."""
        if context.task_name != "epoch":
            return False
        coef, intercept = np.atleast_2d(fitted_estimator.coef_), np.atleast_1d(fitted_estimator.intercept_)
        self._weights.append((coef, intercept))
        theta = np.vstack([coef.T, intercept]) if self._fold.held_out.fit_intercept else coef.T
        self.val_loss.append(self._fold.held_out.value(theta))
        return self._barrier.wait(self._index, self.val_loss[-1])


def fit_folds(
    folds: list[FoldLosses], model: MomentumRegressor, should_stop: PruningCallback
) -> tuple[np.ndarray, np.ndarray, list[Weights], DivergenceError | None]:
    """Fit a model on every fold, each in a thread of its own.

    Parameters
    ----------
    folds : list of FoldLosses
    model : MomentumRegressor
        Is copied for every fold.
    should_stop : callable
        (epoch from 1, mean validation loss) → whether to stop the trial.

    Returns
    -------
    train_loss, val_loss : ndarray of shape (n_epochs,)
        Means over folds.
    weights : list of tuple (coef, intercept)
        Of each fold, after the last epoch that all folds made.
    error : DivergenceError or None
        Of the first fold that diverged.
    """
    barrier = EpochBarrier(len(folds), should_stop)
    callbacks = [FoldCallback(i, fold, barrier) for i, fold in enumerate(folds)]
    curves: list[list[float]] = [[] for _ in folds]
    errors: list[BaseException | None] = [None] * len(folds)

    def fit(i: int) -> None:
        estimator = copy.deepcopy(model).set_callbacks(callbacks[i])
        try:
            if model.is_full_batch:
                estimator.fit_moments(folds[i].train)
            else:
                estimator.fit(folds[i].rows.X, folds[i].rows.y)
            curves[i] = estimator.loss_curve_
        except BaseException as error:
            errors[i] = error
            curves[i] = getattr(error, "loss_curve", [])
            barrier.abort()

    threads = [threading.Thread(target=fit, args=(i,)) for i in range(len(folds))]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        barrier.abort()
        raise
    divergences: list[DivergenceError | None] = []
    for error in errors:
        if error is not None and not isinstance(error, DivergenceError):
            raise error
        divergences.append(error)
    # A fold whose loss ceased to be finite has one epoch more in its curve than all folds made.
    n_epochs = max(map(len, curves))
    first = max(range(len(folds)), key=lambda i: (divergences[i] is not None, len(curves[i]), -i))
    weights = [callback.weights(barrier.epochs) for callback in callbacks]
    val_loss = _mean([callback.val_loss for callback in callbacks], n_epochs)
    return _mean(curves, n_epochs), val_loss, weights, divergences[first]


def _mean(curves: list[list[float]], n_epochs: int) -> np.ndarray:
    """Return the mean of curves. It is infinite from the epoch on at which one of them has ended or is NaN."""
    padded = np.full((len(curves), n_epochs), np.inf)
    for row, curve in zip(padded, curves, strict=True):
        row[: len(curve)] = np.nan_to_num(curve, nan=np.inf)
    with np.errstate(over="ignore"):
        return padded.mean(axis=0)


def epochs_to_target(train_loss: np.ndarray, floor: float) -> int | None:
    """Return the first epoch, from 1, from which the training loss stays within 1 % of least squares.

    Parameters
    ----------
    train_loss : ndarray of shape (n_epochs,)
    floor : float
        The least-squares loss.

    Returns
    -------
    int or None
        None if there is no such epoch (docs/theory.md, "Arrival").
    """
    first = int(first_arrival(train_loss, WITHIN * floor)) + 1
    return first if first <= len(train_loss) else None


def evaluate(
    data: StudyData, number: int, params: dict[str, Any], should_stop: PruningCallback = never_prune
) -> TrialRecord:
    """Fit one setting on every fold.

    Parameters
    ----------
    data : StudyData
    number : int
        The trial's, to be recorded.
    params : dict
        By MomentumRegressor's names.
    should_stop : callable
        (epoch from 1, mean validation loss) → whether to stop the trial.

    Returns
    -------
    TrialRecord
    """
    model = build_model(data.config, params)
    train_loss, val_loss, weights, error = fit_folds(data.folds, model, should_stop)
    state: TrialState = "complete"
    if error is not None:
        state = "diverged"
    elif len(train_loss) < model.max_iter:
        state = "pruned"
    arrival = epochs_to_target(train_loss, data.floor) if state == "complete" else None
    objective = None
    if state == "complete":
        objective = float(val_loss[-1])
        if data.config.search.objective == "epochs":
            objective = float(MISS * model.max_iter if arrival is None else arrival)
    return TrialRecord(
        number=number,
        state=state,
        params=params,
        objective=objective,
        train_loss=train_loss,
        val_loss=val_loss,
        floor=data.floor,
        epochs_to_target=arrival,
        feature_names=data.feature_names,
        target_names=list(data.problem.y.columns),
        coef=_by_feature(data, [coef for coef, _ in weights]),
        intercept=np.stack([intercept for _, intercept in weights]),
        metrics=_metrics(data, weights) if state == "complete" else {},
        error=None if error is None else str(error),
    )


def _by_feature(data: StudyData, coefs: list[np.ndarray]) -> np.ndarray:
    """Return the folds' weights in the order of `data.feature_names`, shape (n_folds, k, d).

    The weight of a feature that a fold does not have, such as a category that is rare in it, is 0.
    """
    place = {name: j for j, name in enumerate(data.feature_names)}
    stacked = np.zeros((len(coefs), coefs[0].shape[0], len(place)))
    for row, coef, fold in zip(stacked, coefs, data.folds, strict=True):
        row[:, [place[name] for name in fold.rows.feature_names]] = coef
    return stacked


def _metrics(data: StudyData, weights: list[Weights]) -> dict[str, float]:
    """Return the mean over folds of the study's metric, on the rows held out; nothing if it has none or it is undefined."""
    name = data.config.search.metric
    if name is None:
        return {}
    scores = [
        score(name, _linear(*of_fold), fold.rows.X_held, fold.rows.y_held)
        for of_fold, fold in zip(weights, data.folds, strict=True)
    ]
    mean = float(np.mean([np.nan if value is None else value for value in scores]))
    return {name: mean} if np.isfinite(mean) else {}


def _linear(coef: np.ndarray, intercept: np.ndarray) -> LinearRegression:
    """Return a linear model with these weights, for scikit-learn's scorers."""
    model = LinearRegression()
    model.coef_, model.intercept_ = coef, intercept
    return model


def score(metric: str, model: Any, X: Any, y: Any) -> float | None:
    """Return a score of scikit-learn; None where it is undefined, as a logarithm's of a negative prediction is."""
    try:
        return float(get_scorer(metric)(model, X, y))
    except ValueError:
        return None


def build_model(config: Config, params: dict[str, Any]) -> MomentumRegressor:
    """Return the model of a setting. It runs all `max_iter` epochs, so that settings can be compared."""
    seed = derive_seed(config.seed, "batches")
    return MomentumRegressor(tol=None, random_state=seed, **(config.model.model_dump() | params))
