"""Momentum escapes local minima."""

import math

from study.guidance.claim import (
    Budget,
    Claim,
    Measurement,
    Separator,
    Text,
)
from study.guidance.experiments.landscapes import escapes_local_minima

CLAIM = Claim(
    id="escapes-local-minima",
    place=3,
    quote="跳出局部极小值",
    claim=Text("Momentum escapes local minima.", "动量能跳出局部极小值。"),
    short=Text("β = 0.9 to get out of a poor local minimum", "用 β = 0.9 跳出较差的局部极小值"),
    rule="effect",
    kind="share",
    role="remedy",
    arms=(
        Text("β = 0.9, η tuned on other starts", "β = 0.9,η 在另外的起点上调优"),
        Text("β = 0, η tuned on other starts", "β = 0,η 在另外的起点上调优"),
    ),
    shown=(
        Text("heavy ball at the same nominal rate", "同一名义学习率的 heavy ball"),
        Text("Rosenbrock and Beale: speed", "Rosenbrock 与 Beale:仅看速度"),
        Text("a small network", "一个小网络"),
    ),
    separator=Separator(
        Text("standard deviation σ of the gradient's noise", "梯度噪声的标准差 σ"),
        ("σ = 0", "σ > 0"),
        ("σ = 0", "σ > 0"),
        (-math.inf, 0),
    ),
    protocol=Text(
        (
            "13 functions with traps (tilted double wells and Himmelblau, Rastrigin, Ackley; dimension, tilt and "
            "scale varied), each with noise σ = 0, 1 and 10, off for the last 20 % of 2,000 steps; 200 starts a seed. "
            "Net escapes: of the starts that descent at η = 0.05/L leaves in a worse minimum, the share that ends "
            "within 0.1 of the global one, less the share of global starts that are lost. β = 0.9 less β = 0, each "
            "with η of ten values tuned on other starts. Heavy ball, Rosenbrock, Beale and a small network shown."
        ),
        (
            "13 个有陷阱的函数(倾斜双阱、倾斜 Himmelblau、Rastrigin、Ackley;维数、倾斜与尺度各异),噪声 σ 为 0、1、10,"
            "2,000 步中最后 20 % 关闭噪声;每个种子 200 个起点。净逃逸:η = 0.05/L 的梯度下降落入较差极小的起点中,"
            "最终距全局极小 0.1 以内的比例,减去全局起点丢失的比例。β = 0.9 减 β = 0,各在另外的起点上从十个 η 中调优。"
            "另展示 heavy ball、Rosenbrock、Beale 与一个小网络。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return escapes_local_minima(budget)
