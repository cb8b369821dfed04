"""A trial's two plots, drawn afresh or on figures that are kept: building one costs more than redrawing it."""

import math
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures import ticks as scales
from study.figures.style import (
    BLUE,
    DPI,
    INK,
    ORANGE,
    VERMILLION,
    caption,
    drawing,
    dress,
    encode,
    finite_head,
    heading,
    png,
    safe,
    scale,
    sentence,
    text_width,
    ticks,
)
from study.notation import number
from study.trial import TrialRecord

MOST_FEATURES, MOST_PANELS, LONGEST_NAME = 60, 4, 26

_kept: dict[type, tuple[tuple[Any, ...], Any]] = {}


def trial_pngs(
    record: TrialRecord, loss_label: str = "MSE", weight_label: str = "Weight"
) -> dict[str, bytes]:
    """A trial's plots, by artifact path.

    Parameters
    ----------
    record : TrialRecord
    loss_label, weight_label : str
        What the axes say, with units.

    Returns
    -------
    dict of str to bytes
        `plots/loss_curve.png` and `plots/weights.png`.
    """
    with drawing:
        curve = _keep(_LossCurve, loss_label, record.floor) if _has_curve(record) else None
        bars = _keep(_Weights, weight_label, *_names(record)) if _fits_panels(record) else None
        return {
            "plots/loss_curve.png": curve.png(record) if curve else png(loss_curve(record, loss_label)),
            "plots/weights.png": bars.png(record) if bars else png(weights(record, weight_label)),
        }


def loss_curve(record: TrialRecord, loss_label: str = "MSE", title: str | None = None) -> Figure:
    """Training and validation loss by epoch, and the least-squares floor.

    Parameters
    ----------
    record : TrialRecord
        A diverged trial's curve ends at its last finite value, which is marked.
    loss_label : str
        What the axis says, with its unit.
    title : str, optional
        What stands before β and η; the trial's number if left out.

    Returns
    -------
    Figure
    """
    if not _has_curve(record):
        return sentence(caption(record, title), "This trial left no losses.")
    return _LossCurve(loss_label, record.floor).show(record, title)


def weights(record: TrialRecord, weight_label: str = "Weight", title: str | None = None) -> Figure:
    """Each feature's weight: the mean over folds, and every fold's.

    Parameters
    ----------
    record : TrialRecord
    weight_label : str
        What the axis says, with its unit.
    title : str, optional
        What stands before β and η; the trial's number if left out.

    Returns
    -------
    Figure
        The 60 largest where there are more; a map where there are more than four targets.
    """
    if not record.coef.size:
        return sentence(caption(record, title), "This trial left no weights.")
    if not _fits_panels(record):
        return _weight_map(record, weight_label, title)
    return _Weights(weight_label, *_names(record)).show(record, title)


class _Plot:
    """A figure, and which of its artists change from trial to trial."""

    figure: Figure
    moving: list[tuple[Axes, Artist]]
    _still: Any = None

    def show(self, record: TrialRecord, title: str | None = None) -> Figure:
        raise NotImplementedError

    def png(self, record: TrialRecord) -> bytes:
        canvas = FigureCanvasAgg(self.figure) if self._still is None else self.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        self.show(record)
        if self._still is None:
            # Animated artists are left out of a draw, so this is what stays.
            for _, artist in self.moving:
                artist.set_animated(True)
            canvas.draw()
            self._still = canvas.copy_from_bbox(self.figure.bbox)
        canvas.restore_region(self._still)
        for axes, artist in self.moving:
            axes.draw_artist(artist)
        return encode(canvas)


