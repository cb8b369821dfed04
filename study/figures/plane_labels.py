"""Labels of the note's advice and the best trial in the β×η plane, put where they cover the fewest trials."""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.figures.study_axes import has_objective
from study.figures.style import INK
from study.notation import number
from study.trial import TrialOutcome

LETTER_WIDTH, TEXT_HEIGHT = 6.4, 20
"""Width of a letter and height of a line, in pixels at a font size of 9.5 points."""


class Box(NamedTuple):
    """A rectangle in pixels."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> "Box":
        """Return the box of this size whose middle is (x, y)."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)

    def holds(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Return whether a point lies in the box, or within `margin` of it."""
        return self.left - margin < x < self.right + margin and self.bottom - margin < y < self.top + margin

    def overlaps(self, other: "Box") -> bool:
        """Return whether the two boxes share a point."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )


def label_note_and_best(
    figure: Figure, axes: Axes, placed: Sequence[TrialOutcome], colour: Callable[[float], Any]
) -> None:
    """Mark the note's advice and the best trial, and write beside each what it is and its objective.

    Parameters
    ----------
    figure : Figure
    axes : Axes
        x is 1 − β, y is η.
    placed : sequence of TrialOutcome
        The trials in the plane.
    colour : callable
        Colour of an objective.
    """
    note = next((trial for trial in placed if trial.is_note), None)
    done = [trial for trial in placed if has_objective(trial)]
    best = min(done, key=lambda trial: trial.objective or 0.0, default=None)
    # Positions in pixels are known only after the layout.
    figure.draw_without_rendering()
    spots = [_pixels(axes, trial) for trial in placed]
    taken: list[Box] = []
    for trial, name, shape, size in ((note, "the note's advice", "s", 9), (best, "best", "*", 18)):
        if trial is None:
            continue
        has_value = has_objective(trial)
        objective = trial.objective or 0.0
        face = colour(objective) if has_value else "white"
        axes.plot(*_place(trial), marker=shape, ms=size, mfc=face, mec=INK, mew=1.6, zorder=6)
        text = f"{name}: {number(objective, 4) if has_value else trial.state}"
        x, y = _pixels(axes, trial)
        label = _free_box(text, (x, y), Box(*axes.get_window_extent().extents), spots, taken)
        taken += [label, Box.around(x, y, 16, 16)]
        _write(figure, axes, text, trial, label)


def _place(trial: TrialOutcome) -> tuple[float, float]:
    return 1 - trial.params["beta"], trial.params["eta"]


def _pixels(axes: Axes, trial: TrialOutcome) -> tuple[float, float]:
    x, y = axes.transData.transform(_place(trial))
    return float(x), float(y)


def _free_box(
    text: str,
    point: tuple[float, float],
    frame: Box,
    spots: Sequence[tuple[float, float]],
    taken: Sequence[Box],
) -> Box:
    """Return where around a point a label covers least.

    Leaving the frame costs most, then covering another label, then covering trials, then distance.
    """
    width, height = LETTER_WIDTH * len(text) + 10, TEXT_HEIGHT

    def box(shift: tuple[float, float]) -> Box:
        return Box.around(point[0] + shift[0], point[1] + shift[1], width, height)

    def cost(shift: tuple[float, float]) -> float:
        here = box(shift)
        is_inside = frame.left < here.left and here.right < frame.right
        is_inside = is_inside and frame.bottom < here.bottom and here.top < frame.top
        covered = sum(here.holds(x, y, margin=6) for x, y in spots)
        is_clash = any(here.overlaps(other) for other in taken)
        return covered + 50 * is_clash + 100 * (not is_inside) + 0.005 * math.hypot(*shift)

    steps = (-1.0, -0.5, 0.0, 0.5, 1.0)
    shifts = [(dx * (width / 2 + 40), dy * 80) for dx in steps for dy in steps if abs(dx) + abs(dy) >= 1]
    return box(min(shifts, key=cost))


def _write(figure: Figure, axes: Axes, text: str, trial: TrialOutcome, label: Box) -> None:
    """Write a label in its box, with a line to its trial."""
    x, y = _pixels(axes, trial)
    points = 72 / figure.dpi
    shift = (label.left + label.right) / 2 - x, (label.bottom + label.top) / 2 - y
    axes.annotate(
        text,
        _place(trial),
        (shift[0] * points, shift[1] * points),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=9.5,
        zorder=7,
        bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": INK, "lw": 0.6, "alpha": 0.92},
        arrowprops={"arrowstyle": "-", "color": INK, "lw": 0.8},
    )
