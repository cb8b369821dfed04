"""A claim's picture: panels with theory and measurement, and below them the effects of all problems."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from study.figures.claim_effects import draw_effects
from study.figures.claim_panel import draw_panel, n_legend_rows
from study.figures.panel import Panel
from study.verdict import GradedClaim

MOST_PANELS = 3
"""Further panels are not drawn."""

DPI = 140
"""Enough for print and for dense screens; a page shows it smaller."""

WIDTH, PANEL_HEIGHT, LEGEND_ROW_HEIGHT = 7.4, 3.3, 0.22
EFFECTS_HEIGHT, EFFECTS_ROW_HEIGHT = 1.0, 0.42
"""All in inches."""


def claim(graded: GradedClaim, panels: Sequence[Panel]) -> Figure:
    """Draw a claim's panels, one below the other, and its effects.

    Parameters
    ----------
    graded : GradedClaim
    panels : sequence of Panel
        At most three are drawn.

    Returns
    -------
    Figure
    """
    panels = panels[:MOST_PANELS]
    heights = [*map(_panel_height, panels), _effects_height(graded)]
    figure = Figure(
        figsize=(WIDTH, sum(heights)), dpi=DPI, layout=ConstrainedLayoutEngine(hspace=0.06, h_pad=0.07)
    )
    axes = figure.subplots(len(heights), 1, height_ratios=heights, squeeze=False)[:, 0]
    for one, panel in zip(axes, panels, strict=False):
        draw_panel(one, panel)
    draw_effects(axes[-1], graded)
    return figure


def _panel_height(panel: Panel) -> float:
    return PANEL_HEIGHT + LEGEND_ROW_HEIGHT * n_legend_rows(panel)


def _effects_height(graded: GradedClaim) -> float:
    return EFFECTS_HEIGHT + EFFECTS_ROW_HEIGHT * (1 + len(graded.groups))
