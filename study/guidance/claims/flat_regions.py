"""Momentum speeds up progress where gradients are small."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.plateaus import flat_regions

CLAIM = Claim(
    id="flat-regions",
    place=14,
    quote="梯度值较小的情况",
    claim=Text("Momentum speeds up progress where gradients are small.", "梯度值较小时动量加快前进。"),
    short=Text("β = 0.9 to cross flat regions sooner", "用 β = 0.9 更快穿过平坦区域"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text("β = 0.9 in the note's form", "笔记形式的 β = 0.9"),
        Text("β = 0 at the same nominal rate", "同一名义学习率的 β = 0"),
    ),
    shown=(
        Text("heavy ball at the same nominal rate", "同一名义学习率的 heavy ball"),
        Text("the longest step against η·max‖∇J‖", "最大步长与 η·max‖∇J‖ 之比"),
    ),
    protocol=Text(
        (
            "12 plateaus of constant gradient, 10 to 3,000 steps long, slopes 0.1 to 1e-6, half with noise of three "
            "times the slope. Steps across, β = 0 over β = 0.9 in the note's form at the same nominal rate. Heavy ball, "
            "and the longest step against η·max‖∇J‖, shown."
        ),
        (
            "12 个梯度恒定的平台,长 10 到 3,000 步,斜率 0.1 到 1e-6,半数带三倍斜率的噪声。同一名义学习率下,β = 0 与笔记形式的"
            "β = 0.9 的步数之比。另展示 heavy ball,以及最大步长与 η·max‖∇J‖ 之比。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return flat_regions(budget)
