"""On some problems RMSprop or Adam may do better.

Momentum, Adam and RMSprop are tuned on one grid and descend in full batch, on every problem as it is and with
features of unequal scales (`study.guidance.lab.adam_rmsprop_momentum`). It occurs on a problem, an effect of
1, where the better of Adam and RMSprop needs 10 % fewer epochs than momentum.
"""

from itertools import product

import numpy as np

from study.guidance.claim import DELTAS, Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.adam_rmsprop_momentum import (
    ADAM,
    FORMS,
    MOMENTUM,
    PROBLEMS,
    RMSPROP,
    ROTATED,
    SCALES,
    UNEQUAL,
    compare_solvers,
    epochs_panel,
)
from study.guidance.lab.arms import TARGET
from study.guidance.lab.two_arms import log_arm_ratio
from study.guidance.lab.wording import percent_more, scientific

BETTER = f"best of {ADAM} and {RMSPROP}"
EQUAL = "equal scales"

AHEAD = DELTAS["speed"]
"""From this log ratio of epochs an arm counts as faster than momentum."""

CLAIM = Claim(
    id="not-for-every-problem",
    place=10,
    quote="对于某些特定问题,其他优化算法如RMSprop或Adam可能表现更好",
    claim=Text("On some problems RMSprop or Adam may do better.", "在某些问题上 RMSprop 或 Adam 可能更好。"),
    short=Text("problems where RMSprop or Adam is ahead of momentum", "RMSprop 或 Adam 优于动量的问题"),
    rule="share",
    kind="speed",
    role="warning",
    arms=(
        Text("the better of Adam and RMSprop, tuned", "Adam 与 RMSprop 中较好的，调优"),
        Text("momentum, tuned", "动量，调优"),
    ),
    shown=(Text("feature scales", "特征的尺度"),),
    protocol=Text(
        (
            f"Full batch, {len(PROBLEMS)} problems, as they are and with features scaled from {SCALES[0]:g} to "
            f"{SCALES[1]:g}. It occurs on a problem if the better of tuned Adam and RMSprop needs "
            f"{percent_more(AHEAD)} % fewer epochs to {scientific(TARGET)} than tuned momentum; grids as for Adam."
        ),
        (
            f"全批量，{len(PROBLEMS)} 个问题，各取原样与特征尺度在 {SCALES[0]:g} 到 {SCALES[1]:g} 间不等两种。"
            f"若 Adam 与 RMSprop(均调优)中较好者比调优的动量少用 {percent_more(AHEAD)} % 的轮数降到 "
            f"{scientific(TARGET)}，即算出现；网格同上。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare tuned momentum with the better of tuned Adam and RMSprop, with equal and with unequal scales."""
    units: list[Unit] = []
    curves: list[Curve] = []
    for prefix, form in product(PROBLEMS, (ROTATED, UNEQUAL)):
        found = compare_solvers(prefix, form, budget)
        for seed, epochs in enumerate(found.epochs):
            arms = epochs | {BETTER: min(epochs[ADAM], epochs[RMSPROP])}
            is_ahead = log_arm_ratio(arms, MOMENTUM, BETTER) > AHEAD
            units.append(Unit(found.problem, seed, float(is_ahead), arms=arms))
        curves += found.curves.values()
    shown = {
        f"share ahead, {name}": float(np.mean([unit.effect for unit in units if _scales(unit) == name]))
        for name in (EQUAL, UNEQUAL)
    }
    return Measurement(units, curves, [epochs_panel(units, BETTER, "Who arrives first", _scales)], shown)


def _scales(unit: Unit) -> str:
    """Return the name of a unit's kind of scales."""
    return UNEQUAL if FORMS[UNEQUAL] in unit.problem else EQUAL
