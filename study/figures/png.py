"""A figure as the bytes of a PNG."""

import struct
import threading
import zlib

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

drawing = threading.RLock()
"""Held while a figure is drawn: matplotlib puts wrong letters into figures that two threads draw at the same time."""


class ShownFigure(Figure):
    """A figure that a notebook shows as a picture, also where pyplot is not imported."""

    def _repr_png_(self) -> bytes:
        return png(self)


def png(figure: Figure) -> bytes:
    """Draw a figure and return it as a PNG; the same figure gives the same bytes."""
    with drawing:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        return encode(canvas)


def encode(canvas: FigureCanvasAgg) -> bytes:
    """Return what a canvas shows as a PNG.

    Notes
    -----
    matplotlib writes its PNGs with Pillow, which tries five filters on every row of pixels. No filter helps
    where a plot is white, and trying them takes more than half of the time. `python -m benchmarks.tracking`
    compares both.
    """
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]
    height, width, _ = pixels.shape
    # Each row begins with the number of its filter; 0 is none.
    rows = np.zeros((height, 1 + 3 * width), np.uint8)
    rows[:, 1:] = pixels.reshape(height, -1)
    bits, rgb = 8, 2
    header = struct.pack(">IIBBBBB", width, height, bits, rgb, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 1)), (b"IEND", b""))
    framed = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)
