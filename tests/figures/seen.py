"""What a person sees of a figure: its words, its tick labels, and whether they lie on each other."""

import io

from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image


def words(figure: Figure) -> list[str]:
    """All text that a figure shows."""
    return [artist.get_text() for artist in _texts(figure)]


def tick_labels(axis: Axis) -> list[str]:
    """The labels of the ticks within the axis's limits, in the order of their places."""
    return [label for _, label in _shown_ticks(axis)]


def ticks(axis: Axis) -> list[float]:
    """The places of the ticks within the axis's limits, in their order."""
    return [place for place, _ in _shown_ticks(axis)]


def assert_all_inside(figure: Figure) -> None:
    """No text reaches over the edge, and none of an axis's labels lies on its neighbour."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    renderer = canvas.get_renderer()
    # matplotlib keeps labels of ticks outside an axis's limits, and does not draw them.
    hidden = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            drawn = []
            for tick in axis.get_major_ticks():
                labels = [label for label in (tick.label1, tick.label2) if label.get_visible()]
                if _is_within(axis, tick.get_loc()):
                    drawn += labels
                else:
                    hidden |= {*labels}
            boxes = [label.get_window_extent(renderer) for label in drawn if label.get_text()]
            for k, one in enumerate(boxes):
                assert not any(one.overlaps(other) for other in boxes[k + 1 :]), (axes, axis.axis_name)
    for artist in _texts(figure):
        if artist not in hidden:
            box = artist.get_window_extent(renderer)
            assert box.x0 >= -1, artist
            assert box.y0 >= -1, artist
            assert box.x1 <= width + 1, artist
            assert box.y1 <= height + 1, artist


def size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG."""
    return Image.open(io.BytesIO(content)).size


def _texts(figure: Figure) -> list[Artist]:
    figure.draw_without_rendering()
    found = figure.findobj(lambda artist: hasattr(artist, "get_text") and artist.get_visible())
    return [artist for artist in found if artist.get_text()]


def _shown_ticks(axis: Axis) -> list[tuple[float, str]]:
    labels = [label.get_text() for label in axis.get_ticklabels()]
    pairs = zip(map(float, axis.get_majorticklocs()), labels, strict=True)
    return sorted(pair for pair in pairs if _is_within(axis, pair[0]))


def _is_within(axis: Axis, place: float) -> bool:
    low, high = sorted(axis.get_view_interval())
    room = 1e-9 * (low if axis.get_scale() == "log" else high - low)
    return low - room <= place <= high + room