class _LossCurve(_Plot):
    def __init__(self, loss_label: str, floor: float) -> None:
        self.figure = Figure(figsize=(7, 4.2), dpi=DPI)
        self.axes = axes = self.figure.add_axes((0.115, 0.125, 0.865, 0.72))
        dress(axes, "Epochs", loss_label)
        # A label that keeps its place costs no measuring of the ticks beside it.
        axes.xaxis.set_label_coords(0.5, -0.105)
        axes.yaxis.set_label_coords(-0.105, 0.5)
        self.floor = floor
        (self.line,) = axes.plot([], [], color=INK, lw=1.2, ls=(0, (5, 3)))
        (self.val,) = axes.plot([], [], color=VERMILLION, lw=1.8, ms=3.5)
        (self.train,) = axes.plot([], [], color=BLUE, lw=1.8, ms=3.5)
        (self.end,) = axes.plot([], [], ls="", marker="x", ms=10, mew=2.5, color=INK, clip_on=False)
        known = number(floor, 4) if math.isfinite(floor) else "not known"
        labels = ["training", "validation", f"least squares on the training data: {known}"]
        handles = [Line2D([], [], color=BLUE, lw=1.8), Line2D([], [], color=VERMILLION, lw=1.8), self.line]
        self.title = heading(self.figure, 0.115, handles, labels)
        axes_artists = (axes.xaxis, axes.yaxis, self.line, self.val, self.train, self.end, self.title)
        self.moving = [(axes, artist) for artist in axes_artists]

    def show(self, record: TrialRecord, title: str | None = None) -> Figure:
        train, val = finite_head(record.train_loss), finite_head(record.val_loss)
        seen = np.concatenate([train, val])
        low, high = float(seen.min(initial=np.inf)), float(seen.max(initial=0.0))
        # On a log axis a floor far below, such as rounding's 1e-28, would press the curves flat.
        log = scales.asks_for_log(np.append(seen, self.floor if self.floor > 1e-3 * low else low))
        known = math.isfinite(self.floor) and (not log or self.floor > 1e-3 * low)
        if known:
            low, high = min(low, self.floor), max(high, self.floor)
        if log:
            low = float(seen[seen > 0].min()) if low <= 0 else low
        scale(self.axes.yaxis, low, high, log)
        epochs = len(train)
        start = 0.0 if epochs > 5 else 0.5
        self.axes.set_xlim(start, epochs + max(0.02 * epochs, 0.5 if epochs <= 5 else 0))
        where, labels = scales.linear_ticks(start, epochs, whole=True)
        ticks(self.axes.xaxis, where, labels)
        self.line.set_data(self.axes.get_xlim(), [self.floor] * 2)
        self.line.set_visible(known)
        for line, values in ((self.train, train), (self.val, val)):
            line.set_data(
                np.arange(1, len(values) + 1), np.where(values > 0, values, np.nan) if log else values
            )
            line.set_marker("o" if len(values) <= 20 else "")
        ended = record.state == "diverged"
        self.end.set_data([epochs] if ended else [], [train[-1]] if ended else [])
        self.title.set_text(caption(record, title))
        return self.figure


