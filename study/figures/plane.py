"""A study's β×η plane: trials by β and η, coloured by objective, on the exact or expected surface if it is known."""

import math
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from study.figures.colour_scale import colour_scale, label_colour_bar
from study.figures.plane_labels import label_note_and_best
from study.figures.study_axes import (
    WITHOUT_OBJECTIVE,
    has_objective,
    legend_below,
    mark,
    state_shown,
    study_axes,
)
from study.figures.style import INK, PALE, VERMILLION, set_locator, set_scale
from study.trial import NOTE, TrialOutcome

Surface = tuple[np.ndarray, np.ndarray, np.ndarray]
Line = tuple[np.ndarray, np.ndarray]

COLOURS = matplotlib.colormaps["viridis_r"].with_extremes(bad=PALE)


def plane(
    trials: Sequence[TrialOutcome],
    *,
    objective_label: str = "Validation MSE",
    surface: Surface | None = None,
    surface_is_expected: bool = False,
    stability_limit: Line | None = None,
) -> Figure:
    """Draw every trial at its β and η, coloured by its objective.

    Parameters
    ----------
    trials : sequence of TrialOutcome
    objective_label : str
        What the colour shows, with its unit.
    surface : tuple of (betas, etas, values), optional
        The exact or expected objective; `values` has shape (n_betas, n_etas) and is infinite where the descent diverges.
    surface_is_expected : bool
        Whether the surface is an expectation, as of mini-batches; the title then says so.
    stability_limit : tuple of (betas, etas), optional
        Points of the line above which the descent diverges. What lies outside the axes is not drawn.

    Returns
    -------
    Figure
        β is on the log scale of 1 − β, and grows to the right.
    """
    title = "Every trial's β and η"
    if surface is not None and surface_is_expected:
        title += ", on the objective that is expected over the order of the rows"
    figure, axes = study_axes(title, "β (momentum), on the log scale of 1 − β", "η (learning rate)")
    placed = [trial for trial in trials if _has_place(trial)]
    done = [trial for trial in placed if has_objective(trial)]
    objectives = np.array([trial.objective for trial in done], float)
    seen = objectives if surface is None else np.append(objectives, surface[2][np.isfinite(surface[2])])
    norm = colour_scale(objectives, seen)
    _set_axes(axes, placed, surface)
    coloured: Any = None
    if surface is not None:
        coloured = _draw_surface(axes, surface, norm)
    if stability_limit is not None:
        betas, etas = stability_limit
        axes.plot(1 - betas, etas, color=VERMILLION, lw=1.6, ls="--", label="stability limit")
    _draw_trials_without_objective(axes, placed)
    if done:
        coloured = _draw_objectives(axes, done, objectives, norm)
    elif not placed:
        axes.text(0.5, 0.5, "No trial has both a β and an η.", transform=axes.transAxes, ha="center")
    if coloured is not None and seen.size:
        extend = "max" if seen.max() > norm.vmax else "neither"
        bar = figure.colorbar(coloured, ax=axes, extend=extend, pad=0.02)
        label_colour_bar(bar, norm, objective_label)
    legend_below(figure, axes, 6)
    label_note_and_best(figure, axes, placed, lambda objective: COLOURS(norm(objective)))
    return figure


def _has_place(trial: TrialOutcome) -> bool:
    """Return whether the trial has a β and an η that logarithmic axes can show."""
    beta, eta = trial.params.get("beta"), trial.params.get("eta")
    if not isinstance(beta, int | float) or not isinstance(eta, int | float):
        return False
    return beta < 1 and 0 < eta < math.inf


def _places(trials: Sequence[TrialOutcome]) -> tuple[np.ndarray, np.ndarray]:
    """Return the trials' 1 − β and η."""
    betas = np.array([trial.params["beta"] for trial in trials], float)
    return 1 - betas, np.array([trial.params["eta"] for trial in trials], float)


def _set_axes(axes: Axes, placed: Sequence[TrialOutcome], surface: Surface | None) -> None:
    """Make the axes hold all trials, the surface and the note's advice."""
    gaps, etas = _places(placed)
    gaps, etas = np.append(gaps, 1 - NOTE["beta"]), np.append(etas, NOTE["eta"])
    if surface is not None:
        gaps, etas = np.append(gaps, 1 - surface[0]), np.append(etas, surface[1])
    room = 1.25 if surface is None else 1.05
    axes.set_xscale("log")
    # The larger one first: 1 − β falls from left to right, so β grows.
    axes.set_xlim(gaps.max() * room, gaps.min() / room)
    _set_beta_ticks(axes.xaxis, math.log10(gaps.max() / gaps.min() * room**2))
    set_scale(axes.yaxis, etas.min(), etas.max(), log=True, room=0.06 if surface is None else 0.01)


def _set_beta_ticks(axis: Axis, decades: float) -> None:
    """Put ticks on the axis of 1 − β, and label each by its β."""
    if decades < 0.75:
        locator: Any = MaxNLocator(4, steps=[1, 2, 5, 10])
    elif decades < 4:
        locator = LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2.2 else (1.0, 5.0), numticks=100)
    else:
        locator = LogLocator(numticks=8)
    set_locator(axis, locator, FuncFormatter(lambda gap, _: f"{1 - gap:.10g}"))


def _draw_surface(axes: Axes, surface: Surface, norm: Normalize) -> Any:
    betas, etas, values = surface
    shown = np.ma.masked_invalid(np.where(values < 1e300, values, np.inf).T)
    coloured = axes.pcolormesh(1 - betas, etas, shown, norm=norm, cmap=COLOURS, shading="nearest")
    if shown.mask.any():
        axes.plot([], [], **mark("s", PALE, 9), label="diverges")
    return coloured


def _draw_trials_without_objective(axes: Axes, placed: Sequence[TrialOutcome]) -> None:
    for state, look in WITHOUT_OBJECTIVE.items():
        ended_so = [trial for trial in placed if state_shown(trial) == state]
        if ended_so:
            axes.plot(*_places(ended_so), **look, label=state, zorder=3, clip_on=False)


def _draw_objectives(
    axes: Axes, done: Sequence[TrialOutcome], objectives: np.ndarray, norm: Normalize
) -> Any:
    gaps, etas = _places(done)
    # A white ring: without it a trial cannot be seen where the surface has its colour.
    axes.scatter(gaps, etas, s=85, color="white", zorder=4, clip_on=False)
    return axes.scatter(
        gaps,
        etas,
        c=objectives,
        norm=norm,
        cmap=COLOURS,
        s=40,
        edgecolors=INK,
        linewidths=0.7,
        label="complete",
        zorder=4,
        clip_on=False,
    )
