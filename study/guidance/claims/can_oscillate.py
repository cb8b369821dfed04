"""Momentum may make the updates oscillate, above all at a large η or β.

A cell is a pair (β, ηL) that is stable, on a problem of its own. The claim occurs in a cell if any update
reverses the one before along the sharpest direction. Theory says that updates reverse again and again where
the direction's roots are complex, above ηL = (1 − √β)/(1 + √β) (docs/theory.md, "Oscillation"; Goh 2017).
"""

import numpy as np

from study.descent.rules import momentum
from study.descent.theory import oscillation_boundary, stability_limit
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Claim, Measurement, Text, Unit
from study.guidance.lab.paths import Path, follow, mean_excess_curve
from study.guidance.lab.quadratics import representatives, seeds
from study.guidance.lab.summaries import arm, by_problem, relative_gap
from study.guidance.lab.wording import WORDS

BETAS = (0.0, 0.5, 0.9, 0.99, 0.999)
ETA_L = (0.01, 0.03, 0.1, 0.3, 0.9, 1.8, 3.5, 10.0, 30.0)

CELLS = [(beta, eta_L) for beta in BETAS for eta_L in ETA_L if eta_L < stability_limit(beta, 1.0)]
"""The pairs that are graded: those of the plane that are stable."""

BOUNDARY_BETAS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""β at which the boundary is found by bisection."""

PRECISION = 1.001
"""Bisection ends when an ηL that reverses is at most so many times one that does not."""

ERROR_GONE = 1e-15
"""Bisection follows a direction until its error and its next step are this small. Just above the boundary the
first reversal comes late. A direction with complex roots shrinks by √β an epoch."""

LONGEST_DESCENT = 10_000
"""Epochs at most that bisection follows a direction: enough for every β of `BOUNDARY_BETAS`."""

CLAIM = Claim(
    id="can-oscillate",
    place=17,
    quote="可能导致权重更新的震荡,特别是在学习率较大或beta值较大的情况下",
    claim=Text(
        "Momentum may make the updates oscillate, above all at a large η or β.",
        "动量可能使更新震荡，尤其在 η 或 β 较大时。",
    ),
    short=Text("updates that reverse although the setting is stable", "设置稳定但更新仍来回反转"),
    rule="share",
    kind="share",
    role="warning",
    arms=(
        Text("the stable part of the (β, η) plane", "(β, η) 平面的稳定部分"),
        Text("the theory's boundary of complex roots", "理论给出的复根边界"),
    ),
    shown=(Text("rises of the loss", "损失上升的次数"),),
    protocol=Text(
        (
            f"The stable cells among β = {', '.join(f'{beta:g}' for beta in BETAS)} and {WORDS[len(ETA_L)].en} ηL "
            f"from {ETA_L[0]:g} to {ETA_L[-1]:g}, each on a problem of its "
            "own. It occurs in a cell if any update reverses along the sharpest direction. The theory's boundary, "
            "found again by bisection, is drawn; cells in which the loss rises are shown."
        ),
        (
            f"β = {'、'.join(f'{beta:g}' for beta in BETAS)} 与 {ETA_L[0]:g} 到 {ETA_L[-1]:g} "
            f"间{WORDS[len(ETA_L)].zh}个 ηL 中稳定的单元，各用一个问题。若最陡方向上有更新反转，即算出现。"
            "图中画出理论边界及二分法找到的边界；另展示损失上升的单元。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Follow one path in every stable cell and ask whether any update reverses.

    Shown beside it: cells in which the loss rises, and cells in which an update as a whole points against the
    one before it.
    """
    units: list[Unit] = []
    paths: dict[str, list[Path]] = {}
    for repeat, seed in enumerate(seeds(budget)):
        problems = representatives(seed)
        for place, (beta, eta_L) in enumerate(CELLS):
            problem = problems[place % len(problems)]
            name = f"β = {beta:g}, ηL = {eta_L:g} on {problem.name}"
            path = follow(problem, beta, eta_L / problem.spectrum.L)
            arms = {
                "beta": beta,
                "eta_L": eta_L,
                "share_reversed": float(path.reversals.mean()),
                "share_turned": float(path.turns.mean()),
                "share_rising": float(path.rises.mean()),
                "theory": float(eta_L > oscillation_boundary(beta)),
            }
            units.append(Unit(name, repeat, float(path.reversals.any()), arms=arms))
            paths.setdefault(name, []).append(path)
    shown = {
        "cells": len(CELLS),
        "share_where_loss_rises": _share_of_cells(units, "share_rising"),
        "share_where_update_turns": _share_of_cells(units, "share_turned"),
        "share_by_theory": float(np.mean([eta_L > oscillation_boundary(beta) for beta, eta_L in CELLS])),
        "cells_against_theory": sum(unit.effect != unit.arms["theory"] for unit in units if unit.seed == 0),
        "share_by_beta": {f"{beta:g}": _mean_effect(units, "beta", beta) for beta in BETAS},
        "share_by_eta_L": {f"{eta_L:g}": _mean_effect(units, "eta_L", eta_L) for eta_L in ETA_L},
    }
    measured = np.array([boundary_by_bisection(beta) for beta in BOUNDARY_BETAS])
    gap = relative_gap(measured, [oscillation_boundary(beta) for beta in BOUNDARY_BETAS])
    curves = [mean_excess_curve(name, "path", by_seed) for name, by_seed in paths.items()]
    return Measurement(units, curves, _panels(units, measured), shown, gap)


