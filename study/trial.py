"""What a trial leaves behind: the one shape in which results pass from the tuner to those who show them."""

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

NOTE = {"beta": 0.9, "eta": 0.1}
"""The note's advice: what every study tries first."""

TrialState = Literal["complete", "pruned", "diverged", "failed"]


@dataclass(frozen=True)
class TrialRecord:
    """One setting of the hyper-parameters, fitted on every fold.

    Attributes
    ----------
    number : int
        Optuna's number of the trial; 0 is the note's advice.
    state : {"complete", "pruned", "diverged", "failed"}
        How it ended.
    params : dict of str to float, int or str
        The searched hyper-parameters, by `MomentumRegressor`'s names.
    train_loss, val_loss : ndarray of shape (n_epochs,)
        Mean over folds of the MSE after each epoch, in squared units of the target. A pruned or
        diverged trial's end at its last epoch, and a diverged one's may end in a value that is
        not finite.
    floor : float
        Mean over folds of the least-squares training loss: no setting can go below it.
    objective : float or None
        What the study minimises; None unless the trial is complete.
    epochs_to_target : int or None
        First epoch from which `train_loss` stays within 1 % of `floor`; None if it never does.
    feature_names, target_names : list of str
        Columns that the weights belong to.
    coef : ndarray of shape (n_folds, n_targets, n_features)
        Weights at the last epoch, fold by fold, per standard deviation where the study scales.
    intercept : ndarray of shape (n_folds, n_targets)
        Intercepts at the last epoch.
    error : str or None
        Why it failed or diverged, in a line.
    """

    number: int
    state: TrialState
    params: dict[str, Any]
    train_loss: np.ndarray
    val_loss: np.ndarray
    floor: float
    objective: float | None = None
    epochs_to_target: int | None = None
    feature_names: list[str] = field(default_factory=list)
    target_names: list[str] = field(default_factory=list)
    coef: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0)))
    intercept: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    error: str | None = None
