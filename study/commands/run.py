"""`study run`: tune one study, from its config to its record."""

import contextlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from study import provenance
from study.commands.checks import check_run
from study.commands.conclusion import Conclusion, conclude
from study.commands.links import how_to_see
from study.commands.progress import Progress
from study.commands.text_table import aligned
from study.commands.understanding import describe
from study.config import Config
from study.errors import ConfigError, StudyError, UserError
from study.figures.trial_plots import trial_pngs
from study.interrupts import Interrupted, Interrupts
from study.reports import study_report
from study.storage import REPORTS, TRACKING_URI, artifact_root, whole_or_not_at_all
from study.summary import StudySummary
from study.tracking import RunView, Store
from study.tracking.values import flatten, texts
from study.trial import TrialOutcome, TrialRecord
from study.tuning.importance import importance
from study.tuning.search import fail_running, open_study, outcomes, reserve_name, run_trials
from study.tuning.storage import OptunaStorage, open_storage
from study.tuning.study_data import StudyData, load_study_data

DATA_HASH = "study.data_hash"
"""Tag with the hash of the columns and values that are used."""


def run(
    config: Config,
    *,
    data: StudyData | None = None,
    resume: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    path: Path | None = None,
) -> StudySummary:
    """Tune one study, record it, and return its summary. It takes and raises what `run_study` does."""
    return run_study(config, data=data, resume=resume, quiet=quiet, verbose=verbose, path=path).summary


def run_study(
    config: Config,
    *,
    data: StudyData | None = None,
    resume: bool = False,
    quiet: bool = False,
    verbose: bool = False,
    path: Path | None = None,
) -> Conclusion:
    """Tune one study, record it, and return all that it found.

    Parameters
    ----------
    config : Config
    data : StudyData, optional
        The config's data, where they are loaded already.
    resume : bool
        Go on with the newest study of this name instead of beginning another.
    quiet : bool
        Show no progress.
    verbose : bool
        Show a line for each trial.
    path : Path, optional
        The config's file, if there is one, which is named where it is said how an interrupted study goes on.

    Raises
    ------
    ConfigError
        If there is no study to resume, if it began with another config, or if it runs in another process.
    Interrupted
        If SIGINT or SIGTERM comes. The trials that have ended are kept.
    StoreError
        If a store cannot be opened.
    StudyError
        If every setting that was searched diverged.
    """
    with Interrupts() as interrupts:
        run_id = None
        try:
            with interrupts.allowed():
                check_run(config, resume=resume)
                data = load_study_data(config) if data is None else data
                if not quiet:
                    print(describe(data), file=sys.stderr, flush=True)
                storage, store = _open_stores(config)
            run_id = _resume(store, storage, data) if resume else _begin(store, storage, data)
            _make_report_folder(config.name)
            study = open_study(config, storage, store.study(run_id).optuna_study)
            progress = Progress(config.search.n_trials, outcomes(study), quiet=quiet, verbose=verbose)
            with contextlib.closing(progress):
                recorder = TrialRecorder(store, run_id, data, progress)
                run_trials(data, study, recorder, interrupts)
            with interrupts.allowed():
                return conclude(store, run_id, data, outcomes(study), importance(study), recorder.best)
        except BaseException as error:
            # After a StudyError the study's run has ended already.
            if run_id is not None and not isinstance(error, StudyError):
                store.fail_study(run_id, error)
            if isinstance(error, Interrupted):
                error.advice = _how_to_go_on(config, path, can_resume=resume or run_id is not None)
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
        self._run_id, self._number, self._params = "", 0, dict[str, Any]()
        self.best: TrialRecord | None = None

    def start(self, number: int, params: dict[str, Any]) -> None:
        """Open the trial's run."""
        self._number, self._params = number, params
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
        # An interrupted trial is no result: a resumed study runs it again.
        if isinstance(error, Exception):
            failed = TrialOutcome(number=self._number, state="failed", params=self._params)
            self._progress.advance(failed)

    def lost(self, number: int) -> None:
        """End the run that a killed process left open."""
        self._store.lose_trial(self._study_run_id, number)


