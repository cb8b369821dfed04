"""Momentum may make the updates oscillate, above all at a large η or β."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.oscillation import can_oscillate

CLAIM = Claim(
    id="can-oscillate",
    place=17,
    quote="可能导致权重更新的震荡,特别是在学习率较大或beta值较大的情况下",
    claim=Text(
        "Momentum may make the updates oscillate, above all at a large η or β.",
        "动量可能使更新震荡,尤其在 η 或 β 较大时。",
    ),
    short=Text("updates that reverse although the setting is stable", "设置稳定但更新仍来回反转"),
    rule="share",
    kind="share",
    role="warning",
    arms=(
        Text("the stable part of the (β, η) plane", "(β, η) 平面的稳定部分"),
        Text("the theory's boundary of complex roots", "理论给出的复根边界"),
    ),
    shown=(Text("rises of the loss", "损失上升的次数"),),
    protocol=Text(
        (
            "The stable cells among β = 0, 0.5, 0.9, 0.99, 0.999 and nine ηL from 0.01 to 30, each on a problem of its "
            "own. It occurs in a cell if any update reverses along the sharpest direction. The theory's boundary, found "
            "again by bisection, is drawn; cells in which the loss rises are shown."
        ),
        (
            "β = 0、0.5、0.9、0.99、0.999 与 0.01 到 30 间九个 ηL 中稳定的单元,各用一个问题。若最陡方向上有更新反转,即算出现。"
            "图中画出理论边界及二分法找到的边界;另展示损失上升的单元。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return can_oscillate(budget)
