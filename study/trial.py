"""A trial and its result: the types in which the tuner hands trials to figures, tracking and reports."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

NOTE = {"beta": 0.9, "eta": 0.1}
"""The note's advice, the first trial of every study."""

TrialState = Literal["complete", "pruned", "diverged", "failed"]


@dataclass(frozen=True)
class Setting:
    """A setting of the hyper-parameters and the value of the study's objective there.

    Attributes
    ----------
    params : dict of str to float
        By MomentumRegressor's names.
    objective : float or None
        None if there is none, as for a setting that diverges.
    """

    params: dict[str, Any]
    objective: float | None


@dataclass(frozen=True, kw_only=True)
class TrialOutcome:
    """What Optuna's storage holds of a trial that has ended.

    Attributes
    ----------
    number : int
        Optuna's number of the trial.
    state : {"complete", "pruned", "diverged", "failed"}
        How it ended.
    params : dict of str to float, int or str
        The searched hyper-parameters, by MomentumRegressor's names.
    objective : float or None
        What the study minimises; None unless the trial is complete.
    """

    number: int
    state: TrialState
    params: dict[str, Any]
    objective: float | None = None

    @property
    def is_note(self) -> bool:
        """Whether the trial has the note's β and η. The note has no penalty, so others may differ."""
        return all(self.params.get(name) == value for name, value in NOTE.items())


@dataclass(frozen=True, kw_only=True)
class TrialRecord(TrialOutcome):
    """All that is known of a trial whose setting was fitted on every fold.

    Attributes
    ----------
    train_loss, val_loss : ndarray of shape (n_epochs,)
        Mean over folds of the MSE after each epoch, in squared units of the target. The curves of a pruned
        or diverged trial end at its last epoch. A diverged trial's may end in a value that is not finite.
    floor : float
        Mean over folds of the least-squares training loss, below which no setting can go.
    epochs_to_target : int or None
        First epoch from which `train_loss` stays within 1 % of `floor`; None if there is none.
    feature_names, target_names : list of str
        Columns that the weights belong to.
    coef : ndarray of shape (n_folds, n_targets, n_features)
        Weights at the last epoch, fold by fold, per standard deviation where the study scales.
    intercept : ndarray of shape (n_folds, n_targets)
        Intercepts at the last epoch.
    metrics : dict of str to float
        The score that the study records beside the loss, by its name: mean over folds, on the rows held out. Empty
        unless the trial is complete.
    error : str or None
        Why it failed or diverged, in one line.
    """

    train_loss: np.ndarray
    val_loss: np.ndarray
    floor: float
    epochs_to_target: int | None = None
    feature_names: list[str]
    target_names: list[str]
    coef: np.ndarray
    intercept: np.ndarray
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None

    @property
    def diverged_epoch(self) -> int:
        """First epoch, from 1, whose training loss is not finite; the last epoch if all are finite."""
        not_finite = np.flatnonzero(~np.isfinite(self.train_loss))
        return int(not_finite[0]) + 1 if not_finite.size else len(self.train_loss)

    def weights(self) -> dict[str, Any]:
        """Return the content of `weights.json`.

        Returns
        -------
        dict
            `feature_names`, `target_names`, `coef` and `intercept` (means over folds) and `folds`, a list of
            each fold's `coef` and `intercept`. As in scikit-learn, one target gives a list of weights and a
            number; several targets give a list of lists and a list.
        """
        coef, intercept = np.asarray(self.coef, float), np.asarray(self.intercept, float)
        if coef.ndim == 3 and coef.shape[1] == 1:
            coef, intercept = coef[:, 0], intercept[:, 0]
        folds = [{"coef": c.tolist(), "intercept": b.tolist()} for c, b in zip(coef, intercept, strict=True)]
        return {
            "feature_names": list(self.feature_names),
            "target_names": list(self.target_names),
            "coef": coef.mean(axis=0).tolist() if folds else [],
            "intercept": intercept.mean(axis=0).tolist() if folds else [],
            "folds": folds,
        }
