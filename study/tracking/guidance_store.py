"""The runs of the guidance: a parent for the whole, a child for every arm of a claim on a problem."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

import numpy as np

from study.tracking import artifacts, charts_view, descriptions, entities
from study.tracking.run_view import RunView
from study.tracking.store import Store
from study.tracking.values import to_json


class GuidanceStore(Store):
    """A tracking store that also holds the guidance's runs."""

    def start_ledger(self, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
        """Open a ledger's run in the experiment of its name, creating that if it is missing.

        Earlier ledgers whose process has ended are closed.

        Parameters
        ----------
        name : str
        params : mapping
            Budget, seeds, and which claims.
        tags : mapping
            Commit and versions.

        Returns
        -------
        str
            The run's id.
        """
        run_id, earlier = self._start_parent("guidance", name, params, tags)
        for ledger in earlier:
            if ledger.is_dead:
                self.close_dead(ledger)
        return run_id

    def log_arm(
        self,
        parent_id: str,
        name: str,
        *,
        tags: Mapping[str, Any],
        x: np.ndarray,
        y: np.ndarray,
        units: Mapping[str, Any],
    ) -> str:
        """Log an arm of a claim on a problem: its mean curve in one batch, every seed's raw value in a file.

        Parameters
        ----------
        parent_id : str
            The ledger's run.
        name : str
        tags : mapping
        x, y : ndarray of shape (n,)
            The curve. Where x is not whole, as MLflow's steps are, it becomes the metric `x`.
        units : mapping
            Becomes `units.json`.

        Returns
        -------
        str
            The run's id.
        """
        tags = {**entities.origin_tags(), **tags, "mlflow.parentRunId": parent_id, "study.kind": "arm"}
        if np.all(x == np.round(x)):
            metrics = entities.metrics_by_step("curve", x.astype(int), y)
        else:
            steps = range(len(x))
            metrics = entities.metrics_by_step("curve", steps, y) + entities.metrics_by_step("x", steps, x)
        with self._calls():
            run_id = self._create_run(self._experiment_of(parent_id), name, tags)
            self.client.log_batch(run_id, metrics)
            artifacts.log(self.client, run_id, {"units.json": to_json(units)})
            self.client.set_terminated(run_id, "FINISHED")
        return run_id

    def end_ledger(
        self,
        run_id: str,
        metrics: Mapping[str, float | None],
        files: Mapping[str, bytes],
        *,
        note: str,
        status: Literal["FINISHED", "FAILED"] = "FINISHED",
    ) -> None:
        """End a ledger's run with what it found.

        Parameters
        ----------
        run_id : str
        metrics : mapping
            One effect and interval a claim; what is None or not finite is left out.
        files : mapping of str to bytes
            By artifact path, such as `guidance.json`.
        note : str
            Markdown that the run's page shows.
        status : {"FINISHED", "FAILED"}
        """
        with self._calls():
            noted = entities.tags({descriptions.TAG: note})
            self.client.log_batch(run_id, metrics=entities.single_metrics(metrics), tags=noted)
            artifacts.log(self.client, run_id, files)
            self.client.set_terminated(run_id, status)

    def find_ledgers(self) -> list[RunView]:
        """Every ledger; the newest first."""
        with self._calls():
            found = [experiment.experiment_id for experiment in self.client.search_experiments()]
            return self._search(found, "study.kind", "guidance")

    def claim_pages(self, run_id: str, claims: Iterable[str]) -> dict[str, str]:
        """Where the UI shows a ledger: by claim the path of its curves, and by `run` the ledger's own."""
        with self._calls():
            experiment_id = self._experiment_of(run_id)
        runs = charts_view.experiment_page(experiment_id)
        pages = {"run": charts_view.run_page(experiment_id, run_id)}
        # Without a value to sort by, the UI folds child runs into their parents.
        order = f"orderByKey={quote('metrics.`curve`')}&orderByAsc=true"
        for claim in claims:
            wanted = f"tags.`mlflow.parentRunId` = '{run_id}' AND tags.`study.claim` = '{claim}'"
            pages[claim] = f"{runs}&searchFilter={quote(wanted)}&{order}&compareRunsMode=CHART"
        return pages
