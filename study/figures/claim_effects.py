"""The effects of a claim below its panels: a dot a problem, each mean with its interval, a line at δ."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from study.figures.style import GREY, GROUP_COLOURS, INK, PALE, label_axes, set_scale, set_ticks
from study.notation import EffectNotation, effect_notation
from study.verdict import GradedClaim, GroupRecord, ProblemRecord


def draw_effects(axes: Axes, graded: GradedClaim) -> None:
    """Draw one row for all problems, and one for each group."""
    notation = effect_notation(graded.rule, graded.kind)
    is_share = graded.rule == "share"
    label_axes(axes, notation.axis_label, "")
    title = (
        "Share of cells and its 95 % interval" if is_share else "Each problem's effect, means and intervals"
    )
    axes.set_title(f"{title}: {graded.verdict}", loc="left", fontsize=11)
    n_rows = 1 + len(graded.groups)
    delta, no_effect = notation.on_axis(graded.delta), notation.on_axis(0.0)
    seen = [delta] if graded.rule in ("share", "regret") else [delta, no_effect]
    # A claim that is graded by a share has no effect of a single problem: a cell only counts or does not count.
    if not is_share:
        seen += _draw_problems(axes, n_rows - 1, graded.problems, notation, INK)
    seen += _draw_mean(axes, n_rows - 1, graded, notation, INK)
    for row, (group, colour) in enumerate(zip(graded.groups, GROUP_COLOURS, strict=False), start=2):
        own = [problem for problem in graded.problems if group.name.en in problem.groups]
        # Where a problem has cells in both groups, its mean effect belongs to neither.
        if not is_share and all(len(problem.groups) < 2 for problem in graded.problems):
            seen += _draw_problems(axes, n_rows - row, own, notation, colour)
        seen += _draw_mean(axes, n_rows - row, group, notation, colour)
    if graded.rule == "effect":
        axes.axvline(no_effect, color=PALE, lw=1.2, zorder=0)
    axes.axvline(delta, color=GREY, lw=1.2, ls="--", zorder=0)
    axes.set_ylim(-0.6, n_rows - 0.4)
    first = f"{graded.agreeing} of {graded.n} cells" if is_share else "all problems"
    names = [first, *(group.name.en for group in graded.groups)]
    set_ticks(axes.yaxis, range(n_rows), names[::-1])
    axes.tick_params(axis="y", length=0)
    set_scale(axes.xaxis, min(seen), max(seen), log=notation.log_axis)
    # The name of the line stands at its upper end.
    axes.annotate(
        "δ",
        (delta, 1),
        (3, -9),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=GREY,
        fontsize=10,
    )


def _draw_problems(
    axes: Axes, y: float, problems: Sequence[ProblemRecord], notation: EffectNotation, colour: str
) -> list[float]:
    """Draw each problem's effect as a dot in the row at `y`, and return the dots' places on the axis."""
    places = [notation.on_axis(problem.effect) for problem in problems if problem.effect is not None]
    # Multiples of the golden ratio put neighbours at different heights, so that equal effects can be told
    # apart.
    lift = 0.24 * ((np.arange(len(places)) * 0.618034) % 1 - 0.5)
    axes.plot(places, y + lift, ls="", marker="o", ms=5, mfc=colour, mec="white", mew=0.5, alpha=0.45)
    return places


def _draw_mean(
    axes: Axes, y: float, mean: GradedClaim | GroupRecord, notation: EffectNotation, colour: str
) -> list[float]:
    """Draw a mean effect and its interval in the row at `y`, and return their places on the axis."""
    if mean.effect is None or not mean.n:
        return []
    places = [notation.on_axis(mean.effect)]
    if mean.ci_low is not None and mean.ci_high is not None:
        ends = [notation.on_axis(mean.ci_low), notation.on_axis(mean.ci_high)]
        axes.plot(ends, [y, y], color=colour, lw=3, solid_capstyle="butt", zorder=3)
        places += ends
    axes.plot(places[0], y, marker="D", ms=7, mfc="white", mec=colour, mew=1.8, zorder=4)
    return places
