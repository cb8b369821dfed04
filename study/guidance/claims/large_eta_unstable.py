"""A large learning rate may make training unstable."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.stability import large_eta_unstable

CLAIM = Claim(
    id="large-eta-unstable",
    place=7,
    quote="较大的学习率可能导致训练不稳定",
    claim=Text("A large learning rate may make training unstable.", "学习率较大可能使训练不稳定。"),
    short=Text("a large η diverging", "较大的 η 导致发散"),
    rule="share",
    kind="share",
    role="warning",
    arms=(
        Text("where β = 0.9 begins to diverge", "β = 0.9 开始发散处"),
        Text("a study's range of η", "研究的 η 范围"),
    ),
    shown=(Text("the same limit at β = 0: is momentum more stable?", "β = 0 时的界限:动量是否“更加稳定”?"),),
    protocol=Text(
        (
            "Full batch at β = 0.9, every third problem. It occurs on a problem if fits of the estimator, bisected to "
            "0.5 %, begin to diverge at an η within a study's default search range. How many times larger an η β = 0.9 "
            "allows than β = 0 (is it more stable?), in the note's form and as heavy ball, is shown."
        ),
        (
            "全批量,β = 0.9,每三个问题取一个。以二分法(精度 0.5 %)找拟合开始发散的 η;若在研究的默认搜索范围内,即算出现。"
            "另展示 β = 0.9 允许的 η 是 β = 0 的几倍(是否“更加稳定”),分笔记形式与 heavy ball。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return large_eta_unstable(budget)
