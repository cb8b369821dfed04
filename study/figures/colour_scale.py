"""The colours of the β×η plane: logarithmic in how far an objective lies above the best."""

import math
from typing import Any

import numpy as np
from matplotlib.colorbar import Colorbar
from matplotlib.colors import FuncNorm, Normalize

from study.figures.study_axes import upper_limit
from study.figures.style import plain_text, set_ticks
from study.notation import number

EXCESSES = (0.0, 0.01, 0.1, 1.0, 10.0, 100.0)
"""Excesses over the best that the colour bar names, as multiples of the best. The scale ends at the last."""

LINEAR_BELOW = 0.01
"""The scale is nearly linear in excesses below this one, so that it can start at 0."""


def colour_scale(objectives: np.ndarray, seen: np.ndarray) -> Normalize:
    """Return the scale that gives each objective its place among the colours.

    With e the excess over the best, J = best·(1 + e), the place is proportional to arcsinh(e / 0.01).

    Parameters
    ----------
    objectives : ndarray of shape (n_trials,)
        Of the trials; decides where the scale ends.
    seen : ndarray of shape (n,)
        All finite objectives to be coloured, those of the surface too; decides the best.

    Returns
    -------
    Normalize
        Linear where the best is not positive. Larger objectives than the last get the last colour.
    """
    best = float(seen.min(initial=np.inf))
    if not 0 < best < math.inf:
        return Normalize(0.0, float(seen.max(initial=1.0)) or 1.0)
    highest = max(upper_limit(objectives) if objectives.size else 2 * best, 1.1 * best)

    def to_place(objective: Any) -> Any:
        return np.arcsinh(np.maximum(objective / best - 1, 0) / LINEAR_BELOW)

    def from_place(place: Any) -> Any:
        return best * (1 + LINEAR_BELOW * np.sinh(place))

    return FuncNorm((to_place, from_place), best, min(highest, (1 + EXCESSES[-1]) * best), clip=True)


def label_colour_bar(bar: Colorbar, norm: Normalize, label: str) -> None:
    """Say beside the colours which objective and which excess over the best they mean."""
    bar.set_label(plain_text(label))
    bar.ax.tick_params(labelsize=9.5)
    if not isinstance(norm, FuncNorm):
        return
    best, highest = float(norm.vmin or 0), float(norm.vmax or 1)
    shown = [excess for excess in EXCESSES if best * (1 + excess) <= highest * 1.001]
    values = [best * (1 + excess) for excess in shown]
    words = [f"+{100 * excess:.0f} %" if excess else "least" for excess in shown]
    labels = [f"{number(value, 4)} ({word})" for value, word in zip(values, words, strict=True)]
    set_ticks(bar.ax.yaxis, values, labels)
