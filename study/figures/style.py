"""What all figures share: colours, axes with their scales and ticks, and text."""

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.text import Text
from matplotlib.ticker import (
    Formatter,
    FuncFormatter,
    Locator,
    LogLocator,
    MaxNLocator,
    NullLocator,
    ScalarFormatter,
)

from study.notation import caption, number, superscript
from study.trial import TrialRecord

# Okabe and Ito's colours: people who are colour-blind can tell them apart.
BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY_BLUE = (
    "#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9",
)  # fmt: skip
INK, GREY, PALE = "#222222", "#767676", "#DDDDDD"

GROUP_COLOURS = (BLUE, VERMILLION, GREEN, ORANGE, PURPLE, SKY_BLUE)
"""For the groups of a picture, in this order."""

DPI = 100

TOO_LARGE = 1e100
"""Values of this size and larger are not drawn: matplotlib's locators would overflow."""

WIDE = 5.0
"""Positive values get a logarithmic axis if the largest is more than so many times the smallest."""

FEW_DECADES = 0.75
"""A logarithmic axis of fewer decades has ticks at equal steps, as a linear one."""


def label_axes(axes: Axes, x_label: str, y_label: str) -> None:
    """Label a pair of axes, in sizes that can be read at the 700 pixels of MLflow's UI."""
    axes.set_xlabel(plain_text(x_label), fontsize=10)
    axes.set_ylabel(plain_text(y_label), fontsize=10)
    axes.tick_params(labelsize=9.5)
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_offset_text().set_fontsize(9)
    axes.spines[["top", "right"]].set_visible(False)


def needs_log_axis(values: np.ndarray) -> bool:
    """Return whether the positive ones of these values are too far apart for a linear axis."""
    seen = values[np.isfinite(values) & (values > 0)]
    return bool(seen.size) and float(seen.max()) > WIDE * float(seen.min())


def set_scale(
    axis: Axis, low: float, high: float, *, log: bool = False, room: float = 0.05, n_steps: int = 6
) -> None:
    """Set an axis's scale, limits and ticks so that it holds `low` to `high`.

    Parameters
    ----------
    axis : Axis
    low, high : float
        Positive for a logarithmic axis.
    log : bool
        Whether the axis is logarithmic.
    room : float
        What is added at both ends, as a share of the range.
    n_steps : int
        At most so many steps from tick to tick.
    """
    axes = axis.axes
    is_x = axis is axes.xaxis
    scale = "log" if log else "linear"
    if axis.get_scale() != scale:
        (axes.set_xscale if is_x else axes.set_yscale)(scale)
    if log:
        low, high = (min(max(value, 1 / TOO_LARGE), TOO_LARGE) for value in (low, high))
        pad = max((high / low) ** room, 1.02)
        low, high = low / pad, high * pad
    else:
        pad = (high - low) * room or abs(high) * 0.1 or 1.0
        low, high = low - pad, high + pad
    (axes.set_xlim if is_x else axes.set_ylim)(low, high)
    if log and math.log10(high / low) > FEW_DECADES:
        _set_log_ticks(axis, low, high, n_steps)
    else:
        set_linear_ticks(axis, n_steps)


def set_linear_ticks(axis: Axis, n_steps: int = 6, *, whole: bool = False) -> None:
    """Put ticks at 1, 2 or 5 times a power of ten, at whole numbers alone if `whole`."""
    # With fewer whole numbers on the axis than min_n_ticks, matplotlib would put ticks between them.
    locator = MaxNLocator(n_steps, steps=[1, 2, 5, 10], integer=whole, min_n_ticks=1 if whole else 2)
    set_locator(axis, locator, LinearLabels())


def set_ticks(axis: Axis, where: Sequence[float], labels: Sequence[str]) -> None:
    """Put ticks at these places, with these labels."""
    axis.set_ticks(list(where), [plain_text(label) for label in labels])
    axis.set_minor_locator(NullLocator())


