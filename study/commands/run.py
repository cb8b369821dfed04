"""`study run`: tune one study, from its config to its record."""

import contextlib
from typing import Any

from study import provenance
from study.commands.checks import check_run
from study.commands.conclusion import conclude
from study.commands.progress import Progress
from study.config import Config
from study.errors import ConfigError, StudyError, UserError
from study.figures.trial_plots import trial_pngs
from study.interrupts import Interrupts
from study.reports import study_report
from study.storage import REPORTS, artifact_root, hide_credentials, whole_or_not_at_all
from study.summary import StudySummary
from study.tracking import Store
from study.tracking.values import flatten, texts
from study.trial import TrialRecord
from study.tuning.importance import importance
from study.tuning.search import count_finished, open_study, outcomes, run_trials
from study.tuning.storage import open_storage
from study.tuning.study_data import StudyData, load_study_data


def run(config: Config, *, resume: bool = False, quiet: bool = False) -> StudySummary:
    """Tune one study, record it, and return its summary.

    Parameters
    ----------
    config : Config
    resume : bool
        Go on with the newest study of this name instead of beginning another.
    quiet : bool
        Show no progress.

    Returns
    -------
    StudySummary

    Raises
    ------
    ConfigError
        If there is no study to resume, or if it began with another config.
    StoreError
        If a store cannot be opened.
    StudyError
        If every setting that was searched diverged.
    """
    check_run(config, resume=resume)
    data = load_study_data(config)
    with whole_or_not_at_all(config.storage.optuna):
        storage = open_storage(config.storage.optuna)
        tracking_uri = config.storage.tracking_uri
        store = Store(tracking_uri, artifact_root(tracking_uri))
    run_id = _resume(store, config) if resume else _begin(store, data)
    with Interrupts() as interrupts:
        try:
            _make_report_folder(config.name)
            study = open_study(config, storage, run_id)
            progress = Progress(config.search.n_trials, count_finished(study), quiet)
            with contextlib.closing(progress):
                recorder = TrialRecorder(store, run_id, data, progress)
                run_trials(data, study, recorder, interrupts)
            with interrupts.allowed():
                return conclude(store, run_id, data, outcomes(study), importance(study), recorder.best)
        except BaseException as error:
            # After a StudyError the study's run has ended already.
            if not isinstance(error, StudyError):
                store.fail_study(run_id, error)
            raise


class TrialRecorder:
    """Records every trial in MLflow and in the progress (the search's TrialLog).

    Parameters
    ----------
    store : Store
    study_run_id : str
    data : StudyData
    progress : Progress

    Attributes
    ----------
    best : TrialRecord or None
        The trial with the least objective of those that it was told of.
    """

    def __init__(self, store: Store, study_run_id: str, data: StudyData, progress: Progress) -> None:
        self._store, self._study_run_id, self._data, self._progress = store, study_run_id, data, progress
        self._run_id = ""
        self.best: TrialRecord | None = None

    def start(self, number: int, params: dict[str, Any]) -> None:
        """Open the trial's run."""
        self._run_id = self._store.start_trial(self._study_run_id, number, params)

    def end(self, record: TrialRecord) -> None:
        """Log the trial and end its run."""
        pngs = trial_pngs(record, self._data.loss_unit, self._data.weight_unit)
        self._store.end_trial(self._run_id, record, pngs)
        self._progress.advance(record)
        if record.objective is not None and (
            self.best is None or self.best.objective is None or record.objective < self.best.objective
        ):
            self.best = record

    def fail(self, error: BaseException) -> None:
        """End the trial's run as failed."""
        self._store.fail_trial(self._run_id, error)

    def lost(self, number: int) -> None:
        """End the run that a killed process left open."""
        for trial in self._store.trials(self._study_run_id):
            if trial.number == number:
                self._store.fail_trial(trial.run_id, "the process was killed")


def describe(config: Config) -> str:
    """Return what `study run` would do with a config, as lines of text; touch no store."""
    data = load_study_data(config)
    search, model = config.search, config.model
    n_targets = data.y.shape[1]
    return "\n".join(
        [
            f"{config.name}: {data.problem.description}",
            f"  {len(data.X)} rows in {config.data.n_splits} folds, {len(data.X_test)} held out, "
            f"{data.X.shape[1]} features, {n_targets} target{'s' * (n_targets > 1)}",
            f"  {search.n_trials} trials by {search.sampler}, pruner {search.pruner}, minimising {search.objective} "
            f"over {model.max_iter} epochs of {model.solver}",
            f"  beta {search.beta.low:g} to {search.beta.high:g}, eta {search.eta.low:g} to {search.eta.high:g}",
            f"  into {hide_credentials(config.storage.tracking_uri)} and {hide_credentials(config.storage.optuna)}",
        ]
    )


def table(summary: StudySummary) -> str:
    """Return the summary as the lines that a terminal shows."""
    lines = [*study_report.rows(summary), ("report", summary.report), ("runs", "make ui")]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def _make_report_folder(study_name: str) -> None:
    folder = REPORTS / study_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror}); reports go there") from None


def _begin(store: Store, data: StudyData) -> str:
    """Open the run of a new study, log its data, and return the run's id."""
    config, problem = data.config, data.problem
    data_hash = provenance.data_hash(problem.X, problem.y)
    tags = {
        "study.commit": provenance.commit(),
        "study.data": problem.description,
        "study.data_hash": data_hash,
        **{f"study.version.{package}": version for package, version in provenance.versions().items()},
    }
    run_id = store.start_study(config.name, config.model_dump(), tags)
    store.log_dataset(run_id, problem.X, problem.y, problem.name, digest=data_hash)
    return run_id


def _resume(store: Store, config: Config) -> str:
    """Reopen the newest study of the config's name, if it began with the same config, and return its run's id."""
    studies = store.find_studies(config.name)
    if not studies:
        raise ConfigError(f"--resume: the store holds no study named {config.name!r}; leave --resume out")
    newest = studies[0]
    now = texts(flatten(config.model_dump()))
    for key in sorted({*now, *newest.params}):
        before, value = newest.params.get(key, "unset"), now.get(key, "unset")
        # A resumed study may get more trials, and its stores may have been moved.
        if key != "search.n_trials" and not key.startswith("storage.") and before != value:
            raise ConfigError(
                f"--resume: {key} was {before} when the study began and is {value} now; "
                "change it back, or leave --resume out to begin another study"
            )
    store.reopen_study(newest.run_id)
    return newest.run_id
