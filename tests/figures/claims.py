"""A graded claim and panels, with numbers set by hand."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from study.figures.panel import Panel, Series
from study.verdict import Budget, GradedClaim, GroupRecord, Limits, ProblemRecord, Text


def text(words: str) -> Text:
    return Text(words, words)


def problem(name: str, effect: float | None, *groups: str) -> ProblemRecord:
    return ProblemRecord(name, effect, 3, groups, {})


def group(name: str, effect: float | None, low: float | None, high: float | None, n: int = 6) -> GroupRecord:
    return GroupRecord(text(name), effect, low, high, n, "supported", Limits())


LOW, HIGH = "κ ≤ 38", "κ > 38"

GRADED = GradedClaim(
    id="converges-faster", claim=text("converges faster"), quote="", verdict="depends", reason="", effect=0.2,
    ci_low=-0.1, ci_high=0.5, n=4, agreeing=3, ties=0, units=12, rule="effect", kind="speed", role="remedy",
    delta=math.log(1.1), short=text(""), protocol=text(""), arms=(), arms_shown=(), separator=None,
    groups=(group(LOW, -0.05, -0.1, 0.02), group(HIGH, 0.45, 0.3, 0.6)),
    problems=(
        problem("a", -0.1, LOW), problem("b", 0.0, LOW), problem("c", 0.3, HIGH), problem("d", 0.6, HIGH),
    ),
    limits=None, shown={}, theory_gap=None, exact=False, error=None, budget=Budget("quick", 0, 3),
)  # fmt: skip


def graded(**changes: Any) -> GradedClaim:
    return replace(GRADED, **changes)


def make_panel(n: int = 12, **changes: Any) -> Panel:
    x = np.geomspace(1, 100, n)
    panel = Panel(
        "Epochs to 1 %",
        "κ",
        "ratio of epochs",
        [
            Series("theory", x, np.sqrt(x), "theory"),
            Series("theory, ηL = 1", x, 2 * np.sqrt(x), "theory", "ηL = 1"),
            Series("ηL = 1", x, 2.1 * np.sqrt(x), "measured", "ηL = 1"),
            Series("ηL = 2", x, 1.1 * np.sqrt(x), "measured"),
            Series("no difference", x[[0, -1]], np.ones(2), "reference"),
        ],
        x_log=True,
        y_log=True,
    )
    return replace(panel, **changes)
