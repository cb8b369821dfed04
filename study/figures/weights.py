"""A trial's weights by feature: the mean over folds, and every fold's."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures.redrawn import RedrawnFigure
from study.figures.style import (
    BLUE,
    DPI,
    INK,
    ORANGE,
    label_axes,
    legend_and_title,
    message_figure,
    plain_text,
    set_scale,
    set_ticks,
    text_width,
    trial_title,
)
from study.trial import TrialRecord

MOST_FEATURES = 60
"""Of more features, those with the largest weights are shown."""

MOST_PANELS = 4
"""With more targets the weights are shown as a map of colours, and not as a panel a target."""

LONGEST_NAME = 26
"""Characters of a feature's or target's name that are shown."""

WIDTH = 7.0
"""Of the figure, in inches."""


def weights(record: TrialRecord, weight_label: str = "Weight", name: str | None = None) -> Figure:
    """Draw each feature's weight.

    Parameters
    ----------
    record : TrialRecord
    weight_label : str
        What the axis says, with its unit.
    name : str, optional
        What stands before β and η in the title; the trial's number if left out.

    Returns
    -------
    Figure
        The 60 largest where there are more; a map of colours where there are more than four targets.
    """
    if not record.coef.size:
        return message_figure(trial_title(record, name), "This trial left no weights.")
    if not fits_bars(record):
        return _weight_map(record, weight_label, name)
    return WeightBars(weight_label, *shown_names(record)).show(record, name)


def fits_bars(record: TrialRecord) -> bool:
    """Return whether the trial left weights of so few targets that each can have a panel with bars."""
    return bool(record.coef.size) and 1 <= record.coef.shape[1] <= MOST_PANELS


def shown_names(record: TrialRecord) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the features that are shown and of the targets, cut to a length that fits."""
    features = [record.feature_names[k] for k in _shown_features(record)]
    return tuple(map(_cut, features)), tuple(map(_cut, record.target_names))


class WeightBars(RedrawnFigure):
    """The weights of trials that show the same features, as bars: one panel a target.

    Parameters
    ----------
    weight_label : str
    features, targets : tuple of str
    """

    def __init__(self, weight_label: str, features: tuple[str, ...], targets: tuple[str, ...]) -> None:
        n_rows, is_several = len(features), len(targets) > 1
        self.n_steps = 4 if is_several else 6
        height = max(2.5, 1.3 + 0.2 * n_rows)
        self.figure = Figure(figsize=(WIDTH, height), dpi=DPI)
        # In inches.
        left = 0.2 + max(text_width(name, 9.5) for name in features)
        bottom, top, gap = (0.72, 0.85, 0.2) if is_several else (0.55, 0.65, 0.2)
        width = (WIDTH - 0.2 + gap - left) / len(targets)
        self.panels: list[tuple[Axes, Line2D, Line2D]] = []
        self.changing = []
        for k, target in enumerate(targets):
            box = (left + k * width, bottom, width - gap, height - bottom - top)
            axes = self.figure.add_axes((box[0] / WIDTH, box[1] / height, box[2] / WIDTH, box[3] / height))
            self._add_panel(axes, features if k == 0 else ("",) * n_rows, target if is_several else "")
        self.figure.text(
            (left + WIDTH - 0.2) / (2 * WIDTH),
            0.1 / height,
            plain_text(weight_label),
            ha="center",
            fontsize=10,
        )
        marks = [Line2D([], [], color=BLUE, lw=6), self.panels[0][2]]
        self.title = legend_and_title(self.figure, left / WIDTH, marks, ["mean over folds", "each fold"])
        self.changing.append((self.panels[0][0], self.title))

    def _add_panel(self, axes: Axes, names: tuple[str, ...], title: str) -> None:
        label_axes(axes, "", "")
        axes.set_ylim(len(names) - 0.4, -0.6)
        set_ticks(axes.yaxis, range(len(names)), names)
        axes.tick_params(axis="y", length=0)
        axes.set_title(plain_text(title), fontsize=9.5, pad=4)
        zero = axes.axvline(0, color=INK, lw=0.8)
        (bars,) = axes.plot([], [], color=BLUE, lw=8, solid_capstyle="butt")
        (dots,) = axes.plot([], [], ls="", marker="o", ms=4, color=ORANGE, mec=INK, mew=0.5)
        self.panels.append((axes, bars, dots))
        self.changing += [(axes, artist) for artist in (axes.xaxis, bars, zero, dots)]

    def show(self, record: TrialRecord, name: str | None = None) -> Figure:
        """Put a trial's weights into the figure."""
        shown = _shown_features(record)
        for k, (axes, bars, dots) in enumerate(self.panels):
            folds = np.where(np.isfinite(record.coef[:, k, shown]), record.coef[:, k, shown], np.nan)
            rows = np.arange(folds.shape[1])
            means = folds.mean(axis=0)
            # One line with gaps is drawn faster than a rectangle for every bar.
            gap = np.full_like(means, np.nan)
            bars.set_data(np.stack([0 * means, means, gap], 1).ravel(), np.repeat(rows, 3))
            dots.set_data(folds.ravel(), np.tile(rows, len(folds)))
            seen = folds[np.isfinite(folds)].clip(-1e300, 1e300)
            low, high = min(0.0, seen.min(initial=0.0)), max(0.0, seen.max(initial=0.0))
            set_scale(axes.xaxis, low, high, n_steps=self.n_steps)
        words = [trial_title(record, name)]
        if len(shown) < len(record.feature_names):
            words.append(f"the {MOST_FEATURES} largest weights")
        if not np.isfinite(record.coef[:, :, shown]).all():
            words.append("some not finite")
        self.title.set_text(", ".join(words))
        return self.figure


def _weight_map(record: TrialRecord, weight_label: str, name: str | None) -> Figure:
    features, targets = shown_names(record)
    means = record.coef.mean(axis=0)[:, _shown_features(record)].T
    finite = np.where(np.isfinite(means), means, np.nan)
    largest = np.nanmax(np.abs(finite), initial=0.0) or 1.0
    figure = Figure(figsize=(WIDTH, max(2.8, 1.5 + 0.2 * len(features))), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(finite, cmap="PuOr", norm=Normalize(-largest, largest), aspect="auto")
    label_axes(axes, "Targets", "")
    set_ticks(axes.yaxis, range(len(features)), features)
    set_ticks(axes.xaxis, range(len(targets)), targets)
    axes.tick_params(axis="x", rotation=90 if len(targets) > 6 else 0)
    axes.set_title(trial_title(record, name), loc="left", fontsize=11)
    figure.colorbar(image, label=plain_text(weight_label))
    return figure


def _shown_features(record: TrialRecord) -> np.ndarray:
    """Return the indices of the features with the largest weights, in the order of the columns."""
    size = np.abs(np.nan_to_num(record.coef)).max(axis=(0, 1), initial=0.0)
    return np.sort(np.argsort(-size, kind="stable")[:MOST_FEATURES])


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