def table(summary: StudySummary, tracking_uri: str = TRACKING_URI) -> str:
    """Return the summary as the lines that a terminal shows."""
    where = [("report", summary.report), ("runs", how_to_see(tracking_uri))]
    return aligned([*study_report.rows(summary), *where])


def _make_report_folder(study_name: str) -> None:
    folder = REPORTS / study_name
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot be made ({error.strerror}); reports go there") from None


def _open_stores(config: Config) -> tuple[OptunaStorage, Store]:
    """Open Optuna's and MLflow's store, and create what is missing: both of them or none."""
    uris = config.storage
    with whole_or_not_at_all(uris.optuna):
        return open_storage(uris.optuna), Store(uris.tracking_uri, artifact_root(uris.tracking_uri))


def _how_to_go_on(config: Config, path: Path | None, *, can_resume: bool) -> str:
    """Return what to do after an interruption, as a part of a message."""
    if not can_resume:
        return "no study was begun; run it again"
    given = shlex.quote(str(path or "CONFIG"))
    if path is None and config.data.path is not None:
        given = f"--data {shlex.quote(config.data.path)}"
    return f"go on with `study run {given} --resume`, and the same options"


def _begin(store: Store, storage: OptunaStorage, data: StudyData) -> str:
    """Open the run of a new study, log its data, and return the run's id. Close those whose process was killed."""
    config, problem = data.config, data.problem
    _close_dead(store, storage, store.find_studies(config.name))
    tags = {
        "study.commit": provenance.commit(),
        "study.data": problem.description,
        DATA_HASH: data.hash,
        **({} if problem.source is None else {"study.data_file_hash": problem.source.hash}),
        **{f"study.version.{package}": version for package, version in provenance.versions().items()},
    }
    run_id = store.start_study(config.name, config.model_dump(), tags)
    store.name_in_optuna(run_id, reserve_name(storage, store.study(run_id).name, run_id))
    _log_dataset(store, run_id, data)
    return run_id


def _close_dead(store: Store, storage: OptunaStorage, studies: Sequence[RunView]) -> None:
    """End the studies, and their trials in both stores, whose process was killed."""
    for study in studies:
        if study.is_dead:
            # MLflow's run is closed last, because it is by this run that the study is found.
            fail_running(storage, study.optuna_study)
            store.close_dead(study)


def _log_dataset(store: Store, run_id: str, data: StudyData) -> None:
    problem = data.problem
    file = None if problem.source is None else problem.source.name
    store.log_dataset(run_id, problem.X, problem.y, problem.name, data.hash, file)


def _resume(store: Store, storage: OptunaStorage, data: StudyData) -> str:
    """Reopen the newest study of the config's name, if it began with the same config, and return its run's id."""
    config = data.config
    studies = store.find_studies(config.name)
    if not studies:
        raise ConfigError(f"--resume: the store holds no study named {config.name!r}; leave --resume out")
    newest, *others = studies
    owner = newest.owner
    if newest.status == "RUNNING" and owner is not None and owner.is_another_that_runs():
        raise ConfigError(
            f"--resume: {newest.name} is still running, in process {owner.pid}; let it end first"
        )
    now = texts(flatten(config.model_dump()))
    # A study that was killed before its config was recorded has no trial yet.
    before = newest.params or now
    for key in sorted({*now, *before}):
        was, value = before.get(key, "unset"), now.get(key, "unset")
        # A resumed study may get more trials, and its stores may have been moved.
        if key != "search.n_trials" and not key.startswith("storage.") and was != value:
            raise ConfigError(
                f"--resume: {key} was {was} when the study began and is {value} now; "
                "change it back, or leave --resume out to begin another study"
            )
    if newest.tags.get(DATA_HASH, data.hash) != data.hash:
        raise ConfigError(
            f"--resume: the data of {data.problem.name!r} have changed since the study began; bring them back, or leave "
            "--resume out to begin another study"
        )
    _close_dead(store, storage, others)
    store.reopen_study(newest.run_id, {} if newest.params else config.model_dump())
    _log_dataset(store, newest.run_id, data)
    return newest.run_id
