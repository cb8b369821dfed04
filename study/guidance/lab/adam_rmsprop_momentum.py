"""Adam, RMSprop and momentum on the same problems in full batch, each tuned on one grid.

Momentum makes the same path whatever the coordinates. Adam and RMSprop scale every coordinate by itself: their path
changes when the coordinates are rotated, and they undo unequal scales of the features. So each problem is
measured in three forms: as it is, in the coordinates along its axes of curvature, and with unequal scales.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np

from study.figures.panel import Panel
from study.guidance.claim import Budget, Curve, Unit
from study.guidance.lab.arms import LOOSE_TARGET, TARGET
from study.guidance.lab.side_by_side import (
    StackedProblem,
    draw_problem,
    mean_excess,
    stack,
    updates_to_target,
)
from study.guidance.lab.two_arms import line_of_equality, points_by_group
from study.guidance.lab.wording import scientific
from study.provenance import derive_seed

PROBLEMS = (
    "iris: petal width (cm)",
    "wine: alcohol",
    "diabetes: progression",
    "breast cancer, worst: worst symmetry",
    "κ = 3,",
    "κ = 30,",
    "κ = 300,",
    "κ = 1,442,",
)
"""How the problems' names begin. In all of them the axes of curvature are not the coordinate axes."""

ROTATED, ALIGNED, UNEQUAL = "rotated", "axis-aligned", "unequal scales"
FORMS = {ROTATED: "as it is", ALIGNED: "along its axes of curvature", UNEQUAL: "features of unequal scales"}
"""The forms of a problem, and how a problem's name says them."""

SCALES = (0.1, 10.0)
"""The least and the largest scale of a feature where scales are unequal."""

EPOCHS = 1500
"""Most epochs of a descent."""

MOMENTUM, ADAM, RMSPROP = "momentum", "Adam", "RMSprop"
TO_LOOSE_TARGET = f" to {LOOSE_TARGET:g}"
"""Follows an arm's name where its epochs are those to the loose target."""

ETAS = np.geomspace(1e-3, 1e2, 18)
BETAS = (0.0, 0.5, 0.8, 0.9, 0.97)
BETAS_2 = (0.99, 0.999)
EPSILONS = (1e-8, 1e-3)
_UNUSED = (np.nan,)
SETTINGS = {
    MOMENTUM: ("momentum", np.array([*product(ETAS, BETAS, _UNUSED, _UNUSED)])),
    ADAM: ("adam", np.array([*product(ETAS, BETAS, BETAS_2, EPSILONS)])),
    RMSPROP: ("rmsprop", np.array([*product(ETAS, _UNUSED, _UNUSED, EPSILONS)])),
}
"""Each arm's solver, and its grid of (η, β, β₂, ε): what two solvers share has the same values for both."""


@dataclass(frozen=True)
class SolverComparison:
    """What the tuned arms do on a problem in one form.

    Attributes
    ----------
    problem : str
        Its name, with its form.
    epochs : tuple of dict of str to float
        For every seed, the epochs to the graded target by arm, and those to the loose target.
    curves : dict of str to Curve
        By arm, the mean excess as a share of the start's.
    """

    problem: str
    epochs: tuple[dict[str, float], ...]
    curves: dict[str, Curve]


@lru_cache(maxsize=64)  # two claims measure the problems as they are
def compare_solvers(prefix: str, form: str, budget: Budget) -> SolverComparison:
    """Run every solver at every setting of its grid.

    Parameters
    ----------
    prefix : str
        How the problem's name begins.
    form : str
        A key of `FORMS`.
    budget : Budget
    """
    problem = draw_problem(prefix, budget)
    stacked = _in_form(stack(problem), prefix, form, budget)
    name = f"{problem[0].name}, {FORMS[form]}"
    epochs: tuple[dict[str, float], ...] = tuple({} for _ in problem)
    curves = {}
    at = np.unique(np.geomspace(1, EPOCHS, 100).astype(int))
    for arm, (solver, grid) in SETTINGS.items():
        eta, beta, beta_2, epsilon = grid.T
        excess, _ = stacked.descend(solver, eta[None], beta, EPOCHS, beta_2=beta_2, epsilon=epsilon)
        arrived = updates_to_target(excess, TARGET)
        arrived_loosely = updates_to_target(excess, LOOSE_TARGET)
        best_curves = []
        for seed, found in enumerate(epochs):
            found[arm] = float(arrived[seed].min())
            found[arm + TO_LOOSE_TARGET] = float(arrived_loosely[seed].min())
            best = np.lexsort((excess[-1, seed], arrived[seed]))[0]  # of equals, the least excess at the end
            best_curves.append(excess[at, seed, best])
        curves[arm] = Curve(name, arm, at.astype(float), mean_excess(np.stack(best_curves), axis=0))
    return SolverComparison(name, epochs, curves)


def epochs_panel(units: Sequence[Unit], arm: str, title: str, group: Callable[[Unit], str | None]) -> Panel:
    """Return the picture of an arm's epochs against those of momentum.

    Parameters
    ----------
    units : sequence of Unit
    arm, title : str
    group : callable
        Unit → the group that its point belongs to.
    """
    points = points_by_group(units, lambda unit: unit.arms[MOMENTUM], lambda unit: unit.arms[arm], group)
    label = f"epochs to {scientific(TARGET)}"
    return Panel(
        title,
        f"{label}, {MOMENTUM}",
        f"{label}, {arm}",
        [*points, line_of_equality(10.0, 2.0 * EPOCHS)],
        x_log=True,
        y_log=True,
    )


def _in_form(stacked: StackedProblem, prefix: str, form: str, budget: Budget) -> StackedProblem:
    if form == ALIGNED:
        return stacked.in_eigenbasis()
    if form == UNEQUAL:
        size = stacked.offset.shape[-1]
        scales = [_scales(prefix, budget, seed, size) for seed in range(budget.n_seeds)]
        return stacked.transformed(np.stack([np.diag(scale) for scale in scales]))
    return stacked


def _scales(prefix: str, budget: Budget, seed: int, size: int) -> np.ndarray:
    """The features' scales, log-uniform, and 1 for the intercept."""
    draw = np.random.default_rng(derive_seed(budget.seed, "feature scales", prefix, seed))
    low, high = np.log10(SCALES)
    return np.append(10 ** draw.uniform(low, high, size - 1), 1.0)
