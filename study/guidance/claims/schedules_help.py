"""Decaying or adaptive learning rates help."""

from study.guidance.claim import BATCH, Budget, Claim, Measurement, Text
from study.guidance.experiments.batched import schedules_help

CLAIM = Claim(
    id="schedules-help",
    place=8,
    quote="如学习率衰减或自适应学习率方法",
    claim=Text("Decaying or adaptive learning rates help.", "学习率衰减或自适应学习率有帮助。"),
    short=Text(
        "a decaying or adaptive η rather than a constant one, for training loss",
        "为降低训练损失,用衰减或自适应的 η 代替常数 η",
    ),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text("cosine and adaptive rates, their mean", "余弦衰减与自适应,取均值"),
        Text("constant η, tuned", "常数 η,调优"),
    ),
    shown=(Text("each schedule by itself", "两种调度各自的结果"), Text("test loss", "测试损失")),
    separator=BATCH,
    protocol=Text(
        (
            "β = 0.9, 9 problems, each full batch and in mini-batches, 100 epochs. Training excess at the end, floored "
            "at 1e-6 of its start: the log ratio of a constant η to a cosine decay and to an adaptive rate, their mean "
            "graded, every arm at its best of 22 ηL. Each schedule by itself, and test loss, shown."
        ),
        (
            "β = 0.9,9 个问题,各以全批量与小批量训练 100 轮。取末轮训练超额(下限为初始的 1e-6):常数 η 对余弦衰减、对自适应率的"
            "对数比,评定其均值,各臂取 22 个 ηL 中的最优。另展示两种调度各自的结果与测试损失。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return schedules_help(budget)
