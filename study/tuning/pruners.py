"""When Optuna stops a trial before its last epoch."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
from optuna.trial import FrozenTrial

from study.config import Config
from study.provenance import derive_seed
from study.tuning.evaluation import PruningCallback, never_prune

N_REPORTS = 10
"""How many epochs of a trial report to the pruner. A report is a transaction of the storage and costs more
than an epoch of the fit."""


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
    last = config.model.max_iter
    reported = {math.ceil(epoch) for epoch in np.geomspace(1, last, N_REPORTS)} - {last}

    def should_stop(epoch: int, loss: float) -> bool:
        if epoch not in reported or not math.isfinite(loss):
            return False
        trial.report(loss, epoch)
        return trial.should_prune()

    return should_stop
