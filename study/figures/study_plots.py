"""A study's plots: its history, the β×η plane, and what mattered."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm, Normalize
from matplotlib.figure import Figure

from study.figures import ticks as scales
from study.figures.style import (
    BLUE,
    DPI,
    GREEK,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    VERMILLION,
    dress,
    safe,
    scale,
    sentence,
    ticks,
)
from study.notation import number
from study.trial import NOTE, TrialRecord

ADVICE = (NOTE["beta"], NOTE["eta"])
COLOURS = matplotlib.colormaps["viridis_r"].with_extremes(bad=PALE)
# The colour scale is logarithmic in the excess over the best: linear below 1 % of it, and clipped above.
EXCESSES = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
# Trials that have no objective, and how to mark them.
LOST: dict[str, dict[str, Any]] = {
    "diverged": {"ls": "", "marker": "x", "ms": 7, "mew": 1.8, "color": VERMILLION},
    "pruned": {"ls": "", "marker": "D", "ms": 5, "mfc": "white", "mec": GREY, "mew": 1.3},
    "failed": {"ls": "", "marker": "+", "ms": 9, "mew": 1.8, "color": INK},
}
Placed = tuple[TrialRecord, tuple[float, float]]


def history(records: Sequence[TrialRecord], objective_label: str = "Validation MSE") -> Figure:
    """The objective by trial number, and the best so far.

    Parameters
    ----------
    records : sequence of TrialRecord
    objective_label : str
        What is minimised, with its unit.

    Returns
    -------
    Figure
        Trials without an objective are marked at the top, as is what lies far above the others.
    """
    figure, axes = _blank("Optimisation history", "Trial", objective_label)
    done = sorted((r for r in records if _has_objective(r)), key=lambda r: r.number)
    numbers = np.array([r.number for r in done], float)
    values = np.array([r.objective for r in done], float)
    last = max((r.number for r in records), default=0)
    axes.set_xlim(-0.5 - 0.01 * last, last + 0.5 + 0.01 * last)
    ticks(axes.xaxis, *scales.linear_ticks(0, max(last, 1), 8, whole=True))
    top: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "clip_on": False}
    if done:
        cap = _cap(values)
        inside = values <= cap
        scale(axes.yaxis, values.min(), cap, scales.asks_for_log(values[inside]), room=0.12)
        best = np.minimum.accumulate(values)
        axes.step(
            np.append(numbers, last + 0.5),
            np.append(best, best[-1]),
            where="post",
            color=BLUE,
            lw=1.8,
            label="best so far",
        )
        axes.plot(numbers[inside], values[inside], **_dots("o", BLUE, 6), label="complete", alpha=0.8)
        if not inside.all():
            high = np.ones((~inside).sum())
            axes.plot(numbers[~inside], high, **_dots("^", BLUE, 7), **top, label="complete, far above")
        if done[0].number == 0 and inside[0]:
            axes.plot(0, values[0], **_dots("s", ORANGE, 9), label="the note's advice", zorder=4)
        axes.plot(numbers[values.argmin()], values.min(), **_dots("*", GREEN, 15), label="best", zorder=5)
    else:
        ticks(axes.yaxis, [])
        axes.text(0.5, 0.5, "No trial was completed.", transform=axes.transAxes, ha="center", fontsize=11)
    for state, look in LOST.items():
        where = [r.number for r in records if _state(r) == state]
        if where:
            axes.plot(where, np.ones(len(where)), **look, **top, label=f"{state} (no objective)")
    _legend_below(figure, axes, 4)
    return figure


def plane(
    records: Sequence[TrialRecord],
    *,
    objective_label: str = "Validation MSE",
    surface: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None,
    curvature: float | None = None,
    fixed: Mapping[str, float] | None = None,
) -> Figure:
    """Every trial where its β and η put it, coloured by its objective.

    Parameters
    ----------
    records : sequence of TrialRecord
    objective_label : str
        What the colour shows, with its unit.
    surface : tuple of (betas, etas, values), optional
        The exact objective, `values` of shape (n_betas, n_etas), infinite where it diverges.
    curvature : float, optional
        Largest eigenvalue L of the Hessian; draws momentum's stability limit 2(1 + β) / ((1 − β)L).
    fixed : mapping, optional
        The `beta` or `eta` of a study that does not search it.

    Returns
    -------
    Figure
    """
    figure, axes = _blank(
        "Every trial's β and η", "β (momentum), on the log scale of 1 − β", "η (learning rate)"
    )
    placed = [(r, spot) for r in records if (spot := _place(r, fixed or {})) is not None]
    done = [(r, spot) for r, spot in placed if _has_objective(r)]
    values = np.array([r.objective for r, _ in done], float)
    betas, etas = (np.array([spot[k] for _, spot in placed] + [ADVICE[k]]) for k in (0, 1))
    seen = values
    if surface is not None:
        betas, etas = np.append(betas, surface[0]), np.append(etas, surface[1])
        seen = np.append(seen, surface[2][np.isfinite(surface[2])])
    room = 1.05 if surface is not None else 1.25
    widest, narrowest = (1 - betas).max() * room, (1 - betas).min() / room
    axes.set_xscale("log")
    axes.set_xlim(widest, narrowest)
    ticks(axes.xaxis, *scales.beta_ticks(betas))
    scale(axes.yaxis, etas.min(), etas.max(), True, room=0.01 if surface is not None else 0.06)
    norm = _colour_scale(values, seen)
    coloured: Any = None
    if surface is not None:
        shown = np.ma.masked_invalid(np.where(surface[2] < 1e300, surface[2], np.inf).T)
        coloured = axes.pcolormesh(
            1 - surface[0], surface[1], shown, norm=norm, cmap=COLOURS, shading="nearest"
        )
        if shown.mask.any():
            axes.plot([], [], **_dots("s", PALE, 9), label="diverges")
    if curvature is not None:
        gaps = np.geomspace(widest, narrowest, 200)
        limit = 2 * (2 - gaps) / (gaps * curvature)
        axes.plot(gaps, limit, color=VERMILLION, lw=1.6, ls="--", label="stability limit")
    for state, look in LOST.items():
        spots = [spot for r, spot in placed if _state(r) == state]
        if spots:
            axes.plot(
                [1 - b for b, _ in spots], [e for _, e in spots], **look, label=state, zorder=3, clip_on=False
            )
    if done:
        where = np.array([spot for _, spot in done])
        look = {"c": values, "norm": norm, "cmap": COLOURS, "s": 40, "edgecolors": INK, "linewidths": 0.7}
        # A ring of white, or trials would vanish in a surface that they agree with.
        axes.scatter(1 - where[:, 0], where[:, 1], s=85, color="white", zorder=4, clip_on=False)
        coloured = axes.scatter(
            1 - where[:, 0], where[:, 1], **look, label="complete", zorder=4, clip_on=False
        )
    elif not placed:
        axes.text(0.5, 0.5, "No trial has both a β and an η.", transform=axes.transAxes, ha="center")
    if coloured is not None:
        bar = figure.colorbar(
            coloured, ax=axes, extend="max" if seen.max() > norm.vmax else "neither", pad=0.02
        )
        _label_colours(bar, norm, objective_label)
    _legend_below(figure, axes, 6)
    _annotate(figure, axes, placed, norm)
    return figure


def importance(shares: Mapping[str, float], title: str = "What moved the objective") -> Figure:
    """How much of the objective's variation each hyper-parameter explains.

    Parameters
    ----------
    shares : mapping of str to float
        By hyper-parameter, summing to 1.
    title : str

    Returns
    -------
    Figure
    """
    ranked = sorted(shares.items(), key=lambda item: item[1])[-20:]
    if not ranked:
        return sentence(title, "Too few complete trials to tell.")
    figure = Figure(figsize=(7, 1.5 + 0.34 * len(ranked)), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    dress(axes, "Share of the variation explained", "")
    axes.set_title(safe(title), loc="left", fontsize=11)
    rows, widths = range(len(ranked)), [share for _, share in ranked]
    bars = axes.barh(rows, widths, color=BLUE, height=0.62)
    axes.bar_label(bars, [f"{100 * share:.0f} %" for share in widths], padding=4, fontsize=10)
    ticks(axes.yaxis, rows, [GREEK.get(name, name) for name, _ in ranked])
    axes.tick_params(axis="y", length=0)
    end = 1.12 * (max(widths) or 1.0)
    axes.set_xlim(0, end)
    ticks(axes.xaxis, *scales.linear_ticks(0, end))
    return figure


def _blank(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.4, 5), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    dress(axes, x_label, y_label)
    axes.set_title(title, loc="left", fontsize=11, pad=12)
    return figure, axes


def _legend_below(figure: Figure, axes: Axes, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=9.5)


def _dots(marker: str, colour: str, size: float) -> dict[str, Any]:
    edge = "white" if marker == "o" else INK
    return {"ls": "", "marker": marker, "ms": size, "mfc": colour, "mec": edge, "mew": 0.8}


def _has_objective(record: TrialRecord) -> bool:
    return record.state == "complete" and record.objective is not None and math.isfinite(record.objective)


def _state(record: TrialRecord) -> str:
    return "failed" if record.state == "complete" and not _has_objective(record) else record.state


def _place(record: TrialRecord, fixed: Mapping[str, float]) -> tuple[float, float] | None:
    beta, eta = (record.params.get(key, fixed.get(key)) for key in ("beta", "eta"))
    if not isinstance(beta, int | float) or not isinstance(eta, int | float):
        return None
    return (float(beta), float(eta)) if beta < 1 and 0 < eta < math.inf else None


def _cap(values: np.ndarray) -> float:
    """Where an axis may end so that a few huge values do not flatten the rest."""
    logs = np.log10(np.maximum(values, 1e-300))
    low, high = np.quantile(logs, [0.25, 0.75])
    return float(values[logs <= high + 3 * (high - low) + 0.3].max())


def _colour_scale(values: np.ndarray, seen: np.ndarray) -> Normalize:
    best = float(seen.min(initial=np.inf))
    if not 0 < best < math.inf:
        return Normalize(0.0, float(seen.max(initial=1.0)) or 1.0)
    highest = max(_cap(values) if values.size else 2 * best, 1.1 * best)
    step = EXCESSES[1]

    def squeeze(value: Any) -> Any:
        return np.arcsinh(np.maximum(value / best - 1, 0) / step)

    def stretch(value: Any) -> Any:
        return best * (1 + step * np.sinh(value))

    return FuncNorm((squeeze, stretch), best, min(highest, (1 + EXCESSES[-1]) * best), clip=True)


def _label_colours(bar: Any, norm: Normalize, label: str) -> None:
    bar.set_label(safe(label))
    bar.ax.tick_params(labelsize=9.5)
    if not isinstance(norm, FuncNorm):
        return
    best, top = float(norm.vmin or 0), float(norm.vmax or 1)
    marks = [(best * (1 + excess), excess) for excess in EXCESSES if best * (1 + excess) <= top * 1.001]
    words = [f"{number(v, 4)} ({f'+{e:.0%}' if e else 'least'})".replace("%", " %") for v, e in marks]
    ticks(bar.ax.yaxis, [value for value, _ in marks], words)


def _annotate(figure: Figure, axes: Axes, placed: Sequence[Placed], norm: Normalize) -> None:
    """Mark the note's advice and the best, each with its words where they cover least."""
    done = [item for item in placed if _has_objective(item[0])]
    best = min(done, key=lambda item: item[0].objective or 0.0, default=None)
    note = next((item for item in placed if np.allclose(item[1], ADVICE)), None)
    # Positions in pixels are known only once the layout is.
    figure.draw_without_rendering()
    spots = [axes.transData.transform((1 - beta, eta)) for _, (beta, eta) in placed]
    frame = axes.get_window_extent()
    taken: list[tuple[float, float, float, float]] = []
    for item, name, marker, size in ((note, "the note's advice", "s", 9), (best, "best", "*", 18)):
        if item is None:
            continue
        record, (beta, eta) = item
        known = _has_objective(record)
        colour = COLOURS(norm(record.objective or 0.0)) if known else "white"
        axes.plot(1 - beta, eta, marker=marker, ms=size, mfc=colour, mec=INK, mew=1.6, zorder=6)
        text = f"{name}: {number(record.objective or 0.0, 4) if known else record.state}"
        width, height = 6.4 * len(text) + 10, 20
        x, y = axes.transData.transform((1 - beta, eta))

        def cost(shift: tuple[float, float]) -> float:
            left, low = x + shift[0] - width / 2, y + shift[1] - height / 2  # noqa: B023
            box = (left, low, left + width, low + height)  # noqa: B023
            inside = frame.x0 < box[0] and box[2] < frame.x1 and frame.y0 < box[1] and box[3] < frame.y1
            near = sum(box[0] - 6 < px < box[2] + 6 and box[1] - 6 < py < box[3] + 6 for px, py in spots)
            clash = any(box[0] < t[2] and t[0] < box[2] and box[1] < t[3] and t[1] < box[3] for t in taken)
            return near + 50 * clash + 100 * (not inside) + 0.005 * math.hypot(*shift)

        reach = (-1.0, -0.5, 0.0, 0.5, 1.0)
        shifts = [(dx * (width / 2 + 40), dy * 80) for dx in reach for dy in reach if abs(dx) + abs(dy) >= 1]
        dx, dy = min(shifts, key=cost)
        taken.append((x + dx - width / 2, y + dy - height / 2, x + dx + width / 2, y + dy + height / 2))
        taken.append((x - 8, y - 8, x + 8, y + 8))
        points = 72 / figure.dpi
        axes.annotate(
            text,
            (1 - beta, eta),
            (dx * points, dy * points),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=9.5,
            zorder=7,
            bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": INK, "lw": 0.6, "alpha": 0.92},
            arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.8},
        )
