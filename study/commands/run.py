"""One study, from its config to its record and report."""

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Literal

import numpy as np
from tqdm import tqdm

from study import config as configs
from study import figures, provenance
from study.commands.conclusion import REPORTS, conclude
from study.config import Config, Storage
from study.errors import ConfigError, StudyError
from study.interrupts import Interrupts
from study.reports import study_report as report
from study.storage import whole_or_not_at_all
from study.tracking import Store
from study.tracking import values as entries
from study.trial import TrialRecord
from study.tuning import search as tune
from study.tuning.study_data import Prepared, named, prepare_data

ARTIFACTS = "mlruns/artifacts"
N_STUDIES = 20
"""Studies over which the trials that a sampler needs are counted."""


class Log:
    """Tells MLflow and the terminal of each trial (tune's TrialLog)."""

    def __init__(self, store: Store, parent: str, prepared: Prepared, progress: "Progress"):
        self._store, self._parent, self._prepared, self._progress = store, parent, prepared, progress
        self._run_id = ""

    def start(self, number: int, params: dict[str, Any]) -> None:
        self._run_id = self._store.start_trial(self._parent, number, params)

    def end(self, record: TrialRecord) -> None:
        record = named(record, self._prepared.problem)
        labels = self._prepared.unit, self._prepared.weight_unit
        self._store.end_trial(self._run_id, record, figures.trial_pngs(record, *labels))
        self._progress.advance(record)

    def fail(self, error: BaseException) -> None:
        self._store.fail_trial(self._run_id, error)

    def lost(self, number: int) -> None:
        for trial in self._store.trials(self._parent):
            if trial.number == number:
                self._store.fail_trial(trial.run_id, "the process was killed")


