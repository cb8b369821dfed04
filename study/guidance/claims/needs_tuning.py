"""An unsuitable β may cost performance."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.tuning import needs_tuning

CLAIM = Claim(
    id="needs-tuning",
    place=16,
    quote="不恰当的beta值可能导致性能下降",
    claim=Text("An unsuitable β may cost performance.", "不恰当的 β 可能使性能下降。"),
    short=Text("an unsuitable β", "不恰当的 β"),
    rule="share",
    kind="share",
    role="warning",
    arms=(
        Text(
            "the better half of the search space's β at its worst, at the best pair's η",
            "搜索空间中较好的一半 β 里最差者,取最优组合的 η",
        ),
        Text("the best pair", "最优组合"),
    ),
    shown=(
        Text("importance of β and η", "β 与 η 的重要性"),
        Text("the spread of the final loss over the search space", "搜索空间内最终损失的离散程度"),
    ),
    protocol=Text(
        (
            "Full batch, every other problem, off the exact surface over a study's default search space. It occurs on a "
            "problem if half of the space's β, at the best pair's η, cost over 2 % more held-out loss than the best pair "
            "after the default epochs. "
            "PED-ANOVA's importance of β and η and the spread of the loss over the space are shown."
        ),
        (
            "全批量,每两个问题取一个,用研究默认搜索空间上的精确响应面。若空间中一半的 β(取最优组合的 η)在默认轮数后的留出损失比最优组合多 2 % 以上,即算出现。"
            "另展示 β 与 η 的 PED-ANOVA 重要性,以及空间内损失的离散程度。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return needs_tuning(budget)
