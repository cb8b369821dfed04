"""A trial's training and validation loss by epoch, and the least-squares loss."""

import math

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from study.figures.png import ShownFigure
from study.figures.redrawn import RedrawnFigure
from study.figures.style import (
    BLUE,
    DPI,
    INK,
    VERMILLION,
    finite_start,
    label_axes,
    legend_and_title,
    message_figure,
    needs_log_axis,
    set_linear_ticks,
    set_scale,
    trial_title,
)
from study.notation import number
from study.trial import TrialRecord

FLOOR_SHOWN = 1e-3
"""On a logarithmic axis the least-squares loss is not drawn if it is below this share of the least loss. It may be a
rounding error such as 1e-28, and the curves would be flat on an axis that holds it."""

FEW_EPOCHS = 5
"""The axis of so many epochs at most begins at 0.5, so that the first epoch does not lie on its edge."""

SINGLE_POINTS = 20
"""A curve of so many epochs at most is marked at every one."""


def loss_curve(record: TrialRecord, loss_label: str = "MSE", name: str | None = None) -> Figure:
    """Draw training and validation loss by epoch, and the least-squares loss on the training data.

    Parameters
    ----------
    record : TrialRecord
        The curve of a diverged trial ends at its last finite value, which is marked.
    loss_label : str
        What the axis says, with its unit.
    name : str, optional
        What stands before β and η in the title; the trial's number if left out.

    Returns
    -------
    Figure
    """
    if not has_curve(record):
        return message_figure(trial_title(record, name), "This trial left no losses.")
    return LossCurve(loss_label, record.floor).show(record, name)


def has_curve(record: TrialRecord) -> bool:
    """Return whether the trial left a training loss that can be drawn."""
    return finite_start(record.train_loss).size > 0


class LossCurve(RedrawnFigure):
    """The loss curves of one study's trials, which share their label and their floor.

    Parameters
    ----------
    loss_label : str
    floor : float
        The least-squares loss on the training data.
    """

    def __init__(self, loss_label: str, floor: float) -> None:
        self.figure = ShownFigure(figsize=(7, 4.2), dpi=DPI)
        self.axes = axes = self.figure.add_axes((0.115, 0.125, 0.865, 0.72))
        label_axes(axes, "Epochs", loss_label)
        # With places of their own the labels need no measuring of the tick labels beside them.
        axes.xaxis.set_label_coords(0.5, -0.105)
        axes.yaxis.set_label_coords(-0.105, 0.5)
        self.floor = floor
        (self.floor_line,) = axes.plot([], [], color=INK, lw=1.2, ls=(0, (5, 3)))
        (self.validation,) = axes.plot([], [], color=VERMILLION, lw=1.8, ms=3.5)
        (self.training,) = axes.plot([], [], color=BLUE, lw=1.8, ms=3.5)
        (self.end,) = axes.plot([], [], ls="", marker="x", ms=10, mew=2.5, color=INK, clip_on=False)
        known = number(floor, 4) if math.isfinite(floor) else "not known"
        labels = ["training", "validation", f"least squares on the training data: {known}"]
        lines = [Line2D([], [], color=BLUE, lw=1.8), Line2D([], [], color=VERMILLION, lw=1.8)]
        self.title = legend_and_title(self.figure, 0.115, [*lines, self.floor_line], labels)
        changing = (
            axes.xaxis, axes.yaxis, self.floor_line, self.validation, self.training, self.end, self.title,
        )  # fmt: skip
        self.changing = [(axes, artist) for artist in changing]

    def show(self, record: TrialRecord, name: str | None = None) -> Figure:
        """Put a trial's losses into the figure."""
        training, validation = finite_start(record.train_loss), finite_start(record.val_loss)
        is_log = self._set_loss_axis(np.concatenate([training, validation]))
        self._set_epoch_axis(len(training))
        for line, values in ((self.training, training), (self.validation, validation)):
            epochs = np.arange(1, len(values) + 1)
            line.set_data(epochs, np.where(values > 0, values, np.nan) if is_log else values)
            line.set_marker("o" if len(values) <= SINGLE_POINTS else "")
        is_marked = record.state == "diverged"
        self.end.set_data([len(training)] if is_marked else [], [training[-1]] if is_marked else [])
        self.title.set_text(trial_title(record, name))
        return self.figure

    def _set_loss_axis(self, losses: np.ndarray) -> bool:
        """Make the axis hold these losses, and the floor if it is near; return whether it is logarithmic."""
        low, high = float(losses.min(initial=np.inf)), float(losses.max(initial=0.0))
        is_near = self.floor > FLOOR_SHOWN * low
        is_log = needs_log_axis(np.append(losses, self.floor if is_near else low))
        is_shown = math.isfinite(self.floor) and (is_near or not is_log)
        if is_shown:
            low, high = min(low, self.floor), max(high, self.floor)
        if is_log and low <= 0:
            low = float(losses[losses > 0].min())
        set_scale(self.axes.yaxis, low, high, log=is_log)
        self.floor_line.set_visible(is_shown)
        return is_log

    def _set_epoch_axis(self, n_epochs: int) -> None:
        is_short = n_epochs <= FEW_EPOCHS
        room = max(0.02 * n_epochs, 0.5 if is_short else 0)
        self.axes.set_xlim(0.5 if is_short else 0.0, n_epochs + room)
        set_linear_ticks(self.axes.xaxis, whole=True)
        self.floor_line.set_data(self.axes.get_xlim(), [self.floor] * 2)