def set_locator(axis: Axis, locator: Locator, formatter: Formatter) -> None:
    """Set what places an axis's ticks and what labels them; there are no minor ticks."""
    axis.set_major_locator(locator)
    axis.set_major_formatter(formatter)
    axis.set_minor_locator(NullLocator())


class LinearLabels(ScalarFormatter):
    """matplotlib's labels of a linear axis, with the power of ten written as ×10⁻⁹ and not as 1e−9."""

    def __init__(self) -> None:
        super().__init__(useOffset=False)
        self.set_powerlimits((-4, 6))

    def get_offset(self) -> str:
        """Return what stands at the end of the axis."""
        _, _, exponent = super().get_offset().partition("e")
        return f"×10{superscript(int(exponent.replace('−', '-')))}" if exponent else ""


def _set_log_ticks(axis: Axis, low: float, high: float, n_steps: int) -> None:
    decades = math.log10(high / low)
    if decades < 2:
        multiples = (1.0, 2.0, 5.0) if decades > 1.3 else (1.0, 2.0, 3.0, 5.0)
        # So many ticks that matplotlib leaves out no decade, which would leave out the multiples too.
        locator = LogLocator(subs=multiples, numticks=100)
    else:
        locator = LogLocator(numticks=n_steps + 1)
    is_plain = decades < 2 or (low > 1e-4 and high < 1e5)
    set_locator(axis, locator, FuncFormatter(_as_number if is_plain else _as_power_of_ten))


def _as_number(value: float, _: int | None) -> str:
    return number(value)


def _as_power_of_ten(value: float, _: int | None) -> str:
    return f"10{superscript(round(math.log10(value)))}"


def legend_and_title(figure: Figure, left: float, handles: Sequence[Artist], labels: Sequence[str]) -> Text:
    """Put a legend above the axes, where no data are, and an empty title above the legend; return the title.

    Parameters
    ----------
    figure : Figure
    left : float
        Where both begin, as a share of the width.
    handles, labels : sequence of Artist, of str
        The legend's.
    """
    height = figure.get_size_inches()[1]
    figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(left - 0.005, 1 - 0.29 / height),
        ncols=len(labels),
        frameon=False,
        fontsize=9.5,
        borderpad=0,
        borderaxespad=0,
        handlelength=1.8,
        columnspacing=1.6,
    )
    return figure.text(left, 1 - 0.2 / height, "", fontsize=11)


def message_figure(title: str, message: str) -> Figure:
    """Return a figure that says why there is nothing to draw, so that a trial always has all its plots."""
    figure = Figure(figsize=(7, 2.5), dpi=DPI)
    figure.text(0.03, 0.88, title, fontsize=11)
    figure.text(0.5, 0.45, message, fontsize=11, ha="center")
    return figure


def trial_title(record: TrialRecord, name: str | None) -> str:
    """Return a plot's title: the trial, its β and η, and how it ended unless it was completed.

    Parameters
    ----------
    record : TrialRecord
    name : str or None
        What stands before β and η; None for the trial's number.
    """
    if record.state == "complete":
        ending = ""
    elif record.state == "diverged":
        ending = f"diverged at epoch {record.diverged_epoch}"
    else:
        ending = record.state
    return plain_text(caption(name or f"Trial {record.number}", record.params, ending))


def plain_text(text: str) -> str:
    """Return text that matplotlib draws letter by letter.

    A column's name may hold what matplotlib reads as mathematics, or letters that the font does not have.
    """
    font = get_font(findfont(FontProperties()))
    shown = "".join(c if font.get_char_index(ord(c)) else "□" for c in text)
    return shown.replace("$", r"\$")


def text_width(text: str, size: float) -> float:
    """Return the width of a line of text in inches."""
    renderer = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=DPI)).get_renderer()
    width, _, _ = renderer.get_text_width_height_descent(plain_text(text), FontProperties(size=size), False)
    return float(width) / DPI


def finite_start(values: np.ndarray) -> np.ndarray:
    """Return the values before the first that is not finite, or too large to draw."""
    values = np.asarray(values, float)
    lost = np.flatnonzero(~(np.abs(values) < TOO_LARGE))
    return values[: lost[0]] if lost.size else values
