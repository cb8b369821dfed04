"""What all figures share: colours, dressed axes, ticks, the words of a title, and the PNG."""

import struct
import threading
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import NullLocator

from study.figures import ticks as scales
from study.notation import number
from study.tracking.values import diverged_epoch
from study.trial import TrialRecord

# Okabe and Ito's colours, which the colour-blind can tell apart.
BLUE, VERMILLION, GREEN, ORANGE = "#0072B2", "#D55E00", "#009E73", "#E69F00"
INK, GREY, PALE = "#222222", "#767676", "#DDDDDD"
DPI = 100
# Threads that draw text at once spoil each other's letters.
drawing = threading.RLock()
GREEK = {"beta": "β", "eta": "η", "alpha": "α"}


def png(figure: Figure) -> bytes:
    """A figure as the bytes of a PNG; the same figure gives the same bytes."""
    with drawing:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return encode(canvas)


def encode(canvas: FigureCanvasAgg) -> bytes:
    """What a canvas shows, as a PNG."""
    # Pillow tries five filters a row, at twice the time; a plot is mostly white, where none of them helps.
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    framed = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def dress(axes: Axes, x_label: str, y_label: str) -> None:
    """Label a pair of axes, in sizes that the UI's 700 pixels leave legible."""
    axes.set_xlabel(safe(x_label), fontsize=10)
    axes.set_ylabel(safe(y_label), fontsize=10)
    axes.tick_params(labelsize=9.5)
    axes.spines[["top", "right"]].set_visible(False)


def heading(figure: Figure, left: float, handles: Sequence[Artist], labels: Sequence[str]) -> Any:
    """A legend above the axes, beside no data, and the empty title above that."""
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


def sentence(title: str, text: str) -> Figure:
    """A figure for want of data: a trial has its plots all the same."""
    figure = Figure(figsize=(7, 2.5), dpi=DPI)
    figure.text(0.03, 0.88, title, fontsize=11)
    figure.text(0.5, 0.45, text, fontsize=11, ha="center")
    return figure


def scale(axis: Axis, low: float, high: float, log: bool, room: float = 0.05, most: int = 6) -> None:
    """Set an axis's scale, limits and ticks so that it holds `low` to `high` with some room."""
    axes = axis.axes
    x = axis is axes.xaxis
    if axis.get_scale() != ("log" if log else "linear"):
        (axes.set_xscale if x else axes.set_yscale)("log" if log else "linear")
    if log:
        low, high = max(low, 1e-300), min(high, 1e300)
        pad = max((high / low) ** room, 1.02)
        low, high = low / pad, high * pad
        where, labels = scales.log_ticks(low, high, most)
    else:
        pad = (high - low) * room or abs(high) * 0.1 or 1.0
        low, high = low - pad, high + pad
        where, labels = scales.linear_ticks(low, high, most)
    (axes.set_xlim if x else axes.set_ylim)(low, high)
    ticks(axis, where, labels)


def ticks(axis: Axis, where: Sequence[float], labels: Sequence[str] | None = None) -> None:
    """Set an axis's ticks, and no minor ones."""
    axis.set_ticks(list(where), [f"{t:g}" for t in where] if labels is None else [safe(t) for t in labels])
    axis.set_minor_locator(NullLocator())


def caption(record: TrialRecord, title: str | None) -> str:
    """A trial's title: which, its β and η, and how it ended unless it completed."""
    words = [title or f"Trial {record.number}"]
    found = [f"{GREEK[key]} {_value(record.params[key])}" for key in ("beta", "eta") if key in record.params]
    if found:
        words = [f"{words[0]}: {', '.join(found)}"]
    if record.state == "diverged":
        words.append(f"diverged at epoch {diverged_epoch(record.train_loss)}")
    elif record.state != "complete":
        words.append(record.state)
    return safe(", ".join(words))


def _value(value: Any) -> str:
    return number(float(value), 4) if isinstance(value, int | float) else str(value)


def safe(text: str) -> str:
    """Text as it stands: a column's name may hold what reads as mathematics, or letters the font lacks."""
    font = get_font(findfont(FontProperties()))
    shown = "".join(c if font.get_char_index(ord(c)) else "□" for c in text)
    return shown.replace("$", r"\$")


def text_width(text: str, size: float) -> float:
    """How many inches a line of text takes."""
    renderer = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=DPI)).get_renderer()
    width, _, _ = renderer.get_text_width_height_descent(safe(text), FontProperties(size=size), False)
    return float(width) / DPI


def finite_head(values: np.ndarray) -> np.ndarray:
    """The values up to the first that is not finite, or too large to plot."""
    values = np.asarray(values, float)
    lost = np.flatnonzero(~(np.abs(values) < 1e100))
    return values[: lost[0]] if lost.size else values