def boundary_by_bisection(beta: float) -> float:
    """Return the least ηL at which the rule, along one direction, reverses an update."""
    low, high = 1e-4, 1.5
    while high / low > PRECISION:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if _reverses(beta, middle) else (middle, high)
    return float(np.sqrt(low * high))


def _reverses(beta: float, eta_L: float) -> bool:
    """Return whether any update of the rule reverses along a direction of curvature 1, from an error of 1."""
    w, v = 1.0, 0.0
    previous_v = None
    for epoch in range(1, LONGEST_DESCENT + 1):
        w, v, _ = momentum(w, v, None, w, epoch, eta_L, beta, None, None)
        if previous_v is not None and v * previous_v < 0:
            return True
        if max(abs(w), abs(eta_L * v)) < ERROR_GONE:
            return False
        previous_v = v
    return False


def _share_of_cells(units: list[Unit], name: str) -> float:
    """Return the share of the cells in which an arm is above 0 under any seed."""
    return float(np.mean([mean > 0 for mean in by_problem(units, arm(name)).values()]))


def _mean_effect(units: list[Unit], coordinate: str, value: float) -> float:
    """Return the share of reversing cells among those with this β or this ηL."""
    return float(np.mean([unit.effect for unit in units if unit.arms[coordinate] == value]))


def _panels(units: list[Unit], measured_boundary: np.ndarray) -> list[Panel]:
    one_minus_beta = np.geomspace(1 - BETAS[-1], 1, 200)
    boundary, limit = oscillation_boundary(1 - one_minus_beta), stability_limit(1 - one_minus_beta, 1.0)
    theory = [
        Series("theory: updates reverse above", one_minus_beta, boundary, "theory"),
        Series("theory: diverges above", one_minus_beta, limit, "theory"),
    ]
    bisected = Series(
        "where reversals begin, by bisection", 1 - np.array(BOUNDARY_BETAS), measured_boundary, "measured"
    )
    reversing = _cells(units, "share_reversed", "reverses", "does not")
    rising = _cells(units, "share_rising", "loss rises", "loss never rises")
    axes = "1 − β", "η times the largest curvature, ηL"
    return [
        Panel(
            "Cells whose updates reverse along the sharpest direction",
            *axes,
            [*theory, *reversing, bisected],
            x_log=True,
            y_log=True,
        ),
        Panel("Cells in which the loss rises", *axes, [*theory, *rising], x_log=True, y_log=True),
    ]


def _cells(units: list[Unit], name: str, label_above_0: str, label_0: str) -> list[Series]:
    """Return the cells of the plane as two series: where an arm is above 0 and where it is 0."""
    means = by_problem(units, arm(name))
    places = {unit.problem: (1 - unit.arms["beta"], unit.arms["eta_L"]) for unit in units}
    series = []
    for label, is_above_0 in ((label_above_0, True), (label_0, False)):
        chosen = [places[cell] for cell, mean in means.items() if (mean > 0) == is_above_0]
        if chosen:
            x, y = np.array(chosen).T
            series.append(Series(label, x, y, "measured", label))
    return series
