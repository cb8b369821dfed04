"""Combined with Adam or RMSprop, momentum usually does better."""

from study.guidance.claim import Budget, Claim, Measurement, Separator, Text
from study.guidance.experiments.batched import adam_combination_better

CLAIM = Claim(
    id="adam-combination-better",
    place=9,
    quote="结合其他优化算法如Adam、RMSprop等,通常可以获得更好的性能",
    claim=Text(
        "Combined with Adam or RMSprop, momentum usually does better.",
        "与 Adam、RMSprop 等结合,通常性能更好。",
    ),
    short=Text("Adam in place of momentum", "用 Adam 代替动量"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text("Adam, tuned (η, β, β₂, ε)", "Adam,调优(η、β、β₂、ε)"),
        Text("momentum, tuned (η, β)", "动量,调优(η、β)"),
    ),
    shown=(Text("RMSprop, tuned", "RMSprop,调优"),),
    separator=Separator(
        Text("axes of the curvature", "曲率的主轴方向"),
        ("axis-aligned", "rotated"),
        ("与坐标轴对齐", "旋转的"),
    ),
    protocol=Text(
        (
            "Full batch, 8 problems, as they are and turned onto their axes of curvature. Epochs to 1e-6 of tuned "
            "momentum (18 η × 5 β) over tuned Adam (the same, with 2 β₂ and 2 ε), budget 1,500 epochs. RMSprop shown."
        ),
        (
            "全批量,8 个问题,各取原样与转到曲率主轴两种。调优的动量(18 个 η × 5 个 β)与调优的 Adam(另加 2 个 β₂、2 个 ε)"
            "降到 1e-6 的轮数之比,预算 1,500 轮。另展示 RMSprop。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return adam_combination_better(budget)
