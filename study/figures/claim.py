"""A claim's picture: what was measured against the theory, and every problem's effect under its interval."""

import math
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import ScaledTranslation

from study.figures.style import BLUE, GREEN, GREY, INK, ORANGE, PALE, VERMILLION, dress, safe, scale, ticks

COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, "#CC79A7", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P")
# Print and dense screens show it at this; a page scales it down.
DPI = 140
PANEL_HEIGHT, LEGEND_ROW, ROW_HEIGHT = 3.3, 0.22, 0.42
MOST_PANELS = 3
# Above this many points a marker each becomes a cloud.
MANY = 150


def claim(entry: Mapping[str, Any], panels: Sequence[Any]) -> Figure:
    """A claim's panels, one under the other, and a strip of its effects.

    Parameters
    ----------
    entry : mapping
        What `guidance.json` says of the claim.
    panels : sequence of Panel
        At most three are drawn.

    Returns
    -------
    Figure
    """
    panels = panels[:MOST_PANELS]
    strip = 1.0 + ROW_HEIGHT * (1 + len(entry["groups"]))
    heights = [*(PANEL_HEIGHT + LEGEND_ROW * _legend_rows(panel) for panel in panels), strip]
    figure = Figure(
        figsize=(7.4, sum(heights)), dpi=DPI, layout=ConstrainedLayoutEngine(hspace=0.06, h_pad=0.07)
    )
    axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    for one, panel in zip(axes, panels, strict=False):
        _panel(one, panel)
    _strip(axes[-1], entry)
    return figure


def _panel(axes: Axes, panel: Any) -> None:
    dress(axes, panel.x_label, panel.y_label)
    # Longer than the axes are high, or nearly.
    axes.set_ylabel(textwrap.fill(safe(panel.y_label), 36), fontsize=10)
    axes.set_title(safe(panel.title), loc="left", fontsize=11)
    looks = _looks(panel.series)
    # Theory's lines without a group are all in ink, and told apart by their dashes.
    plain = cycle(("-", "-.", ":"))
    seen_x: list[np.ndarray] = []
    seen_y: list[np.ndarray] = []
    names: list[str] = []
    for series in panel.series:
        x, y = np.asarray(series.x), np.asarray(series.y, float)
        if x.dtype.kind in "USO":
            names = list(dict.fromkeys([*names, *map(str, x)]))
            x = np.array([names.index(str(value)) for value in x])
        x = x.astype(float)
        kept = _drawable(x, panel.x_log) & _drawable(y, panel.y_log)
        colour, marker = looks.get(series.label if series.group is None else series.group, (INK, "o"))
        label = safe(series.label)
        if series.kind == "measured":
            many = kept.sum() > MANY
            axes.plot(x[kept], y[kept], ls="", marker=marker, ms=3 if many else 5.5, mfc=colour,
                      mec="none" if many else "white", mew=0.6, alpha=0.5 if many else 0.9, label=label)  # fmt: skip
        else:
            # A gap where it is not finite, rather than a line across.
            drawn = np.where(kept, y, np.nan)
            thin = series.kind == "reference"
            look: dict[str, Any] = (
                {"color": GREY, "lw": 0.9, "ls": "--"} if thin else {"color": colour, "lw": 1.6, "ls": "-"}
            )
            if not thin and series.group is None:
                look["ls"] = next(plain)
            axes.plot(x, drawn, **look, zorder=1.5, label=label)
        seen_x.append(x[kept])
        seen_y.append(y[kept])
    for axis, seen, log in ((axes.xaxis, seen_x, panel.x_log), (axes.yaxis, seen_y, panel.y_log)):
        values = np.concatenate(seen) if seen else np.array([])
        if values.size:
            scale(axis, float(values.min()), float(values.max()), log)
    if names:
        ticks(axes.xaxis, range(len(names)), names)
    if not any(values.size for values in seen_x):
        axes.text(0.5, 0.5, "Nothing to draw.", transform=axes.transAxes, ha="center", fontsize=11)
    handles, labels = axes.get_legend_handles_labels()
    found = dict(zip(labels, handles, strict=True))
    if found:
        # So far below the axes, in inches, as the ticks and the label reach.
        below = axes.transAxes + ScaledTranslation(0, -0.5, axes.figure.dpi_scale_trans)
        axes.legend(
            list(found.values()),
            list(found),
            loc="upper center",
            bbox_to_anchor=(0.5, 0),
            bbox_transform=below,
            ncols=_columns(found),
            frameon=False,
            fontsize=9.5,
            columnspacing=1.4,
            handlelength=1.8,
            borderaxespad=0,
        )


