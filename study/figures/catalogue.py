"""The plots of a study, one entry each.

A new plot is a module that draws it, an entry here, and a title in the table `plots` of both catalogues of words in
`study/reports/`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from matplotlib.figure import Figure

from study.figures.history import history
from study.figures.importance import importance
from study.figures.loss_curve import loss_curve
from study.figures.plane import Line, Surface, plane
from study.figures.png import png
from study.trial import TrialOutcome, TrialRecord


@dataclass(frozen=True, kw_only=True)
class StudyFindings:
    """What the plots of a study show.

    Attributes
    ----------
    trials : sequence of TrialOutcome
    objective_label, loss_label : str
        The objective and the loss by name, with units.
    surface : tuple of (betas, etas, values), or None
        The exact or the expected objective where it is known; `values` has shape (n_betas, n_etas) and is infinite
        where the descent diverges.
    surface_is_expected : bool
        Whether the surface is an expectation, as of mini-batches.
    stability_limit : tuple of (betas, etas), or None
        Points of the line above which the descent diverges.
    importance : mapping of str to float
        Each hyper-parameter's share of the objective's variation.
    best : TrialRecord or None
        None if no trial was completed.
    """

    trials: Sequence[TrialOutcome]
    objective_label: str
    loss_label: str
    surface: Surface | None
    surface_is_expected: bool = False
    stability_limit: Line | None
    importance: Mapping[str, float]
    best: TrialRecord | None


@dataclass(frozen=True)
class StudyPlot:
    """One plot of a study.

    Attributes
    ----------
    path : str
        Its artifact's path in the study's run.
    draw : callable
        Returns the figure; None where the study found nothing that the plot could show.
    """

    path: str
    draw: Callable[[StudyFindings], Figure | None]


class DrawnPlot(NamedTuple):
    """A study's plot as a PNG."""

    path: str
    png: bytes


def _plane(findings: StudyFindings) -> Figure:
    return plane(
        findings.trials,
        objective_label=findings.objective_label,
        surface=findings.surface,
        surface_is_expected=findings.surface_is_expected,
        stability_limit=findings.stability_limit,
    )


def _history(findings: StudyFindings) -> Figure:
    return history(findings.trials, findings.objective_label)


def _importance(findings: StudyFindings) -> Figure:
    return importance(findings.importance)


def _best_curve(findings: StudyFindings) -> Figure | None:
    return None if findings.best is None else loss_curve(findings.best, findings.loss_label)


STUDY_PLOTS = (
    StudyPlot("plots/plane.png", _plane),
    StudyPlot("plots/history.png", _history),
    StudyPlot("plots/importance.png", _importance),
    StudyPlot("plots/best_curve.png", _best_curve),
)
"""In the order of the report's page."""


def draw_study(findings: StudyFindings) -> list[DrawnPlot]:
    """Draw every plot of a study that has something to show, in the order of `STUDY_PLOTS`."""
    figures = [(plot, plot.draw(findings)) for plot in STUDY_PLOTS]
    return [DrawnPlot(plot.path, png(figure)) for plot, figure in figures if figure is not None]
