"""How many times fewer epochs β = 0.9 needs than β = 0, in two conditions: few and many rows, dense and sparse.

The advantage of momentum in a condition is the log ratio of the epochs until the training excess stays at most a
share of its start, β = 0 over β = 0.9, each at the η of the grid that arrives first. A claim that momentum helps
more in one condition than in another is graded on the difference of the two advantages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.descent import closed_form
from study.figures.panel import Panel
from study.guidance.claim import Curve, Unit
from study.guidance.lab.arms import LOOSE_TARGET, TARGET
from study.guidance.lab.betas import BETA, BETAS, MOMENTUM, PLAIN
from study.guidance.lab.quadratics import Quadratic
from study.guidance.lab.side_by_side import ETA_L, mean_excess, stack, updates_to_target
from study.guidance.lab.two_arms import line_of_equality, points_by_group

TARGETS = (LOOSE_TARGET, TARGET)
"""Shares of the starting excess; the second is graded."""

POINTS = 100


@dataclass(frozen=True)
class BothArms:
    """What β = 0 and β = 0.9 do on a problem in one condition, each at its best η.

    Attributes
    ----------
    epochs : dict of float to ndarray of shape (seeds, 2)
        By the target's share of the starting excess; the arms are in the order of `BETAS`.
    curves : list of tuple of ndarray
        Each arm's epochs and mean excess, as a share of the start's.
    """

    epochs: dict[float, np.ndarray]
    curves: list[tuple[np.ndarray, np.ndarray]]


def simulate_mini_batches(
    problem: Sequence[Quadratic],
    batch_size: int,
    draws: Sequence[np.random.Generator],
    updates: int,
    every: int,
) -> BothArms:
    """Run both arms in mini-batches on the whole grid of η.

    Parameters
    ----------
    problem : sequence of Quadratic
        One a seed.
    batch_size : int
    draws : sequence of Generator
        One a seed, for the rows' order.
    updates : int
        The budget; an arm that has not arrived by then counts as twice of it.
    every : int
        Updates from one recorded excess to the next.
    """
    stacked = stack(problem)
    beta = np.repeat([*BETAS.values()], len(ETA_L))
    excess, _ = stacked.descend(
        "momentum", np.tile(ETA_L, len(BETAS)) / stacked.L, beta, updates,
        batch_size=batch_size, draws=draws, every=every,
    )  # fmt: skip
    excess = excess.reshape(-1, len(problem), len(BETAS), len(ETA_L))
    epochs_per_update = batch_size / stacked.n_samples
    arrived = {target: updates_to_target(excess, target, every) for target in TARGETS}
    best = np.argmin(arrived[TARGET], axis=-1)[None, ..., None]
    curve = mean_excess(np.take_along_axis(excess, best, axis=-1)[..., 0], axis=1)
    at = np.unique(np.linspace(0, len(curve) - 1, POINTS).astype(int))
    return BothArms(
        {target: found.min(axis=-1) * epochs_per_update for target, found in arrived.items()},
        [(at * every * epochs_per_update, curve[at, arm]) for arm in range(len(BETAS))],
    )


def exact_full_batch(problem: Sequence[Quadratic], updates: int) -> BothArms:
    """Return what both arms do in full batch, from the closed form (docs/theory.md, "Closed form").

    Parameters
    ----------
    problem : sequence of Quadratic
        One a seed.
    updates : int
        The budget, as in `simulate_mini_batches`.
    """
    epochs: dict[float, list[list[float]]] = {target: [] for target in TARGETS}
    curves = []
    at = np.unique(np.geomspace(1, updates, POINTS).astype(int))
    for quadratic in problem:
        spectrum, etas = quadratic.spectrum, ETA_L / quadratic.spectrum.L
        arrived = {
            target: [
                closed_form.arrivals(spectrum, np.full(len(etas), beta), etas, target, updates)
                for beta in BETAS.values()
            ]
            for target in TARGETS
        }
        for target, by_arm in arrived.items():
            epochs[target].append([min(arm.min(), 2 * updates) for arm in by_arm])
        best = etas[np.argmin(arrived[TARGET], axis=1)]
        curves.append(
            [
                closed_form.excess(spectrum, beta, eta, at)
                for beta, eta in zip(BETAS.values(), best, strict=True)
            ]
        )
    mean = mean_excess(np.array(curves), axis=0)
    return BothArms(
        {target: np.array(found) for target, found in epochs.items()}, [(at, line) for line in mean]
    )


def curves(problem: str, found: BothArms) -> list[Curve]:
    """Return the arms' curves as those of a problem."""
    return [Curve(problem, arm, *line) for arm, line in zip(BETAS, found.curves, strict=True)]


def units_of_difference(
    problem: str, found: Mapping[float, BothArms], condition: float, base: float, group: str | None
) -> list[Unit]:
    """Return a problem's units: the advantage in one condition less that in another.

    Parameters
    ----------
    problem : str
    found : mapping of float to BothArms
        By the condition's number, such as its rows.
    condition, base : float
        The condition in which the claim is that momentum helps more, and the other one.
    group : str or None
        The separator's value, which is also the group.
    """
    units = []
    for seed in range(len(found[condition].epochs[TARGET])):
        arms = {
            f"{arm}, {number:g}" + ("" if target == TARGET else f", to {target:g}"): float(epochs[seed, i])
            for number, both in found.items()
            for target, epochs in both.epochs.items()
            for i, arm in enumerate(BETAS)
        }
        effect = advantage(arms, condition) - advantage(arms, base)
        units.append(Unit(problem, seed, effect, group, group, arms))
    return units


def advantage(arms: Mapping[str, float], condition: float) -> float:
    """Return the advantage of momentum in a condition, from a unit's arms."""
    return float(np.log(arms[f"{PLAIN}, {condition:g}"] / arms[f"{MOMENTUM}, {condition:g}"]))


def mean_advantages(
    units: Sequence[Unit], conditions: Sequence[float], groups: Sequence[str | None]
) -> dict[str, float]:
    """Return the mean advantage of every group in every condition, by their names."""
    found = {}
    for group in groups:
        arms = [unit.arms for unit in units if unit.group == group]
        for condition in conditions:
            name = f"{condition:g}" if group is None else f"{condition:g}, {group}"
            found[name] = float(np.mean([advantage(raw, condition) for raw in arms]))
    return found


def panel(units: Sequence[Unit], condition: float, base: float, quantity: str) -> Panel:
    """Return the picture of the advantage in one condition against that in the other.

    Parameters
    ----------
    units : sequence of Unit
    condition, base : float
        As in `units_of_difference`.
    quantity : str
        What the condition's number counts or measures.
    """
    points = points_by_group(
        units,
        lambda unit: advantage(unit.arms, base),
        lambda unit: advantage(unit.arms, condition),
        ungrouped=f"{quantity} {condition:g}",
    )
    every_value = np.concatenate([value for series in points for value in (series.x, series.y)])
    equal = line_of_equality(every_value.min(), every_value.max(), "no difference")
    label = f"log ratio of epochs, β = 0 over {BETA:g}, {quantity}"
    return Panel("Advantage of momentum", f"{label} {base:g}", f"{label} {condition:g}", [*points, equal])
