"""Trials that died take no place, so the trials after them are sampled as if they had not been."""

import optuna
import pytest

from study.tuning.resumable_sampler import ResumableSampler
from study.tuning.space import suggest
from tests.tuning.studies import load


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
@pytest.mark.parametrize("name", ["tpe", "random", "qmc", "grid", "cmaes"])
def test_a_trial_that_died_changes_no_later_trial(name):
    search = load(10, sampler=name).search

    def sample(dies_at):
        study = optuna.create_study(sampler=ResumableSampler(search, 0))
        for number in range(6):
            trial = study.ask()
            setting = suggest(trial, search)
            if number == dies_at:
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
            else:
                study.tell(trial, setting["eta"])
        return [t.params for t in study.trials if t.state.name == "COMPLETE"]

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        assert sample(dies_at=2) == sample(dies_at=None)[:5]
    finally:
        optuna.logging.set_verbosity(optuna.logging.INFO)