def _looks(series: Sequence[Any]) -> dict[str, tuple[str, str]]:
    """A colour and a marker for every group, and for every label without one."""
    keys = dict.fromkeys(
        s.label if s.group is None else s.group
        for s in series
        if s.kind == "measured" or (s.kind == "theory" and s.group is not None)
    )
    looks = dict(zip(keys, cycle(zip(COLOURS, MARKERS, strict=True)), strict=False))
    return looks


def _drawable(values: np.ndarray, log: bool) -> np.ndarray:
    return np.isfinite(values) & ((values > 0) if log else np.ones(len(values), bool))


def _legend_rows(panel: Any) -> int:
    labels = dict.fromkeys(series.label for series in panel.series)
    return math.ceil(len(labels) / _columns(labels)) if labels else 0


def _columns(labels: Iterable[str]) -> int:
    """As many as fit side by side."""
    lengths = [len(label) for label in labels]
    return max(1, min(len(lengths), 100 // (max(lengths) + 7)))


def _strip(axes: Axes, entry: Mapping[str, Any]) -> None:
    """Every problem's effect as a dot, every interval as a bar, δ as a line."""
    place, label, log = _measure(entry)
    share = entry["rule"] == "share"
    rows = [("all problems" if not share else f"{entry['agreeing']} of {entry['n']} cells", entry, INK)]
    rows += [(group["name"], group, COLOURS[i]) for i, group in enumerate(entry["groups"])]
    dress(axes, label, "")
    title = "Share of cells and its 95 % interval" if share else "Each problem's effect, means and intervals"
    axes.set_title(f"{title}: {entry['verdict']}", loc="left", fontsize=11)
    seen = [place(entry["delta"])] + ([] if share or entry["rule"] == "regret" else [place(0.0)])
    for row, (_, numbers, colour) in enumerate(rows):
        at = len(rows) - 1 - row
        own = [p["effect"] for p in entry["problems"] if row == 0 or numbers["name"] in p["groups"]]
        # Where a problem has cells in both groups, its mean says nothing of either.
        plain = row == 0 or all(len(p["groups"]) < 2 for p in entry["problems"])
        if not share and plain:
            dots = np.array([place(value) for value in own])
            shift = 0.24 * ((np.arange(len(dots)) * 0.618034) % 1 - 0.5)
            axes.plot(dots, at + shift, ls="", marker="o", ms=5, mfc=colour, mec="white", mew=0.5, alpha=0.45)
            seen += dots.tolist()
        if numbers["effect"] is None or not numbers["n"]:
            continue
        ends = [numbers["ci_low"], numbers["ci_high"]]
        if None not in ends:
            low, high = map(place, ends)
            axes.plot([low, high], [at, at], color=colour, lw=3, solid_capstyle="butt", zorder=3)
            seen += [low, high]
        axes.plot(place(numbers["effect"]), at, marker="D", ms=7, mfc="white", mec=colour, mew=1.8, zorder=4)
        seen.append(place(numbers["effect"]))
    if entry["rule"] == "effect":
        axes.axvline(place(0.0), color=PALE, lw=1.2, zorder=0)
    axes.axvline(place(entry["delta"]), color=GREY, lw=1.2, ls="--", zorder=0)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    ticks(axes.yaxis, [len(rows) - 1 - i for i in range(len(rows))], [name for name, _, _ in rows])
    axes.tick_params(axis="y", length=0)
    scale(axes.xaxis, min(seen), max(seen), log)
    # δ has its name on the line, above the topmost row.
    axes.annotate("δ", (place(entry["delta"]), 1), (3, -9), xycoords=("data", "axes fraction"),
                  textcoords="offset points", color=GREY, fontsize=10)  # fmt: skip


def _measure(entry: Mapping[str, Any]) -> tuple[Callable[[float], float], str, bool]:
    """How an effect is placed on the strip's axis, and that axis's label and scale."""
    if entry["rule"] == "share":
        return (lambda value: 100 * value), "Share of cells where it occurs (%)", False
    if entry["rule"] == "regret":
        return math.exp, "Cost as a multiple of the best", True
    if entry["kind"] == "speed":
        return math.exp, "Ratio, in the claim's favour above 1", True
    if entry["kind"] == "test loss":
        return (lambda value: 100 * math.expm1(value)), "Test loss saved (%)", False
    return (lambda value: 100 * value), "Difference in the claim's favour (points)", False
