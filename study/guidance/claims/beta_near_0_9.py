"""β is best set near 0.9."""

from study.guidance.claim import KAPPA, Budget, Claim, Measurement, Separator, Text
from study.guidance.experiments.speed import beta_near

CLAIM = Claim(
    id="beta-near-0.9",
    place=4,
    quote="通常设置为0.9左右",
    claim=Text("β is best set near 0.9.", "β 宜设在 0.9 左右。"),
    short=Text("β = 0.9 as the setting for every problem", "对所有问题都用 β = 0.9"),
    rule="regret",
    kind="speed",
    role="remedy",
    arms=(
        Text("β = 0.9 at its best η", "β = 0.9,取其最优 η"),
        Text("the best β at its best η", "最优 β 及其最优 η"),
    ),
    shown=(Text("where the best β lies, against κ", "最优 β 随 κ 的位置"),),
    separator=Separator(
        KAPPA,
        ("κ in 600 to 3500", "κ outside 600 to 3500"),
        ("κ 在 600 到 3500 之内", "κ 在 600 到 3500 之外"),
        (600, 3500),
    ),
    protocol=Text(
        (
            "Full batch. Regret: the log ratio of the epochs to 1e-6 of β = 0.9 at its best η to those of the best "
            "pair (β, η) of the exact surface, 1 − β from 1 to 1e-4. All problems with κ in 600 to 3500 and, outside, "
            "those with κ from 10,000 and one of each kind below. Where the best β lies is drawn against β*."
        ),
        (
            "全批量。代价:β = 0.9 取最优 η 时降到 1e-6 的轮数与精确响应面上最优 (β, η) 的轮数之比的对数,1 − β 从 1 到 1e-4。"
            "包括 κ 在 600 到 3500 之内的全部问题;之外取 κ 不小于 10,000 者,及其下每类一个。图中画出最优 β 与 β*。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return beta_near(budget)
