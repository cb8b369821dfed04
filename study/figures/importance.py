"""How much of the objective's variation each hyper-parameter explains."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from study.figures.png import ShownFigure
from study.figures.style import (
    BLUE,
    DPI,
    label_axes,
    message_figure,
    plain_text,
    set_linear_ticks,
    set_ticks,
)
from study.notation import symbol

MOST_PARAMETERS = 20
"""Of more hyper-parameters, those with the largest shares are shown."""


def importance(shares: Mapping[str, float], title: str = "What moved the objective") -> Figure:
    """Draw each hyper-parameter's share as a bar.

    Parameters
    ----------
    shares : mapping of str to float
        By hyper-parameter, summing to 1.
    title : str

    Returns
    -------
    Figure
        The 20 largest where there are more.
    """
    ranked = sorted(shares.items(), key=lambda item: item[1])[-MOST_PARAMETERS:]
    if not ranked:
        return message_figure(title, "Too few complete trials to tell.")
    figure = ShownFigure(figsize=(7, 1.5 + 0.34 * len(ranked)), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    label_axes(axes, "Share of the variation explained", "")
    axes.set_title(plain_text(title), loc="left", fontsize=11)
    rows, widths = range(len(ranked)), [share for _, share in ranked]
    bars = axes.barh(rows, widths, color=BLUE, height=0.62)
    axes.bar_label(bars, [f"{100 * share:.0f} %" for share in widths], padding=4, fontsize=10)
    set_ticks(axes.yaxis, rows, [symbol(name) for name, _ in ranked])
    axes.tick_params(axis="y", length=0)
    axes.set_xlim(0, 1.12 * (max(widths) or 1.0))
    set_linear_ticks(axes.xaxis)
    return figure
