"""Momentum's advantage is larger on large data sets."""

from study.guidance.claim import BATCH, Budget, Claim, Measurement, Text
from study.guidance.experiments.batched import large_data_faster

CLAIM = Claim(
    id="large-data-faster",
    place=13,
    quote="当处理大规模数据集时",
    claim=Text("Momentum's advantage is larger on large data sets.", "数据量大时动量的优势更大。"),
    short=Text("momentum because the data are large", "因为数据量大而使用动量"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text("β = 0.9 against 0 at the largest n", "最大 n 时 β = 0.9 对 0 的优势"),
        Text("the same at the smallest n", "最小 n 时的同一优势"),
    ),
    shown=(),
    separator=BATCH,
    protocol=Text(
        (
            "6 ladder problems, each full batch and in batches of 16, with 64 and with 2,048 rows, κ and d the same. "
            "The advantage is the log ratio of the epochs to 1e-6, β = 0 over β = 0.9, each at its best η; graded is "
            "the advantage with many rows less that with few."
        ),
        (
            "6 个合成问题,各以全批量与每批 16 行,样本数 64 与 2,048,κ 与 d 不变。优势为 β = 0 与 β = 0.9(各取最优 η)降到 1e-6 的"
            "轮数之比的对数;评定样本多时的优势减样本少时的优势。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return large_data_faster(budget)
