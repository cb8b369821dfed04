"""Adam and RMSprop against momentum, all tuned, full batch.

Momentum does not see a rotation of the coordinates; Adam and RMSprop scale every coordinate by itself, so they
do, and they undo unequal scales of the features. So each problem is raced as it is, along its own axes of
curvature, and with the features' scales spread over two decades.
"""

from functools import lru_cache
from itertools import product
from operator import attrgetter

import numpy as np

from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.lab.side_by_side import Fleet, arrivals, named
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
"""All of them have curvature that is not aligned with the axes."""

ROTATED, ALIGNED, SPREAD = "rotated", "axis-aligned", "unequal scales"
FORMS = {ROTATED: "as it is", ALIGNED: "along its axes of curvature", SPREAD: "features of unequal scales"}
EPOCHS = 1500
LOOSE, TIGHT = 1e-2, 1e-6  # the second is graded
AHEAD = np.log(1.1)
FLOOR = 1e-6
BEST = "best of Adam and RMSprop"

ETAS = np.geomspace(1e-3, 1e2, 18)
BETAS = (0.0, 0.5, 0.8, 0.9, 0.97)
BETAS_2 = (0.99, 0.999)
EPSILONS = (1e-8, 1e-3)
GRIDS = {  # η, β, β₂, ε: one grid for what the rules share
    "momentum": np.array([*product(ETAS, BETAS, [np.nan], [np.nan])]),
    "adam": np.array([*product(ETAS, BETAS, BETAS_2, EPSILONS)]),
    "rmsprop": np.array([*product(ETAS, [np.nan], [np.nan], EPSILONS)]),
}
NAMES = {"momentum": "momentum", "adam": "Adam", "rmsprop": "RMSprop"}


def adam_combination_better(budget: Budget) -> Measurement:
    """Epochs to 1e-6, tuned Adam (η, β, β₂, ε) against tuned momentum (η, β); RMSprop (η, ε) shown."""
    units, curves = [], []
    for prefix, form in product(PROBLEMS, (ROTATED, ALIGNED)):
        name, epochs, lines = _race(prefix, form, budget)
        for seed, arms in enumerate(epochs):
            effect = float(np.log(arms["momentum"] / arms["Adam"]))
            units.append(Unit(name, seed, effect, form, form, arms))
        curves += [Curve(name, arm, *lines[arm]) for arm in ("momentum", "Adam")]

    def ratio(arm, other, form):
        return float(np.mean([np.log(u.arms[arm] / u.arms[other]) for u in units if u.group == form]))

    shown = {
        f"log ratio of epochs, {arm} over {other}, {form}": ratio(arm, other, form)
        for arm, other in (("RMSprop", "Adam"), ("momentum", "RMSprop"), ("momentum to 0.01", "Adam to 0.01"))
        for form in (ROTATED, ALIGNED)
    }
    panels = [
        _panel(units, "Adam", "Adam", attrgetter("group")),
        _panel(units, "RMSprop", "RMSprop (shown)", attrgetter("group")),
    ]
    return Measurement(units, curves, panels, shown)


def not_for_every_problem(budget: Budget) -> Measurement:
    """Whether the better of Adam and RMSprop, all tuned, is ahead of momentum by 10 % of the epochs to 1e-6.

    Half of the problems have features of unequal scales, from 0.1 to 10.
    """
    units, curves = [], []
    for prefix, form in product(PROBLEMS, (ROTATED, SPREAD)):
        name, epochs, lines = _race(prefix, form, budget)
        for seed, arms in enumerate(epochs):
            arms = arms | {BEST: min(arms["Adam"], arms["RMSprop"])}
            ahead = np.log(arms["momentum"] / arms[BEST]) > AHEAD
            units.append(Unit(name, seed, float(ahead), arms=arms))
        curves += [Curve(name, arm, *line) for arm, line in lines.items()]

    def scales(unit):
        return SPREAD if FORMS[SPREAD] in unit.problem else "equal scales"

    shown = {
        f"share ahead, {name}": float(np.mean([u.effect for u in units if scales(u) == name]))
        for name in ("equal scales", SPREAD)
    }
    return Measurement(units, curves, [_panel(units, BEST, "Who arrives first", scales)], shown)


@lru_cache(maxsize=64)  # both claims race the problems as they are
def _race(prefix: str, form: str, budget: Budget):
    """A problem's full name, every seed's epochs to the targets by arm, and the arms' mean curves."""
    problem = named(prefix, budget)
    fleet = Fleet(problem)
    if form == ALIGNED:
        fleet = fleet.in_eigenbasis()
    elif form == SPREAD:
        scales = [_scales(prefix, budget, seed, len(q.start)) for seed, q in enumerate(problem)]
        fleet = fleet.transformed(np.stack([np.diag(scale) for scale in scales]))
    epochs: list[dict[str, float]] = [{} for _ in problem]
    lines = {}
    shown = np.unique(np.geomspace(1, EPOCHS, 100).astype(int))
    for solver, grid in GRIDS.items():
        eta, beta, beta_2, epsilon = grid.T
        excess, _ = fleet.descend(solver, eta[None], beta, EPOCHS, beta_2=beta_2, epsilon=epsilon)
        for target, suffix in ((TIGHT, ""), (LOOSE, f" to {LOOSE:g}")):
            arrived = arrivals(excess, target)
            for seed, first in enumerate(arrived.min(axis=1)):
                epochs[seed][NAMES[solver] + suffix] = float(first)
            if target == TIGHT:
                best = [np.lexsort((excess[-1, s], row))[0] for s, row in enumerate(arrived)]
        curve = np.stack([excess[shown, s, k] for s, k in enumerate(best)])
        lines[NAMES[solver]] = shown.astype(float), np.exp(np.log(np.clip(curve, FLOOR, None)).mean(axis=0))
    return f"{problem[0].name}, {FORMS[form]}", epochs, lines


def _scales(prefix, budget, seed, size):
    """The features' scales, and 1 for the intercept."""
    draw = np.random.default_rng(derive_seed(budget.seed, "feature scales", prefix, seed))
    return np.append(10 ** draw.uniform(-1, 1, size - 1), 1.0)


def _panel(units, arm, title, group):
    series = [
        Series(
            name,
            np.array([u.arms["momentum"] for u in units if group(u) == name]),
            np.array([u.arms[arm] for u in units if group(u) == name]),
            "measured",
            name,
        )
        for name in dict.fromkeys(map(group, units))
    ]
    equal = np.array([10.0, 2.0 * EPOCHS])
    series.append(Series("equal", equal, equal, "reference"))
    return Panel(title, "epochs to 1e-6, momentum", f"epochs to 1e-6, {arm}", series, x_log=True, y_log=True)
