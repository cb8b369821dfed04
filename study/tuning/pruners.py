"""When Optuna stops a trial before its last epoch."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial

from study.config import Config
from study.provenance import derive_seed
from study.trial import TrialRecord
from study.tuning.evaluation import PruningCallback, never_prune

N_REPORTS = 10
"""At how many epochs of a trial its loss is reported to Optuna. A report is a transaction of the storage and costs more
than an epoch of the fit."""

N_SHOWN = 5
"""At how many epochs the loss is reported where no pruner reads it: ten cost 16 ms a trial, five cost 8."""


class SeededHyperband(optuna.pruners.HyperbandPruner):
    """Optuna's Hyperband, with the brackets drawn from the study's seed.

    Optuna draws a trial's bracket from the study's name, which differs between two studies of the same config.
    It offers no public way to change that.
    """

    def __init__(self, seed: int, **settings: int) -> None:
        super().__init__(**settings)
        self._name = SimpleNamespace(study_name=str(derive_seed(seed, "brackets")))

    def _get_bracket_id(self, study: Any, trial: FrozenTrial) -> int:
        return super()._get_bracket_id(self._name, trial)  # type: ignore[arg-type]


def make_pruner(config: Config) -> optuna.pruners.BasePruner:
    """Return the pruner that a config names."""
    match config.search.pruner:
        case "median":
            return optuna.pruners.MedianPruner()
        case "hyperband":
            return SeededHyperband(config.seed, min_resource=1, max_resource=config.model.max_iter)
    return optuna.pruners.NopPruner()


def pruning_callback(trial: optuna.Trial, config: Config) -> PruningCallback:
    """Return what reports a trial's validation loss at log-spaced epochs, and says whether to stop there."""
    if config.search.pruner == "none":
        return never_prune
    reported = set(_log_spaced(config.model.max_iter, N_REPORTS)[:-1])

    def should_stop(epoch: int, loss: float) -> bool:
        if epoch not in reported or not math.isfinite(loss):
            return False
        trial.report(loss, epoch)
        return trial.should_prune()

    return should_stop


def report_curve(trial: optuna.Trial, record: TrialRecord) -> None:
    """Report the validation loss of a trial that no pruner watched, at log-spaced epochs, for people who look at it.

    Only where the trial is complete: samplers rank the others by what they reported.
    """
    if record.state == "complete":
        for epoch in _log_spaced(len(record.val_loss), N_SHOWN):
            trial.report(float(record.val_loss[epoch - 1]), epoch)


def _log_spaced(last: int, n: int) -> list[int]:
    """Return at most n epochs from the first to the last, both included."""
    return sorted({math.ceil(epoch) for epoch in np.geomspace(1, last, n)})
