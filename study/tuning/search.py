"""The search: trials are asked for, evaluated and told to Optuna, until the study has all of them."""

import contextlib
from collections.abc import Callable
from typing import Any, Protocol

import optuna
from optuna.trial import FrozenTrial, TrialState

from study.config import Config, Search
from study.interrupts import Interrupts
from study.trial import TrialOutcome, TrialRecord
from study.trial import TrialState as TrialEnd
from study.tuning.evaluation import evaluate
from study.tuning.pruners import make_pruner, pruning_callback, report_curve
from study.tuning.quiet import quiet_optuna
from study.tuning.resumable_sampler import ResumableSampler, make_sampler
from study.tuning.space import note_values, setting, suggest
from study.tuning.study_data import StudyData


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


def reserve_name(storage: optuna.storages.BaseStorage, name: str, run_id: str) -> str:
    """Create an empty study and return its name: the one that is wanted, or that with the run's id if it is taken.

    Parameters
    ----------
    storage : optuna.storages.BaseStorage
    name : str
        A study of the storage has it already where its MLflow run is in another store or was deleted.
    run_id : str
        Of the study's run in MLflow.
    """
    for candidate in (name, f"{name} {run_id}"):
        with quiet_optuna(), contextlib.suppress(optuna.exceptions.DuplicatedStudyError):
            optuna.create_study(study_name=candidate, storage=storage, direction="minimize")
            break
    return candidate


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
    return sum(outcome.state != "failed" for outcome in outcomes(study))


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
            log.fail(error)
            raise
        if data.config.search.pruner == "none":
            report_curve(trial, record)
        trial.set_user_attr("state", record.state)
        log.end(record)
        if record.objective is None:
            raise optuna.TrialPruned(record.error)
        return record.objective

    with quiet_optuna():
        _close_dead_trials(study, log)
        if not outcomes(study) and not study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
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
    """Return the trials that ended, by number. Those that were killed or interrupted did not: they were tried again.

    Every count of trials is one of these. A trial has ended when Optuna was told so; what the trial itself said
    before that is used only to tell the kinds of an end apart.
    """
    return [
        TrialOutcome(
            number=trial.number,
            state=state,
            params=setting(trial.params),
            objective=trial.value if state == "complete" else None,
        )
        for trial in study.get_trials(deepcopy=False)
        if (state := _end_of(trial)) is not None
    ]


def fail_running(storage: optuna.storages.BaseStorage, name: str) -> None:
    """End the trials that a study's killed process left running, if the storage holds a study of that name."""
    with quiet_optuna(), contextlib.suppress(KeyError):
        study = optuna.load_study(study_name=name, storage=storage)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)


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


def _end_of(trial: FrozenTrial) -> TrialEnd | None:
    """Return how a trial ended; None if it did not, or if it was killed or interrupted."""
    said = trial.user_attrs.get("state")
    if trial.state == TrialState.COMPLETE:
        return "complete"
    if trial.state == TrialState.PRUNED:
        return "diverged" if said == "diverged" else "pruned"
    return "failed" if trial.state == TrialState.FAIL and said == "failed" else None


def _close_dead_trials(study: optuna.Study, log: TrialLog) -> None:
    """End the trials that a killed process left running. They have no place, so each place is filled again."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        # Optuna is told last, because the trial would not be found here again if this process were killed.
        log.lost(trial.number)
        study.tell(trial.number, state=TrialState.FAIL)
