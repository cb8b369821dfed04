"""A tracking store: writes studies and trials, and reads them back."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from study import storage
from study.errors import StoreError
from study.notation import trial_name
from study.tracking import artifacts, charts_view, descriptions, entities, models
from study.tracking.owner import owner_tags
from study.tracking.quiet import mlflow_silenced, without_warnings
from study.tracking.run_view import OPTUNA_STUDY, RunView
from study.tracking.trial_entities import ERROR, trial_metrics, trial_tags
from study.tracking.values import flatten, folder_name, texts, to_json
from study.trial import TrialRecord

KILLED = "the process was killed"
"""Why a run failed that its process left open."""

STATUS = {"complete": "FINISHED", "pruned": "KILLED", "diverged": "KILLED", "failed": "FAILED"}
"""MLflow's status of a trial's run, by the trial's state."""

EXPERIMENT_TAGS = {
    # Without a kind MLflow's UI asks for one.
    "mlflow.experimentKind": "custom_model_development",
    **charts_view.view_tags(),
}


class Store:
    """One tracking store.

    Parameters
    ----------
    tracking_uri : str
        `sqlite:///…`, another database's URI, or a tracking server's `http(s)://…`.
    artifact_root : str or Path, optional
        Where experiments created here keep their artifacts. Default: `artifacts` beside an sqlite file,
        `mlruns/artifacts` for another database; a server decides for itself.

    Raises
    ------
    StoreError
        If the store cannot be opened. Nothing is left behind.

    Notes
    -----
    An sqlite file's folder is created only if `artifact_root` is in it too, so that a mistyped path elsewhere
    is an error and not a new folder.
    """

    def __init__(self, tracking_uri: str, artifact_root: str | Path | None = None) -> None:
        self.uri = tracking_uri
        self._experiments: dict[str, str] = {}
        self._searched: dict[str, Mapping[str, Any]] = {}
        with self._calls(), without_warnings():
            self.uri, self.artifact_root = storage.prepare(tracking_uri, artifact_root, _build)
            self.client = MlflowClient(self.uri, registry_uri=self.uri)
            self.client.search_experiments(max_results=1)

    @contextlib.contextmanager
    def _calls(self) -> Iterator[None]:
        """Return a context where MLflow writes nothing on the terminal and its errors become StoreError."""
        try:
            with mlflow_silenced:
                yield
        except MlflowException as error:
            text = storage.one_line(error, self.uri)
            advice = "; see `mlflow db upgrade --help`" if "schema" in text or "revision" in text else ""
            raise StoreError(f"store {storage.hide_credentials(self.uri)}: {text}{advice}") from None

    # ---- studies -----------------------------------------------------------------------------------

    def start_study(self, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
        """Open a study's run in the experiment of its name, creating that if it is missing.

        Parameters
        ----------
        name : str
        params : mapping
            The config; nested tables become dotted keys.
        tags : mapping
            Commit, versions, data hash and the like.

        Returns
        -------
        str
            The run's id.
        """
        described = {descriptions.TAG: descriptions.UNFINISHED, **tags}
        return self._start_parent("study", name, flatten(params), described)[0]

    def name_in_optuna(self, run_id: str, name: str) -> None:
        """Record under which name Optuna's storage holds a study."""
        with self._calls():
            self.client.set_tag(run_id, OPTUNA_STUDY, name)

    def reopen_study(self, run_id: str, params: Mapping[str, Any] | None = None) -> None:
        """Mark a study that ended, or whose process did, as running in this process. Its open trials are closed.

        Parameters
        ----------
        run_id : str
        params : mapping, optional
            Its config, if it was killed before that was recorded.
        """
        with self._calls():
            self._close_children(run_id)
            given = entities.params(flatten(params or {}))
            self.client.log_batch(run_id, params=given, tags=entities.tags(owner_tags()))
            self.client.update_run(run_id, status="RUNNING")
            if ERROR in self.client.get_run(run_id).data.tags:
                self.client.delete_tag(run_id, ERROR)

    def close_dead(self, run: RunView) -> None:
        """End a study's or a ledger's run, and its children, that a process which has ended left open."""
        with self._calls():
            self._close_children(run.run_id)
        self._fail(run.run_id, KILLED, {}, {}, "FAILED")

    def end_study(
        self,
        run_id: str,
        summary: Mapping[str, Any],
        metrics: Mapping[str, float | None],
        *,
        report: str,
        pngs: Mapping[str, bytes],
        note: str,
        status: Literal["FINISHED", "FAILED"] = "FINISHED",
    ) -> None:
        """End a study's run with what it found.

        Parameters
        ----------
        run_id : str
        summary : mapping
            Becomes `summary.json`; numbers that are not finite become null. Its `weights` become `weights.json` too.
        metrics : mapping
            `best_objective`, `test_loss`, …; what is None or not finite is left out.
        report : str
            The page that becomes `report.html`.
        pngs : mapping of str to bytes
            By artifact path, such as `plots/history.png`.
        note : str
            Markdown that the run's page shows.
        status : {"FINISHED", "FAILED"}
        """
        weights = {"weights.json": to_json(summary["weights"])} if summary.get("weights") else {}
        files = {"summary.json": to_json(summary), **weights, **pngs, "report.html": report.encode()}
        with self._calls():
            noted = entities.tags({descriptions.TAG: note})
            self.client.log_batch(run_id, metrics=entities.single_metrics(metrics), tags=noted)
            artifacts.log(self.client, run_id, files)
            self.client.set_terminated(run_id, status)

    def fail_study(self, run_id: str, error: BaseException | str) -> None:
        """End the run of a study that did not reach its end: KILLED if it was interrupted, otherwise FAILED."""
        self._fail(run_id, error, {}, {}, "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")

    # ---- trials ------------------------------------------------------------------------------------

    def start_trial(self, parent_id: str, number: int, params: Mapping[str, Any]) -> str:
        """Open a trial's run, before its work begins.

        Parameters
        ----------
        parent_id : str
            The study's run.
        number : int
            Optuna's number of the trial.
        params : mapping
            The searched hyper-parameters.

        Returns
        -------
        str
            The run's id.
        """
        tags = {"mlflow.parentRunId": parent_id, "study.kind": "trial", "study.trial_number": number}
        with self._calls():
            experiment_id = self._experiment_of(parent_id)
            name = trial_name(number, params)
            run_id = self._create_run(experiment_id, name, {**entities.origin_tags(), **tags})
        self._searched[run_id] = dict(params)
        return run_id

    def end_trial(self, run_id: str, record: TrialRecord, pngs: Mapping[str, bytes]) -> None:
        """Log all that a trial leaves, its numbers in one batch, and end its run in its true state.

        Parameters
        ----------
        run_id : str
        record : TrialRecord
        pngs : mapping of str to bytes
            By artifact path, such as `plots/loss_curve.png`.
        """
        with self._calls():
            self.client.log_batch(
                run_id, trial_metrics(record), entities.params(record.params), trial_tags(record)
            )
            artifacts.log(self.client, run_id, {"weights.json": to_json(record.weights()), **pngs})
            self.client.set_terminated(run_id, STATUS[record.state])
        self._searched.pop(run_id, None)

    def fail_trial(self, run_id: str, error: BaseException | str) -> None:
        """End the run of a trial that ended in an error, before there was a record of it."""
        self._fail(run_id, error, self._searched.pop(run_id, {}), {"study.state": "failed"}, "FAILED")

    def lose_trial(self, parent_id: str, number: int) -> None:
        """End the run of a trial whose process was killed, also if the run had ended but Optuna was not told so."""
        for trial in self.trials(parent_id):
            if trial.number == number:
                self.fail_trial(trial.run_id, KILLED)

    # ---- data and model ----------------------------------------------------------------------------

    def log_dataset(
        self,
        run_id: str,
        X: pd.DataFrame,
        targets: pd.DataFrame,
        name: str,
        digest: str,
        file: str | None = None,
    ) -> None:
        """Log the data as the run's input: its schema, size and hash, not its rows.

        Parameters
        ----------
        run_id : str
        X, targets : DataFrame
        name : str
        digest : str
            A hash of the data; MLflow keeps 36 characters of it.
        file : str, optional
            The name of the data's file.
        """
        with self._calls(), without_warnings():
            models.log_dataset(self.client, run_id, X, targets, name, digest, file)

    def log_model(
        self, run_id: str, model: Any, name: str, X_example: pd.DataFrame, description: str = ""
    ) -> int:
        """Log a fitted pipeline and register it as `models:/NAME@champion`.

        Parameters
        ----------
        run_id : str
        model : estimator
        name : str
            The study's.
        X_example : DataFrame
            A few rows of the input.
        description : str
            Of this version, in Markdown.

        Returns
        -------
        int
            The registered version.
        """
        with self._calls(), without_warnings():
            experiment_id = self._experiment_of(run_id)
            return models.log_model(self.client, experiment_id, run_id, model, name, X_example, description)

    # ---- reading back ------------------------------------------------------------------------------

    def find_studies(self, name: str | None = None) -> list[RunView]:
        """Every study, or every one of a name; the newest first."""
        with self._calls():
            if name is None:
                found = [experiment.experiment_id for experiment in self.client.search_experiments()]
            else:
                known = self.client.get_experiment_by_name(name)
                found = [] if known is None else [known.experiment_id]
            return self._search(found, "study.kind", "study")

    def study(self, run_id: str) -> RunView:
        """A study, by its run's id."""
        with self._calls():
            return RunView.of(self.client.get_run(run_id))

    def read_files(self, run_id: str) -> dict[str, bytes]:
        """All files of a run, by artifact path."""
        with self._calls():
            return artifacts.read(self.client, run_id)

    def trials(self, parent_id: str) -> list[RunView]:
        """A study's trials, by number."""
        with self._calls():
            found = self._search([self._experiment_of(parent_id)], "mlflow.parentRunId", parent_id)
        return sorted(found, key=lambda run: -1 if run.number is None else run.number)

    def _search(self, experiment_ids: list[str], tag: str, value: str) -> list[RunView]:
        found: list[RunView] = []
        token: str | None = "" if experiment_ids else None
        while token is not None:
            page = self.client.search_runs(
                experiment_ids,
                f"tags.`{tag}` = '{value}'",
                max_results=1000,
                order_by=["attributes.start_time DESC"],
                page_token=token or None,
            )
            found += map(RunView.of, page)
            token = page.token or None
        return found

    def pages(self, name: str) -> dict[str, str]:
        """Where the UI shows a study: paths of its `runs` and its `trials`, to stand behind its address."""
        with self._calls():
            found = self.client.get_experiment_by_name(name)
        if found is None:
            return {}
        return {
            "trials": charts_view.trials_page(found.experiment_id),
            "runs": charts_view.runs_page(found.experiment_id),
        }

    # ---- used by the methods above -----------------------------------------------------------------

    def _start_parent(
        self, kind: str, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]
    ) -> tuple[str, list[RunView]]:
        """Open a run that others will have as their parent; return its id and the earlier ones of its kind."""
        own = {"study.kind": kind, "study.name": name}
        tags = {**entities.origin_tags(), **owner_tags(), **tags, **own}
        with self._calls():
            experiment_id = self._experiment(name, kind)
            earlier = self._search([experiment_id], "study.kind", kind)
            run_id = self._create_run(experiment_id, f"{name} #{len(earlier) + 1}", tags)
            self.client.log_batch(run_id, params=entities.params(params))
        return run_id, earlier

    def _create_run(self, experiment_id: str, name: str, tags: Mapping[str, Any]) -> str:
        run = self.client.create_run(experiment_id, tags=texts(tags), run_name=name)
        run_id = str(run.info.run_id)
        self._experiments[run_id] = experiment_id
        return run_id

    def _experiment(self, name: str, kind: str) -> str:
        wanted = {**EXPERIMENT_TAGS, descriptions.TAG: descriptions.EXPERIMENTS[kind]}
        found = self.client.get_experiment_by_name(name)
        if found is None:
            where = None if self.artifact_root is None else f"{self.artifact_root}/{folder_name(name)}"
            return str(self.client.create_experiment(name, where, wanted))
        if found.lifecycle_stage != "active":
            raise StoreError(
                f"store {storage.hide_credentials(self.uri)}: experiment {name!r} is deleted; rename the study "
                f"or restore it: mlflow experiments restore -x {found.experiment_id}"
            )
        for key in wanted.keys() - found.tags.keys():
            self.client.set_experiment_tag(found.experiment_id, key, wanted[key])
        return str(found.experiment_id)

    def _experiment_of(self, run_id: str) -> str:
        if run_id not in self._experiments:
            self._experiments[run_id] = str(self.client.get_run(run_id).info.experiment_id)
        return self._experiments[run_id]

    def _close_children(self, parent_id: str) -> None:
        """End the children of a run that are left open."""
        for child in self._search([self._experiment_of(parent_id)], "mlflow.parentRunId", parent_id):
            if child.status == "RUNNING":
                tags = {} if child.number is None else {"study.state": "failed"}
                self._fail(child.run_id, KILLED, {}, tags, "FAILED")

    def _fail(
        self,
        run_id: str,
        error: BaseException | str,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        status: str,
    ) -> None:
        text = error if isinstance(error, str) else f"{type(error).__name__}: {error}".rstrip(": ")
        text = storage.hide_credentials(text)
        with self._calls():
            self.client.log_batch(run_id, (), entities.params(params), entities.tags({**tags, ERROR: text}))
            self.client.set_terminated(run_id, status)


def _build(uri: str, artifact_root: str) -> None:
    # Imported here because only a new store needs it, and the import causes a deprecation warning.
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(uri, artifact_root).engine.dispose()
