"""What the plots of a whole study share: axes, legend, and how a trial is marked."""

import math
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.png import ShownFigure
from study.figures.style import DPI, GREY, INK, VERMILLION, label_axes
from study.trial import TrialOutcome

WITHOUT_OBJECTIVE: dict[str, dict[str, Any]] = {
    "diverged": {"ls": "", "marker": "x", "ms": 7, "mew": 1.8, "color": VERMILLION},
    "pruned": {"ls": "", "marker": "D", "ms": 5, "mfc": "white", "mec": GREY, "mew": 1.3},
    "failed": {"ls": "", "marker": "+", "ms": 9, "mew": 1.8, "color": INK},
}
"""How a trial without an objective is marked, by its state."""


def has_objective(trial: TrialOutcome) -> bool:
    """Return whether a trial was completed with a finite objective."""
    return trial.state == "complete" and trial.objective is not None and math.isfinite(trial.objective)


def state_shown(trial: TrialOutcome) -> str:
    """Return a trial's state; a completed trial whose objective is not finite is shown as failed."""
    return "failed" if trial.state == "complete" and not has_objective(trial) else trial.state


def mark(shape: str, colour: str, size: float) -> dict[str, Any]:
    """Return matplotlib's settings for marks without a line between them."""
    edge = "white" if shape == "o" else INK
    return {"ls": "", "marker": shape, "ms": size, "mfc": colour, "mec": edge, "mew": 0.8}


def study_axes(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """Return an empty figure of a study, and its axes."""
    figure = ShownFigure(figsize=(7.4, 5), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    label_axes(axes, x_label, y_label)
    axes.set_title(title, loc="left", fontsize=11, pad=12)
    return figure, axes


def legend_below(figure: Figure, axes: Axes, n_columns: int) -> None:
    """Explain the marks below the axes, if there are any."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, labels, loc="outside lower center", ncols=n_columns, frameon=False, fontsize=9.5
        )


def upper_limit(values: np.ndarray) -> float:
    """Return the largest value that an axis or a colour scale has to hold.

    Larger ones lie so far above the upper quartile that the differences between the others could not be seen.
    """
    logs = np.log10(np.maximum(values, 1e-300))
    low, high = np.quantile(logs, [0.25, 0.75])
    return float(values[logs <= high + 3 * (high - low) + 0.3].max())
