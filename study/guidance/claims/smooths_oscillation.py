"""Momentum smooths the updates and makes them oscillate less."""

from study.guidance.claim import ETA_L, Budget, Claim, Measurement, Text, cut_at
from study.guidance.experiments.oscillation import smooths_oscillation

CLAIM = Claim(
    id="smooths-oscillation",
    place=2,
    quote="平滑更新过程,减少参数更新的震荡",
    claim=Text("Momentum smooths the updates and makes them oscillate less.", "动量使更新更平滑,减少震荡。"),
    short=Text("β = 0.9 to make updates reverse less often", "用 β = 0.9 减少更新方向的反转"),
    rule="effect",
    kind="share",
    role="remedy",
    arms=(Text("β = 0.9", "β = 0.9"), Text("β = 0 at the same η", "同一 η 下的 β = 0")),
    shown=(Text("rises of the loss", "损失上升的次数"), Text("ηL above 2", "ηL 大于 2 的情形")),
    separator=cut_at(ETA_L, "ηL", 1, "1"),
    protocol=Text(
        (
            "Full batch, 24 cells: 12 values of ηL from 0.05 to 1.9, six on each side of 1, each on a table and on a "
            "ladder step. The share of updates that reverse along the sharpest direction, β = 0 less β = 0.9 at the "
            "same η, counted until that direction's excess stays below 1e-6. Rises of the loss, and ηL above 2, shown."
        ),
        (
            "全批量,24 个单元:0.05 到 1.9 间 12 个 ηL(1 的两侧各六个),各用一个表格与一个合成问题。最陡方向上更新反转的比例,"
            "同一 η 下 β = 0 减 β = 0.9,计到该方向超额持续低于 1e-6。另展示损失上升的次数与 ηL 大于 2 的情形。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return smooths_oscillation(budget)
