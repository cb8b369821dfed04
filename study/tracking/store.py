"""A tracking store: studies and trials written, and read back."""

import contextlib
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.utils import logging_utils

from study import storage as stores
from study.errors import StoreError
from study.tracking import charts_view as views
from study.tracking import entities as shapes
from study.tracking import models
from study.tracking import values as entries
from study.tracking.values import RunView
from study.trial import TrialRecord

STATUS = {"complete": "FINISHED", "pruned": "KILLED", "diverged": "KILLED", "failed": "FAILED"}
# Without a kind the UI asks for one.
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development", views.TAG: views.tag_value()}


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
    An sqlite file's folder is created only if `artifact_root` is in it too: a mistyped path elsewhere
    should be answered, not turned into folders.
    """

    def __init__(self, tracking_uri: str, artifact_root: str | Path | None = None) -> None:
        self.uri = tracking_uri
        self._experiments: dict[str, str] = {}
        self._searched: dict[str, Mapping[str, Any]] = {}
        with self._talking(), _without_warnings():
            self.uri, self.artifact_root = stores.prepare(tracking_uri, artifact_root, _build)
            self.client = MlflowClient(self.uri, registry_uri=self.uri)
            self.client.search_experiments(max_results=1)

    @contextlib.contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            with _quiet:
                yield
        except MlflowException as error:
            text = stores.one_line(error, self.uri)
            mend = "; see `mlflow db upgrade --help`" if "schema" in text or "revision" in text else ""
            raise StoreError(f"store {stores.hide_password(self.uri)}: {text}{mend}") from error

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
        tags = {**entries.origin(), **tags, "study.kind": "study", "study.name": name}
        with self._talking():
            experiment_id = self._experiment(name)
            earlier = self._search([experiment_id], "study.kind", "study")
            run_id = self._create_run(experiment_id, f"{name} #{len(earlier) + 1}", tags)
            self.client.log_batch(run_id, params=shapes.params(entries.flatten(params)))
        return run_id

    def reopen_study(self, run_id: str) -> None:
        """Mark an ended or interrupted study as running again, so that it can be resumed."""
        with self._talking():
            self.client.update_run(run_id, status="RUNNING")

    def end_study(
        self,
        run_id: str,
        summary: Mapping[str, Any],
        metrics: Mapping[str, float | None],
        *,
        report: str | None = None,
        pngs: Mapping[str, bytes] | None = None,
        note: str | None = None,
        tags: Mapping[str, Any] | None = None,
        status: Literal["FINISHED", "FAILED", "KILLED"] = "FINISHED",
    ) -> None:
        """End a study's run with what it found.

        Parameters
        ----------
        run_id : str
        summary : mapping
            Becomes `summary.json`; numbers that are not finite become null.
        metrics : mapping
            `best_objective`, `test_loss`, …; what is None or not finite is left out.
        report : str, optional
            The page that becomes `report.html`.
        pngs : mapping of str to bytes, optional
            By artifact path, such as `plots/history.png`.
        note : str, optional
            Markdown that the run's page shows.
        tags : mapping, optional
        status : {"FINISHED", "FAILED", "KILLED"}
        """
        files = {"summary.json": entries.to_json(summary), **(pngs or {})}
        if report is not None:
            files["report.html"] = report.encode()
        with self._talking():
            noted = shapes.tags({**(tags or {}), "mlflow.note.content": note})
            self.client.log_batch(run_id, metrics=shapes.single(metrics), tags=noted)
            self._log_files(run_id, files)
            self.client.set_terminated(run_id, status)

    def fail_study(self, run_id: str, error: BaseException | str) -> None:
        """End the run of a study that died: KILLED if it was interrupted, otherwise FAILED."""
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
        with self._talking():
            experiment_id = self._experiment_of(parent_id)
            name = entries.trial_name(number, params)
            run_id = self._create_run(experiment_id, name, {**entries.origin(), **tags})
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
        metrics = [
            *shapes.curve("train_loss", record.train_loss),
            *shapes.curve("val_loss", record.val_loss),
            *shapes.single({"objective": record.objective, "epochs_to_target": record.epochs_to_target}),
        ]
        tags = {"study.state": record.state, "study.error": record.error}
        if record.state == "diverged":
            tags["study.diverged_epoch"] = str(entries.diverged_epoch(record.train_loss))
        with self._talking():
            self.client.log_batch(run_id, metrics, shapes.params(record.params), shapes.tags(tags))
            self._log_files(run_id, {"weights.json": entries.to_json(entries.weights(record)), **pngs})
            self.client.set_terminated(run_id, STATUS[record.state])
        self._searched.pop(run_id, None)

    def fail_trial(self, run_id: str, error: BaseException | str) -> None:
        """End the run of a trial whose work died before it left a record."""
        self._fail(run_id, error, self._searched.pop(run_id, {}), {"study.state": "failed"}, "FAILED")

    # ---- data and model ----------------------------------------------------------------------------

    def log_dataset(
        self,
        run_id: str,
        X: pd.DataFrame,
        targets: pd.DataFrame | pd.Series | None,
        name: str,
        *,
        source: str | None = None,
        digest: str | None = None,
        context: str = "training",
    ) -> None:
        """Log the data as the run's input: its schema, size and hash, not its rows.

        Parameters
        ----------
        run_id : str
        X : DataFrame
        targets : DataFrame, Series or None
        name : str
        source : str, optional
            A file's path; left out for data that code makes.
        digest : str, optional
            A hash of the data, cut at MLflow's 36 characters; MLflow computes its own if left out.
        context : str
            What the data was used for.
        """
        with self._talking(), _without_warnings():
            models.log_dataset(self.client, run_id, X, targets, name, source, digest, context)

    def log_model(self, run_id: str, model: Any, name: str, X_example: pd.DataFrame) -> int:
        """Log a fitted pipeline and register it as `models:/NAME@champion`.

        Parameters
        ----------
        run_id : str
        model : estimator
        name : str
            The study's.
        X_example : DataFrame
            A few rows of the input.

        Returns
        -------
        int
            The registered version.
        """
        with self._talking(), _without_warnings():
            return models.log_model(self.client, self._experiment_of(run_id), run_id, model, name, X_example)

    # ---- reading back ------------------------------------------------------------------------------

    def find_studies(self, name: str | None = None) -> list[RunView]:
        """Every study, or every one of a name; the newest first."""
        with self._talking():
            if name is None:
                found = [experiment.experiment_id for experiment in self.client.search_experiments()]
            else:
                known = self.client.get_experiment_by_name(name)
                found = [] if known is None else [known.experiment_id]
            return self._search(found, "study.kind", "study")

    def read_text(self, run_id: str, path: str) -> str:
        """The text of one of a run's artifacts."""
        with self._talking(), tempfile.TemporaryDirectory() as folder:
            return Path(self.client.download_artifacts(run_id, path, folder)).read_text(encoding="utf-8")

    def trials(self, parent_id: str) -> list[RunView]:
        """A study's trials, by number."""
        with self._talking():
            found = self._search([self._experiment_of(parent_id)], "mlflow.parentRunId", parent_id)
        return sorted(found, key=lambda run: -1 if run.number is None else run.number)

    def stale_trials(self, parent_id: str) -> list[RunView]:
        """Those of a study's trials that are still RUNNING: whoever ran them may be dead."""
        return [run for run in self.trials(parent_id) if run.status == "RUNNING"]

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
            found += map(shapes.view, page)
            token = page.token or None
        return found

    def pages(self, name: str) -> dict[str, str]:
        """Where the UI shows a study: paths of its `runs` and its `trials`, to stand behind its address."""
        with self._talking():
            found = self.client.get_experiment_by_name(name)
        if found is None:
            return {}
        return {
            "runs": views.runs_page(found.experiment_id),
            "trials": views.trials_page(found.experiment_id),
        }

    # ---- inside ------------------------------------------------------------------------------------

    def _create_run(self, experiment_id: str, name: str, tags: Mapping[str, Any]) -> str:
        run = self.client.create_run(experiment_id, tags=entries.texts(tags), run_name=name)
        run_id = str(run.info.run_id)
        self._experiments[run_id] = experiment_id
        return run_id

    def _experiment(self, name: str) -> str:
        found = self.client.get_experiment_by_name(name)
        if found is None:
            where = None if self.artifact_root is None else f"{self.artifact_root}/{entries.slug(name)}"
            return str(self.client.create_experiment(name, where, EXPERIMENT_TAGS))
        if found.lifecycle_stage != "active":
            raise StoreError(
                f"store {stores.hide_password(self.uri)}: experiment {name!r} is deleted; rename the study "
                f"or restore it: mlflow experiments restore -x {found.experiment_id}"
            )
        for key in EXPERIMENT_TAGS.keys() - found.tags.keys():
            self.client.set_experiment_tag(found.experiment_id, key, EXPERIMENT_TAGS[key])
        return str(found.experiment_id)

    def _experiment_of(self, run_id: str) -> str:
        if run_id not in self._experiments:
            self._experiments[run_id] = str(self.client.get_run(run_id).info.experiment_id)
        return self._experiments[run_id]

    def _log_files(self, run_id: str, files: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in files.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self.client.log_artifacts(run_id, folder)

    def _fail(
        self,
        run_id: str,
        error: BaseException | str,
        params: Mapping[str, Any],
        tags: Mapping[str, str],
        status: str,
    ) -> None:
        text = error if isinstance(error, str) else f"{type(error).__name__}: {error}".rstrip(": ")
        with self._talking():
            self.client.log_batch(
                run_id, (), shapes.params(params), shapes.tags({**tags, "study.error": text})
            )
            self.client.set_terminated(run_id, status)


def _build(uri: str, artifact_root: str) -> None:
    # Only a store that does not exist yet needs it, and its import alone sets off a deprecation.
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    SqlAlchemyStore(uri, artifact_root).engine.dispose()


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """MLflow warns of its own type hints and of what it calls; nobody here can mend that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


_quiet = stores.Hush(logging_utils.MLFLOW_LOGGING_STREAM)
