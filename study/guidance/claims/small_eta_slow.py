"""A small learning rate may make convergence slow."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.tuning import small_eta_slow

CLAIM = Claim(
    id="small-eta-slow",
    place=6,
    quote="较小的学习率可能导致训练过程收敛缓慢",
    claim=Text("A small learning rate may make convergence slow.", "学习率较小可能使收敛缓慢。"),
    short=Text("a small η costing epochs", "较小的 η 使收敛变慢"),
    rule="share",
    kind="speed",
    role="warning",
    arms=(Text("β = 0.9 at η", "β = 0.9,取 η"), Text("β = 0.9 at 10 η", "β = 0.9,取 10 η")),
    protocol=Text(
        (
            "Full batch at β = 0.9. A cell is one of 8 problems with one of ηL = 0.03, 0.3 and 3; it occurs there if "
            "this η takes over 10 % more epochs to 1e-6 than ten times as much, which is stable. Epochs over all η drawn."
        ),
        (
            "全批量,β = 0.9。单元为 8 个问题之一配 ηL = 0.03、0.3、3 之一;若比十倍的 η(仍稳定)多用 10 % 以上的轮数降到 1e-6,即算出现。"
            "图中画出轮数随 η 的变化。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return small_eta_slow(budget)
