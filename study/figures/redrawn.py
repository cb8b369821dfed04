"""A figure that is built once and drawn again for every trial: building takes twice as long as drawing."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from study.figures.png import encode
from study.trial import TrialRecord


class RedrawnFigure:
    """A figure of one trial, part of which stays the same for the next one.

    Attributes
    ----------
    figure : Figure
    changing : list of (Axes, Artist)
        The artists that `show` changes, each with its axes, in the order in which they are drawn.
    """

    figure: Figure
    changing: list[tuple[Axes, Artist]]
    _unchanging: Any = None

    def show(self, record: TrialRecord, name: str | None = None) -> Figure:
        """Put a trial into the figure, and return the figure."""
        raise NotImplementedError

    def png(self, record: TrialRecord) -> bytes:
        """Put a trial into the figure, draw what changes, and return the whole as a PNG."""
        canvas = FigureCanvasAgg(self.figure) if self._unchanging is None else self.figure.canvas
        assert isinstance(canvas, FigureCanvasAgg)
        self.show(record)
        if self._unchanging is None:
            # matplotlib leaves animated artists out of a draw, so this draws what stays the same.
            for _, artist in self.changing:
                artist.set_animated(True)
            canvas.draw()
            self._unchanging = canvas.copy_from_bbox(self.figure.bbox)
        canvas.restore_region(self._unchanging)
        for axes, artist in self.changing:
            axes.draw_artist(artist)
        return encode(canvas)


Built = TypeVar("Built", bound=RedrawnFigure)

_built: dict[Callable[..., Any], tuple[tuple[Hashable, ...], Any]] = {}


def redrawn(kind: Callable[..., Built], *settings: Hashable) -> Built:
    """Return the figure of a kind with these settings: the last one if it had the same, otherwise a new one.

    The caller holds `png.drawing`, because all threads share these figures.
    """
    if kind not in _built or _built[kind][0] != settings:
        _built[kind] = settings, kind(*settings)
    figure: Built = _built[kind][1]
    return figure
