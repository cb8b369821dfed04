"""One panel of a claim's picture: theory as lines, measurements as points."""

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from study.figures.panel import Panel, Series
from study.figures.style import (
    GREY,
    GROUP_COLOURS,
    INK,
    label_axes,
    plain_text,
    set_scale,
    set_ticks,
)

MARKERS = ("o", "s", "^", "D", "v", "P")

MANY_POINTS = 150
"""If there are more points than this, they cover each other, and get a small mark without an edge."""

LEGEND_CHARACTERS = 100
"""Characters of text that fit side by side."""

Look = tuple[str, str]
"""A colour and a marker."""


def draw_panel(axes: Axes, panel: Panel) -> None:
    """Draw a panel, with its legend below the axes."""
    label_axes(axes, panel.x_label, "")
    # A label of one line could be longer than the axes are high.
    axes.set_ylabel(textwrap.fill(plain_text(panel.y_label), 36), fontsize=10)
    axes.set_title(plain_text(panel.title), loc="left", fontsize=11)
    names = _names(panel.series)
    looks = _looks(panel.series)
    dashes = cycle(("-", "-.", ":"))
    seen_x: list[np.ndarray] = []
    seen_y: list[np.ndarray] = []
    for series in panel.series:
        x, y = _numbers(series.x, names), np.asarray(series.y, float)
        shown = _can_be_shown(x, panel.x_log) & _can_be_shown(y, panel.y_log)
        look = looks.get(_group(series), (INK, "o"))
        if series.kind == "measured":
            _draw_points(axes, x[shown], y[shown], look, plain_text(series.label))
        else:
            # A line has a gap where it cannot be shown.
            _draw_line(axes, x, np.where(shown, y, np.nan), series, look[0], dashes)
        seen_x.append(x[shown])
        seen_y.append(y[shown])
    for axis, seen, log in ((axes.xaxis, seen_x, panel.x_log), (axes.yaxis, seen_y, panel.y_log)):
        values = np.concatenate(seen) if seen else np.array([])
        if values.size:
            set_scale(axis, float(values.min()), float(values.max()), log=log)
    if names:
        set_ticks(axes.xaxis, range(len(names)), names)
    if not any(values.size for values in seen_x):
        axes.text(0.5, 0.5, "Nothing to draw.", transform=axes.transAxes, ha="center", fontsize=11)
    _legend_below(axes)


def n_legend_rows(panel: Panel) -> int:
    """Return how many rows the panel's legend takes."""
    labels = dict.fromkeys(series.label for series in panel.series)
    return math.ceil(len(labels) / _n_columns(labels)) if labels else 0


def _group(series: Series) -> str:
    """Return what a series shares its colour with; by itself it is its own group."""
    return series.label if series.group is None else series.group


def _names(series: Sequence[Series]) -> list[str]:
    """Return the names on an x axis of names, in their order; empty for an axis of numbers."""
    axes = (np.asarray(one.x) for one in series)
    return list(dict.fromkeys(str(name) for x in axes if x.dtype.kind in "USO" for name in x))


def _numbers(x: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return places on the x axis as numbers: a name's place is its index."""
    x = np.asarray(x)
    if x.dtype.kind in "USO":
        x = np.array([names.index(str(name)) for name in x])
    return x.astype(float)


def _looks(series: Sequence[Series]) -> dict[str, Look]:
    """Return a colour and a marker for each group; a line of theory without a group has none."""
    coloured = (s for s in series if s.kind == "measured" or (s.kind == "theory" and s.group is not None))
    groups = dict.fromkeys(map(_group, coloured))
    return dict(zip(groups, cycle(zip(GROUP_COLOURS, MARKERS, strict=True)), strict=False))


def _can_be_shown(values: np.ndarray, log: bool) -> np.ndarray:
    return np.isfinite(values) & ((values > 0) if log else np.ones(len(values), bool))


def _draw_points(axes: Axes, x: np.ndarray, y: np.ndarray, look: Look, label: str) -> None:
    colour, marker = look
    is_many = len(x) > MANY_POINTS
    axes.plot(
        x,
        y,
        ls="",
        marker=marker,
        ms=3 if is_many else 5.5,
        mfc=colour,
        mec="none" if is_many else "white",
        mew=0.6,
        alpha=0.5 if is_many else 0.9,
        label=label,
    )


def _draw_line(
    axes: Axes, x: np.ndarray, y: np.ndarray, series: Series, colour: str, dashes: Iterator[str]
) -> None:
    """Draw theory or a reference. Lines of theory without a group differ in their dashes."""
    look: dict[str, Any] = {"color": colour, "lw": 1.6, "ls": "-"}
    if series.kind == "reference":
        look = {"color": GREY, "lw": 0.9, "ls": "--"}
    elif series.group is None:
        look["ls"] = next(dashes)
    axes.plot(x, y, **look, zorder=1.5, label=plain_text(series.label))


def _legend_below(axes: Axes) -> None:
    """Explain each label once, below the axes."""
    handles, labels = axes.get_legend_handles_labels()
    found = dict(zip(labels, handles, strict=True))
    if not found:
        return
    # Half an inch below the axes: the ticks and the axis's label take that much.
    below = axes.transAxes + ScaledTranslation(0, -0.5, axes.figure.dpi_scale_trans)
    axes.legend(
        list(found.values()),
        list(found),
        loc="upper center",
        bbox_to_anchor=(0.5, 0),
        bbox_transform=below,
        ncols=_n_columns(found),
        frameon=False,
        fontsize=9.5,
        columnspacing=1.4,
        handlelength=1.8,
        borderaxespad=0,
    )


def _n_columns(labels: Iterable[str]) -> int:
    """Return how many labels fit side by side."""
    lengths = [len(label) for label in labels]
    return max(1, min(len(lengths), LEGEND_CHARACTERS // (max(lengths) + 7)))