class _Weights(_Plot):
    def __init__(self, weight_label: str, features: tuple[str, ...], targets: tuple[str, ...]) -> None:
        rows, several = len(features), len(targets) > 1
        self.most = 4 if several else 6
        height = max(2.5, 1.3 + 0.2 * rows)
        self.figure = figure = Figure(figsize=(7, height), dpi=DPI)
        # In inches.
        left = 0.2 + max(text_width(name, 9.5) for name in features)
        bottom, top, gap = (0.72, 0.85, 0.2) if several else (0.55, 0.65, 0.2)
        width = (7 - 0.2 + gap - left) / len(targets)
        self.panels: list[tuple[Axes, Line2D, Line2D]] = []
        self.moving = []
        for k, target in enumerate(targets):
            box = (left + k * width, bottom, width - gap, height - bottom - top)
            axes = figure.add_axes((box[0] / 7, box[1] / height, box[2] / 7, box[3] / height))
            dress(axes, "", "")
            axes.set_xlabel("", loc="right", fontsize=9)
            axes.xaxis.set_label_coords(1.0, -0.3 / box[3])
            axes.set_ylim(rows - 0.4, -0.6)
            ticks(axes.yaxis, range(rows), features if k == 0 else [""] * rows)
            axes.tick_params(axis="y", length=0)
            if several:
                axes.set_title(target, fontsize=9.5, pad=4)
            zero = axes.axvline(0, color=INK, lw=0.8)
            (bars,) = axes.plot([], [], color=BLUE, lw=8, solid_capstyle="butt")
            (dots,) = axes.plot([], [], ls="", marker="o", ms=4, color=ORANGE, mec=INK, mew=0.5)
            self.panels.append((axes, bars, dots))
            self.moving += [(axes, artist) for artist in (axes.xaxis, bars, zero, dots)]
        figure.text((left + 6.8) / 14, 0.1 / height, safe(weight_label), ha="center", fontsize=10)
        handles = [Line2D([], [], color=BLUE, lw=6), self.panels[0][2]]
        self.title = heading(figure, left / 7, handles, ["mean over folds", "each fold"])
        self.moving.append((self.panels[0][0], self.title))

    def show(self, record: TrialRecord, title: str | None = None) -> Figure:
        chosen = _chosen(record)
        for k, (axes, bars, dots) in enumerate(self.panels):
            folds = np.where(np.isfinite(record.coef[:, k, chosen]), record.coef[:, k, chosen], np.nan)
            rows = np.arange(folds.shape[1])
            means = folds.mean(axis=0)
            # One line broken by gaps draws faster than a patch a bar.
            gap = np.full_like(means, np.nan)
            bars.set_data(np.stack([0 * means, means, gap], 1).ravel(), np.repeat(rows, 3))
            dots.set_data(folds.ravel(), np.tile(rows, len(folds)))
            seen = folds[np.isfinite(folds)].clip(-1e300, 1e300)
            low, high = min(0.0, seen.min(initial=0.0)), max(0.0, seen.max(initial=0.0))
            scale(axes.xaxis, low, high, False)
            size, shown = scales.factor(low, high)
            first, last = (edge / size for edge in axes.get_xlim())
            where, labels = scales.linear_ticks(first, last, self.most)
            ticks(axes.xaxis, [v * size for v in where], labels)
            axes.xaxis.label.set_text(shown)
        words = [caption(record, title)]
        if len(chosen) < len(record.feature_names):
            words.append(f"the {MOST_FEATURES} largest weights")
        if not np.isfinite(record.coef[:, :, chosen]).all():
            words.append("some not finite")
        self.title.set_text(", ".join(words))
        return self.figure


def _weight_map(record: TrialRecord, weight_label: str, title: str | None) -> Figure:
    features, targets = _names(record)
    means = record.coef.mean(axis=0)[:, _chosen(record)].T
    finite = np.where(np.isfinite(means), means, np.nan)
    top = np.nanmax(np.abs(finite), initial=0.0) or 1.0
    figure = Figure(figsize=(7, max(2.8, 1.5 + 0.2 * len(features))), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(finite, cmap="PuOr", norm=Normalize(-top, top), aspect="auto")
    dress(axes, "Targets", "")
    ticks(axes.yaxis, range(len(features)), features)
    ticks(axes.xaxis, range(len(targets)), targets)
    axes.tick_params(axis="x", rotation=90 if len(targets) > 6 else 0)
    axes.set_title(caption(record, title), loc="left", fontsize=11)
    figure.colorbar(image, label=safe(weight_label))
    return figure


def _names(record: TrialRecord) -> tuple[tuple[str, ...], tuple[str, ...]]:
    features = [record.feature_names[k] for k in _chosen(record)]
    return tuple(map(_short, features)), tuple(map(_short, record.target_names))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _chosen(record: TrialRecord) -> np.ndarray:
    size = np.abs(np.nan_to_num(record.coef)).max(axis=(0, 1), initial=0.0)
    return np.sort(np.argsort(-size, kind="stable")[:MOST_FEATURES])


def _has_curve(record: TrialRecord) -> bool:
    return finite_head(record.train_loss).size > 0


def _fits_panels(record: TrialRecord) -> bool:
    return bool(record.coef.size) and 1 <= record.coef.shape[1] <= MOST_PANELS


def _keep(kind: type[_Plot], *shared: Any) -> Any:
    if kind not in _kept or _kept[kind][0] != shared:
        _kept[kind] = shared, kind(*shared)
    return _kept[kind][1]
