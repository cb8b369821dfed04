"""Combined with Adam or RMSprop, momentum usually does better.

Momentum and Adam are tuned on one grid and descend in full batch, on every problem as it is and in the
coordinates along its axes of curvature (`study.guidance.lab.adam_rmsprop_momentum`). The effect is ln(epochs
of momentum / epochs of Adam).
"""

from itertools import product

from study.guidance.claim import Budget, Claim, Curve, Measurement, Separator, Text, Unit
from study.guidance.lab.adam_rmsprop_momentum import (
    ADAM,
    ALIGNED,
    BETAS,
    BETAS_2,
    EPOCHS,
    EPSILONS,
    ETAS,
    MOMENTUM,
    PROBLEMS,
    RMSPROP,
    ROTATED,
    TO_LOOSE_TARGET,
    compare_solvers,
    epochs_panel,
)
from study.guidance.lab.arms import TARGET
from study.guidance.lab.two_arms import log_arm_ratio, mean_log_arm_ratio
from study.guidance.lab.wording import scientific

CLAIM = Claim(
    id="adam-combination-better",
    place=9,
    quote="结合其他优化算法如Adam、RMSprop等,通常可以获得更好的性能",
    claim=Text(
        "Combined with Adam or RMSprop, momentum usually does better.",
        "与 Adam、RMSprop 等结合，通常性能更好。",
    ),
    short=Text("Adam in place of momentum", "用 Adam 代替动量"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text("Adam, tuned (η, β, β₂, ε)", "Adam，调优(η、β、β₂、ε)"),
        Text("momentum, tuned (η, β)", "动量，调优(η、β)"),
    ),
    shown=(Text("RMSprop, tuned", "RMSprop，调优"),),
    separator=Separator(
        Text("axes of the curvature", "曲率的主轴方向"), (ALIGNED, ROTATED), ("与坐标轴对齐", "旋转的")
    ),
    protocol=Text(
        (
            f"Full batch, {len(PROBLEMS)} problems, as they are and turned onto their axes of curvature. Epochs to "
            f"{scientific(TARGET)} of tuned momentum ({len(ETAS)} η × {len(BETAS)} β) over tuned Adam (the same, with "
            f"{len(BETAS_2)} β₂ and {len(EPSILONS)} ε), budget {EPOCHS:,} epochs. RMSprop shown."
        ),
        (
            f"全批量，{len(PROBLEMS)} 个问题，各取原样与转到曲率主轴两种。调优的动量({len(ETAS)} 个 η × {len(BETAS)} 个 β)"
            f"与调优的 Adam(另加 {len(BETAS_2)} 个 β₂、{len(EPSILONS)} 个 ε)"
            f"降到 {scientific(TARGET)} 的轮数之比，预算 {EPOCHS:,} 轮。另展示 RMSprop。"
        ),
    ),
)

SHOWN_RATIOS = (
    (RMSPROP, ADAM),
    (MOMENTUM, RMSPROP),
    (MOMENTUM + TO_LOOSE_TARGET, ADAM + TO_LOOSE_TARGET),
)
"""Pairs of arms whose log ratio of epochs is reported and not graded."""


def measure(budget: Budget) -> Measurement:
    """Compare tuned momentum with tuned Adam on every problem, in both orientations."""
    units: list[Unit] = []
    curves: list[Curve] = []
    for prefix, form in product(PROBLEMS, (ROTATED, ALIGNED)):
        found = compare_solvers(prefix, form, budget)
        for seed, arms in enumerate(found.epochs):
            effect = log_arm_ratio(arms, MOMENTUM, ADAM)
            units.append(Unit(found.problem, seed, effect, form, form, arms))
        curves += [found.curves[MOMENTUM], found.curves[ADAM]]
    shown = {
        f"log ratio of epochs, {arm} over {other}, {form}": mean_log_arm_ratio(
            [unit for unit in units if unit.group == form], arm, other
        )
        for arm, other in SHOWN_RATIOS
        for form in (ROTATED, ALIGNED)
    }
    panels = [
        epochs_panel(units, ADAM, ADAM, lambda unit: unit.group),
        epochs_panel(units, RMSPROP, f"{RMSPROP} (shown)", lambda unit: unit.group),
    ]
    return Measurement(units, curves, panels, shown)
