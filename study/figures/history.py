"""A study's history: the objective of every trial, and the best so far."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.study_axes import (
    WITHOUT_OBJECTIVE,
    has_objective,
    legend_below,
    mark,
    state_shown,
    study_axes,
    upper_limit,
)
from study.figures.style import BLUE, GREEN, ORANGE, needs_log_axis, set_linear_ticks, set_scale, set_ticks
from study.trial import TrialOutcome


def history(trials: Sequence[TrialOutcome], objective_label: str = "Validation MSE") -> Figure:
    """Draw the objective by trial number, and the best so far.

    Parameters
    ----------
    trials : sequence of TrialOutcome
    objective_label : str
        What is minimised, with its unit.

    Returns
    -------
    Figure
        Trials without an objective are marked at the top, and so are those far above the others.
    """
    figure, axes = study_axes("Optimisation history", "Trial", objective_label)
    last = max((trial.number for trial in trials), default=0)
    axes.set_xlim(-0.5 - 0.01 * last, last + 0.5 + 0.01 * last)
    set_linear_ticks(axes.xaxis, 8, whole=True)
    done = sorted((trial for trial in trials if has_objective(trial)), key=lambda trial: trial.number)
    if done:
        _draw_objectives(axes, done, last)
    else:
        set_ticks(axes.yaxis, [], [])
        axes.text(0.5, 0.5, "No trial was completed.", transform=axes.transAxes, ha="center", fontsize=11)
    for state, look in WITHOUT_OBJECTIVE.items():
        numbers = [trial.number for trial in trials if state_shown(trial) == state]
        if numbers:
            axes.plot(
                numbers, np.ones(len(numbers)), **look, **_at_top(axes), label=f"{state} (no objective)"
            )
    legend_below(figure, axes, 4)
    return figure


def _draw_objectives(axes: Axes, done: Sequence[TrialOutcome], last: int) -> None:
    """Draw the trials that have an objective, by number, and the best so far up to trial `last`."""
    numbers = np.array([trial.number for trial in done], float)
    values = np.array([trial.objective for trial in done], float)
    limit = upper_limit(values)
    inside = values <= limit
    set_scale(axes.yaxis, values.min(), limit, log=needs_log_axis(values[inside]), room=0.12)
    best = np.minimum.accumulate(values)
    axes.step(
        np.append(numbers, last + 0.5),
        np.append(best, best[-1]),
        where="post",
        color=BLUE,
        lw=1.8,
        label="best so far",
    )
    axes.plot(numbers[inside], values[inside], **mark("o", BLUE, 6), label="complete", alpha=0.8)
    if not inside.all():
        at_top = np.ones((~inside).sum())
        axes.plot(
            numbers[~inside], at_top, **mark("^", BLUE, 7), **_at_top(axes), label="complete, far above"
        )
    note = next((trial for trial in done if trial.is_note), None)
    if note is not None and note.objective is not None and note.objective <= limit:
        axes.plot(note.number, note.objective, **mark("s", ORANGE, 9), label="the note's advice", zorder=4)
    axes.plot(numbers[values.argmin()], values.min(), **mark("*", GREEN, 15), label="best", zorder=5)


def _at_top(axes: Axes) -> dict[str, Any]:
    """Return settings by which a y of 1 is the upper edge of the axes."""
    return {"transform": axes.get_xaxis_transform(), "clip_on": False}
