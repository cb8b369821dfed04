"""What `tune` returns."""

import html
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

from study.commands.conclusion import Conclusion
from study.figures.catalogue import STUDY_PLOTS, Figure
from study.figures.png import png
from study.problems.tables import as_table
from study.reports import study_report
from study.reports.pages import data_uri
from study.summary import StudySummary


class TuneResult:
    """What a study found. A notebook shows it as a table with the plane of all trials.

    Parameters
    ----------
    found : Conclusion
    reads_arrays : bool
        Whether the study was of X and y in memory, so that `best_estimator_` reads what `tune` was given.

    Attributes
    ----------
    summary : StudySummary
        The content of `summary.json`.
    run_id : str
        MLflow's id of the study's run.
    best_params_ : dict of str to float, or None
        The best setting, by MomentumRegressor's names. None if no trial was completed.
    best_score_ : float or None
        Its objective. Less is better: it is the cross-validated mean squared error, or the number of epochs.
    best_estimator_ : Pipeline or None
        The best setting, fitted on all rows but those of the test part. It reads columns as they were given to `tune`.
    trials : DataFrame
        A row for each trial that has ended: `number`, `state`, every searched parameter, `objective`, and the `run_id` of its run in MLflow.
    """

    def __init__(self, found: Conclusion, *, reads_arrays: bool) -> None:
        best = found.summary.best
        self._findings = found.findings
        self.summary: StudySummary = found.summary
        self.run_id = found.summary.run_id
        self.best_params_: dict[str, Any] | None = None if best is None else dict(best.params)
        self.best_score_ = None if best is None else best.objective
        self.best_estimator_ = found.model
        if reads_arrays and found.model is not None:
            self.best_estimator_ = Pipeline([("table", FunctionTransformer(as_table)), *found.model.steps])
        self.trials = pd.DataFrame(
            {
                "number": trial.number,
                "state": trial.state,
                **trial.params,
                "objective": trial.objective,
                "run_id": found.run_ids.get(trial.number),
            }
            for trial in found.findings.trials
        ).astype({"objective": float})

    def plot_plane(self) -> Figure:
        """Return the figure of every trial at its β and η, on the exact or expected surface where it is known."""
        return self._plot("plane")

    def plot_history(self) -> Figure:
        """Return the figure of the objective by trial, and the best so far."""
        return self._plot("history")

    def plot_importance(self) -> Figure:
        """Return the figure of each hyper-parameter's importance."""
        return self._plot("importance")

    def plot_best_curve(self) -> Figure:
        """Return the figure of the best trial's losses by epoch.

        Raises
        ------
        ValueError
            If no trial was completed.
        """
        return self._plot("best_curve")

    def _plot(self, name: str) -> Figure:
        plot = next(plot for plot in STUDY_PLOTS if PurePosixPath(plot.path).stem == name)
        figure = plot.draw(self._findings)
        if figure is None:
            raise ValueError("no trial was completed, so there is nothing to draw")
        return figure

    def _rows(self) -> list[tuple[str, str]]:
        return [*study_report.rows(self.summary), ("report", self.summary.report)]

    def __repr__(self) -> str:
        rows = self._rows()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)

    def _repr_html_(self) -> str:
        """Return a table of the results and the plane as a picture, without anything that must be fetched."""
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in self._rows()
        )
        picture = data_uri(png(self.plot_plane()))
        return (
            f"<p><b>{html.escape(self.summary.study)}</b>: {html.escape(self.summary.data.description)}</p>"
            f"<table>{rows}</table>"
            f"<img alt='Every trial by its β and η' src='{picture}'/>"
        )
