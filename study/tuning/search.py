"""The search: trials are asked for, evaluated and told to Optuna, until the study has all of them."""

from collections.abc import Callable
from typing import Any, Protocol

import optuna
from optuna.trial import FrozenTrial, TrialState

from study.config import Config, Search
from study.interrupts import Interrupts
from study.trial import TrialOutcome, TrialRecord
from study.tuning.evaluation import evaluate
from study.tuning.pruners import make_pruner, pruning_callback
from study.tuning.quiet import quiet_optuna
from study.tuning.resumable_sampler import FINISHED, ResumableSampler, make_sampler
from study.tuning.samplers import SAMPLERS
from study.tuning.space import note_values, setting, suggest
from study.tuning.study_data import StudyData

INTERRUPTED = "interrupted"
"""State of a trial that Ctrl-C or SIGTERM ended: it is not counted, and is tried again."""


class TrialLog(Protocol):
    """What is told of each trial, before its work and after."""

    def start(self, number: int, params: dict[str, Any]) -> None:
        """A trial's setting is known, and its work begins."""

    def end(self, record: TrialRecord) -> None:
        """The trial has ended: complete, pruned or diverged."""

    def fail(self, error: BaseException) -> None:
        """The trial raised an error, or was interrupted."""

    def lost(self, number: int) -> None:
        """The process of an earlier trial was killed before the trial ended."""


class TrialFailed(Exception):
    """A trial raised an unexpected error; the study goes on."""


def open_study(config: Config, storage: optuna.storages.BaseStorage, name: str) -> optuna.Study:
    """Open the study of a name, and create it if the storage does not hold it.

    Parameters
    ----------
    config : Config
        Its sampler and pruner are used.
    storage : optuna.storages.BaseStorage
    name : str
    """
    with quiet_optuna():
        return optuna.create_study(
            study_name=name,
            storage=storage,
            sampler=ResumableSampler(config.search, config.seed),
            pruner=make_pruner(config),
            direction="minimize",
            load_if_exists=True,
        )


def count_finished(study: optuna.Study) -> int:
    """Return how many trials count towards the study's total: complete, pruned or diverged."""
    return len(study.get_trials(deepcopy=False, states=FINISHED))


def run_trials(data: StudyData, study: optuna.Study, log: TrialLog, interrupts: Interrupts) -> None:
    """Run trials until the study has as many as the config asks for.

    Parameters
    ----------
    data : StudyData
    study : optuna.Study
        From `open_study`. The trials that it has are kept.
    log : TrialLog
    interrupts : Interrupts
        A fit can be interrupted at once; what is recorded about a trial cannot.
    """
    search = data.config.search

    def objective(trial: optuna.Trial) -> float:
        params = suggest(trial, search)
        log.start(trial.number, params)
        try:
            with interrupts.allowed():
                record = evaluate(data, trial.number, params, pruning_callback(trial, data.config))
        except Exception as error:
            trial.set_user_attr("state", "failed")
            log.fail(error)
            raise TrialFailed from error
        except BaseException as error:
            trial.set_user_attr("state", INTERRUPTED)
            log.fail(error)
            raise
        trial.set_user_attr("state", record.state)
        log.end(record)
        if record.objective is None:
            raise optuna.TrialPruned(record.error)
        return record.objective

    with quiet_optuna():
        _retry_dead_trials(study, search, log)
        if not study.get_trials(deepcopy=False):
            study.enqueue_trial(note_values(search))
        remaining = search.n_trials - count_finished(study)
        if remaining > 0:
            study.optimize(
                objective,
                n_trials=remaining,
                catch=(TrialFailed,),
                callbacks=[lambda study, trial: interrupts.check()],
            )


def outcomes(study: optuna.Study) -> list[TrialOutcome]:
    """Return the trials that ended, by number. Those that were killed or interrupted did not: they were tried again."""
    ended = study.get_trials(deepcopy=False, states=(*FINISHED, TrialState.FAIL))
    return [
        TrialOutcome(
            number=trial.number,
            state=trial.user_attrs["state"],
            params=setting(trial.params),
            objective=trial.value if trial.state == TrialState.COMPLETE else None,
        )
        for trial in ended
        if trial.user_attrs.get("state", INTERRUPTED) != INTERRUPTED
    ]


def minimise(
    objective: Callable[[dict[str, Any]], float], search: Search, seed: int, n_trials: int, target: float
) -> list[float]:
    """Search without a storage until a value arrives at a target, and return the trials' values.

    Parameters
    ----------
    objective : callable
        A setting by MomentumRegressor's names → the value to minimise.
    search : Search
        Space and sampler.
    seed : int
    n_trials : int
        At most.
    target : float
        The search ends with the first value that is not above it.
    """

    def stop_at_target(study: optuna.Study, trial: FrozenTrial) -> None:
        if trial.value is not None and trial.value <= target:
            study.stop()

    with quiet_optuna():
        study = optuna.create_study(sampler=make_sampler(search, seed, 0))
        study.optimize(
            lambda trial: objective(suggest(trial, search)), n_trials=n_trials, callbacks=[stop_at_target]
        )
        return [trial.value for trial in study.get_trials(deepcopy=False) if trial.value is not None]


def _retry_dead_trials(study: optuna.Study, search: Search, log: TrialLog) -> None:
    """Close the trials that a killed process left running, and have the settings of dead trials tried again.

    Most samplers come to the same setting by themselves. One that walks a sequence would go on to its next
    point, so it is given the setting.
    """
    trials = study.get_trials(deepcopy=False)
    dead = [t for t in trials if t.state == TrialState.RUNNING or t.user_attrs.get("state") == INTERRUPTED]
    for trial in dead:
        given = trial.system_attrs.get("fixed_params")
        again = trial.params if SAMPLERS[search.sampler].walks_a_sequence and trial.params else given
        # A dead trial that is followed by a finished one was tried again then.
        is_open = not any(t.number > trial.number and t.state in FINISHED for t in trials)
        waiting = [t.system_attrs.get("fixed_params") for t in trials if t.state == TrialState.WAITING]
        if again and is_open and again not in waiting:
            study.enqueue_trial(again)
        if trial.state == TrialState.RUNNING:
            study.tell(trial.number, state=TrialState.FAIL)
            log.lost(trial.number)
