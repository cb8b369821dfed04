"""A ledger's runs: a parent for the whole, a child for every arm of a claim on a problem."""

import math
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

import numpy as np
from mlflow.entities import Metric

from study.tracking import charts_view as views
from study.tracking import entities as shapes
from study.tracking import values as entries
from study.tracking.store import Store


class LedgerStore(Store):
    """A tracking store that also takes ledgers."""

    def start_ledger(self, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> str:
        """Open a ledger's run in the experiment of its name, creating that if it is missing.

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
        tags = {**entries.origin(), **tags, "study.kind": "guidance", "study.name": name}
        with self._talking():
            experiment_id = self._experiment(name)
            earlier = self._search([experiment_id], "study.kind", "guidance")
            run_id = self._create_run(experiment_id, f"{name} #{len(earlier) + 1}", tags)
            self.client.log_batch(run_id, params=shapes.params(params))
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
        tags = {**entries.origin(), **tags, "mlflow.parentRunId": parent_id, "study.kind": "arm"}
        with self._talking():
            run_id = self._create_run(self._experiment_of(parent_id), name, tags)
            self.client.log_batch(run_id, _curve(x, y))
            self._log_files(run_id, {"units.json": entries.to_json(units)})
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
        with self._talking():
            noted = shapes.tags({"mlflow.note.content": note})
            self.client.log_batch(run_id, metrics=shapes.single(metrics), tags=noted)
            self._log_files(run_id, files)
            self.client.set_terminated(run_id, status)

    def claim_pages(self, run_id: str, claims: Iterable[str]) -> dict[str, str]:
        """Where the UI shows a ledger: by claim the path of its curves, and by `run` the ledger's own."""
        with self._talking():
            experiment_id = self._experiment_of(run_id)
        runs = views.runs_page(experiment_id)
        pages = {"run": f"#/experiments/{experiment_id}/runs/{run_id}"}
        # Only when sorted by a value does the UI list children on their own, rather than folded into parents.
        order = f"orderByKey={quote('metrics.`curve`')}&orderByAsc=true"
        for claim in claims:
            wanted = f"tags.`mlflow.parentRunId` = '{run_id}' AND tags.`study.claim` = '{claim}'"
            pages[claim] = f"{runs}&searchFilter={quote(wanted)}&{order}&compareRunsMode=CHART"
        return pages


def _curve(x: np.ndarray, y: np.ndarray) -> list[Metric]:
    whole = bool(np.all(x == np.round(x)))
    steps = x.astype(int) if whole else np.arange(len(x))
    now = time.time_ns() // 1_000_000
    return [
        Metric(key, float(value), now, int(step))
        for key, values in (("curve", y), *([] if whole else [("x", x)]))
        for step, value in zip(steps, values, strict=True)
        if math.isfinite(value)
    ]
