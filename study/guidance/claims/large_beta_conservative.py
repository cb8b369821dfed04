"""Too large a β makes the updates too cautious."""

from study.guidance.claim import ETA_L, Budget, Claim, Measurement, Text, cut_at
from study.guidance.experiments.speed import large_beta_conservative

CLAIM = Claim(
    id="large-beta-conservative",
    place=5,
    quote="过大的值可能会导致更新过于保守",
    claim=Text("Too large a β makes the updates too cautious.", "β 过大会使更新过于保守。"),
    short=Text("β = 0.999 being slower than β = 0.9", "β = 0.999 比 β = 0.9 更慢"),
    rule="effect",
    kind="speed",
    role="warning",
    arms=(Text("β = 0.999", "β = 0.999"), Text("β = 0.9 at the same η", "同一 η 下的 β = 0.9")),
    shown=(Text("heavy ball at the same α", "同一 α 的 heavy ball"),),
    separator=cut_at(ETA_L, "ηL", 1, "1"),
    protocol=Text(
        (
            "Full batch, 8 problems at ηL = 0.1, 1 and 10. Epochs to 1e-6 of β = 0.999 over those of β = 0.9 at the "
            "same η, off the exact recurrence; budget a million. Heavy ball at the same α shown."
        ),
        (
            "全批量,8 个问题,ηL = 0.1、1、10。同一 η 下 β = 0.999 与 β = 0.9 降到 1e-6 的轮数之比,由精确递推算出;预算一百万轮。"
            "另展示同一 α 的 heavy ball。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return large_beta_conservative(budget)