class Progress:
    """A bar on a terminal, a line every tenth of the way elsewhere."""

    def __init__(self, total: int, done: int, quiet: bool):
        self._total, self._done, self._best = total, done, np.inf
        self._bar = tqdm(total=total, initial=done, unit="trial", disable=quiet or not sys.stderr.isatty())
        self._lines = not quiet and not sys.stderr.isatty()

    def advance(self, record: TrialRecord) -> None:
        self._done += 1
        if record.objective is not None:
            self._best = min(self._best, record.objective)
        self._bar.set_postfix(best=f"{self._best:.6g}", refresh=False)
        self._bar.update()
        if self._lines and (self._done % max(self._total // 10, 1) == 0 or self._done == self._total):
            print(f"trial {self._done}/{self._total}  best {self._best:.6g}", file=sys.stderr, flush=True)

    def close(self) -> None:
        self._bar.close()


def run(config: Config, *, resume: bool = False, quiet: bool = False) -> dict[str, Any]:
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
    dict
        What `summary.json` holds, with the study's `run_id` and the `report`'s path.

    Raises
    ------
    StudyError
        If every setting that was searched diverged.
    """
    prepared = prepare_data(config)
    with whole_or_not_at_all(config.storage.optuna):
        storage = tune.open_storage(config.storage.optuna)
        store = Store(config.storage.tracking_uri, _artifacts(config.storage.tracking_uri))
    try:
        (REPORTS / config.name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(
            f"{REPORTS / config.name}: cannot be made ({error.strerror}); reports go there"
        ) from None
    parent = _resumed(store, config) if resume else _started(store, prepared)
    done = sum(trial.state in ("complete", "pruned", "diverged") for trial in store.trials(parent))
    with Interrupts() as interrupts:
        try:
            with contextlib.closing(Progress(config.search.n_trials, done, quiet)) as progress:
                log = Log(store, parent, prepared, progress)
                study = tune.search(config, prepared.splits, log, storage, parent, interrupts)
            with interrupts.allowed():
                summary = conclude(store, parent, prepared, study)
        except BaseException as error:
            if not isinstance(error, StudyError):
                store.fail_study(parent, error)
            raise
    return summary


def describe(config: Config) -> str:
    """Return what a config would do, from its data and the config alone."""
    prepared = prepare_data(config)
    X, X_test, y, _ = prepared.parts
    search, model = config.search, config.model
    return "\n".join(
        [
            f"{config.name}: {prepared.problem.description}",
            f"  {len(X)} rows in {config.data.n_splits} folds, {len(X_test)} held out, "
            f"{X.shape[1]} features, {y.shape[1]} target{'s' * (y.shape[1] > 1)}",
            f"  {search.n_trials} trials by {search.sampler}, pruner {search.pruner}, minimising {search.objective} "
            f"over {model.max_iter} epochs of {model.solver}",
            f"  beta {search.beta.low:g} to {search.beta.high:g}, eta {search.eta.low:g} to {search.eta.high:g}",
            f"  into {config.storage.tracking_uri} and {config.storage.optuna}",
        ]
    )


def table(summary: dict[str, Any]) -> str:
    """Return the summary as the lines that a terminal shows."""
    lines = [*report.rows(summary), ("report", summary["report"]), ("runs", "make ui")]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in lines)


def guidance(
    path: Path | None,
    ids: list[str] | None,
    budget: str,
    seed: int | None,
    lang: Literal["en", "zh"],
    tracking_uri: str | None,
    quiet: bool,
) -> tuple[str, list[str]]:
    """Grade the claims, record them, and return the verdicts as a table and the claims that failed."""
    from study.guidance import ledger
    from study.guidance.practical import trials_needed
    from study.tracking.guidance_store import LedgerStore

    settings = configs.load(path) if path is not None else None
    if tracking_uri is None:
        tracking_uri = settings.storage.tracking_uri if settings else Storage().tracking_uri
    if seed is None:
        seed = settings.seed if settings else 0
    ledger.select(ids)  # a wrong id is answered before a store is made
    outcome = ledger.run(
        ids,
        ledger.make_budget(budget, seed),
        LedgerStore(tracking_uri, _artifacts(tracking_uri)),
        progress=lambda line: None if quiet else print(line, file=sys.stderr, flush=True),
        lang=lang,
        address="http://127.0.0.1:5000",
        practical=lambda budget: trials_needed(N_STUDIES, budget.seed, n_jobs=1),
    )
    page = REPORTS / ledger.NAME / f"{outcome.run_id}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(outcome.report, encoding="utf-8")
    return f"{ledger.table(outcome.entries, lang)}\nreport  {page}", outcome.failed


def _artifacts(tracking_uri: str) -> str | None:
    """Where the default store keeps its artifacts; another store decides for itself."""
    return ARTIFACTS if tracking_uri == Storage().tracking_uri else None


def stored_report(tracking_uri: str, run_id: str | None) -> str:
    """Return the report of a run, or of the newest study."""
    store = Store(tracking_uri)
    if run_id is None:
        studies = store.find_studies()
        if not studies:
            raise ConfigError("the store holds no study yet; make one with `study run CONFIG`")
        run_id = studies[0].run_id
    return store.read_text(run_id, "report.html")


def serve(tracking_uri: str, port: int) -> int:
    """Show a store in MLflow's UI, to this machine only, until it is interrupted."""
    store = Store(tracking_uri)
    address = f"http://127.0.0.1:{port}/"
    print(address, flush=True)
    for study in store.find_studies()[:1]:
        # The bare address opens MLflow's page for language models.
        for name, page in store.pages(study.tags["study.name"]).items():
            print(f"{study.name}, {name}: {address}{page}", flush=True)
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", tracking_uri]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    # Job execution is for MLflow's own jobs, which a study has none of; it costs 1.7 GB.
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with contextlib.suppress(KeyboardInterrupt):
        return subprocess.run(command, env=environment).returncode
    return 0


def _started(store: Store, prepared: Prepared) -> str:
    config, problem = prepared.config, prepared.problem
    tags = {
        "study.commit": provenance.commit(),
        "study.data": problem.description,
        "study.data_hash": provenance.data_hash(problem.X, problem.y),
        **{f"study.version.{package}": version for package, version in provenance.versions().items()},
    }
    parent = store.start_study(config.name, config.model_dump(), tags)
    store.log_dataset(parent, problem.X, problem.y, problem.name, digest=tags["study.data_hash"])
    return parent


def _resumed(store: Store, config: Config) -> str:
    studies = store.find_studies(config.name)
    if not studies:
        raise ConfigError(f"--resume: the store holds no study named {config.name!r}; leave --resume out")
    newest = studies[0]
    now = entries.texts(entries.flatten(config.model_dump()))
    for key in sorted({*now, *newest.params}):
        before, value = newest.params.get(key, "unset"), now.get(key, "unset")
        # How many trials there are to be is what resuming may change; where they are kept is how it got here.
        if key != "search.n_trials" and not key.startswith("storage.") and before != value:
            raise ConfigError(
                f"--resume: {key} was {before} when the study began and is {value} now; "
                "change it back, or leave --resume out to begin another study"
            )
    store.reopen_study(newest.run_id)
    return newest.run_id
