"""With inaccurate gradients, momentum's updates point the wrong way."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.plateaus import depends_on_gradient

CLAIM = Claim(
    id="depends-on-gradient",
    place=18,
    quote="梯度信息可能不够准确,导致更新方向不正确",
    claim=Text(
        "With inaccurate gradients, momentum's updates point the wrong way.",
        "梯度不准确时,动量的更新方向会出错。",
    ),
    short=Text(
        "noisy gradients turning β = 0.9's updates away more than plain descent's",
        "梯度有噪声时,β = 0.9 的更新比普通梯度下降偏得更多",
    ),
    rule="effect",
    kind="share",
    role="warning",
    arms=(Text("β = 0.9", "β = 0.9"), Text("β = 0 at the same η", "同一 η 下的 β = 0")),
    shown=(Text("the final error against the noise floor", "最终误差与噪声底线之比"),),
    protocol=Text(
        (
            "Full batch, every other problem, with independent noise of 0.1 to 10 times the starting gradient. The cosine "
            "of the update to the true gradient, mean over 100 steps and ηL = 0.01, 0.1 and 1: β = 0 less β = 0.9, positive "
            "where momentum points worse. The stationary variance is held against the noise floor."
        ),
        (
            "全批量,每两个问题取一个,独立噪声为初始梯度的 0.1 到 10 倍。更新方向与真实梯度的余弦,取 100 步与 ηL = 0.01、0.1、1 的均值:"
            "β = 0 减 β = 0.9,动量偏得更多则为正。稳态方差与噪声底线对比。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return depends_on_gradient(budget)
