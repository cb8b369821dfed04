"""Momentum is not harmed by sparse gradients."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.batched import sparse_gradients

CLAIM = Claim(
    id="sparse-gradients",
    place=15,
    quote="避免受到梯度稀疏性的影响",
    claim=Text("Momentum is not harmed by sparse gradients.", "动量可避免受梯度稀疏性的影响。"),
    short=Text("momentum because the gradients are sparse", "因为梯度稀疏而使用动量"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text("β = 0.9 against 0 at density 0.01", "密度 0.01 时 β = 0.9 对 0 的优势"),
        Text("the same at density 1", "密度 1 时的同一优势"),
    ),
    protocol=Text(
        (
            "10 ladder problems of 100 features and 400 rows in mini-batches. The advantage (epochs to 1e-6, β = 0 over "
            "β = 0.9, each at its best η) at density 0.01 less that at density 1, κ the same."
        ),
        (
            "10 个合成问题,100 个特征、400 行,小批量。优势为 β = 0 与 β = 0.9(各取最优 η)降到 1e-6 的轮数之比的对数;"
            "评定密度 0.01 时的优势减密度 1 时的优势,κ 不变。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return sparse_gradients(budget)
