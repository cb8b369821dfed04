"""A sampler with which a study that was interrupted goes on exactly as one that was not."""

import copy
import threading
from typing import Any

import optuna
from optuna.distributions import BaseDistribution
from optuna.trial import FrozenTrial, TrialState

from study.config import Search
from study.provenance import derive_seed
from study.tuning.quiet import quiet_optuna
from study.tuning.samplers import SAMPLERS

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
"""Optuna's states of the trials that count towards a study's total. A diverged trial is PRUNED."""


def make_sampler(search: Search, seed: int, place: int) -> optuna.samplers.BaseSampler:
    """Return the sampler of one trial: the config's, seeded by the study's seed and the trial's place."""
    with quiet_optuna():
        make = SAMPLERS[search.sampler].make
        return make(search, derive_seed(seed, "sampler"), derive_seed(seed, "sampler", place), place)


class ResumableSampler(optuna.samplers.BaseSampler):
    """Makes the config's sampler anew for every trial, seeded by the trial's place.

    A trial's place is the number of trials before it that are finished or running. Trials that died have no
    place. So it is the same whether the study was interrupted or not.

    Parameters
    ----------
    search : Search
    seed : int
        The study's.
    """

    def __init__(self, search: Search, seed: int) -> None:
        self._search, self._seed = search, seed
        self._of_this_thread = threading.local()

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        earlier = study.get_trials(deepcopy=False, states=(*FINISHED, TrialState.RUNNING))
        place = sum(other.number < trial.number for other in earlier)
        self._of_this_thread.place = place
        self._of_this_thread.sampler = make_sampler(self._search, self._seed, place)
        self._of_this_thread.sampler.before_trial(study, self._renumbered(trial))

    def infer_relative_search_space(
        self, study: optuna.Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        if "fixed_params" in trial.system_attrs:
            return {}  # a setting that is given must not use up a point of a sequence
        sampler = self._of_this_thread.sampler
        return sampler.infer_relative_search_space(study, self._renumbered(trial))

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._of_this_thread.sampler.sample_relative(study, self._renumbered(trial), search_space)

    def sample_independent(
        self,
        study: optuna.Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        sampler = self._of_this_thread.sampler
        return sampler.sample_independent(study, self._renumbered(trial), param_name, param_distribution)

    def after_trial(self, study: optuna.Study, trial: FrozenTrial, state: Any, values: Any) -> None:
        if hasattr(self._of_this_thread, "sampler"):  # a trial that died with another process has none here
            self._of_this_thread.sampler.after_trial(study, trial, state, values)

    def _renumbered(self, trial: FrozenTrial) -> FrozenTrial:
        """Return the trial with its place as its number, if the sampler uses the number."""
        place = self._of_this_thread.place
        if place == trial.number or not SAMPLERS[self._search.sampler].uses_the_number:
            return trial
        trial = copy.copy(trial)
        trial.number = place
        return trial
