"""Dropout improves generalisation."""

from study.guidance.claim import ROWS_PER_COLUMN, Budget, Claim, Measurement, Text
from study.guidance.experiments.networks import dropout_helps

CLAIM = Claim(
    id="dropout-helps",
    place=12,
    quote="提高泛化性能",
    claim=Text("Dropout improves generalisation.", "Dropout 可提高泛化性能。"),
    short=Text(
        "dropout with its rate chosen on validation, for test loss",
        "为降低测试损失,用验证集选丢弃率的 Dropout",
    ),
    rule="effect",
    kind="test loss",
    role="remedy",
    arms=(
        Text("dropout rate tuned on validation", "丢弃率在验证集上调优"),
        Text("no dropout", "不用 Dropout"),
    ),
    shown=(
        Text("the ridge penalty that equals dropout in expectation", "期望意义下等价的岭惩罚"),
        Text("a small network", "一个小网络"),
    ),
    separator=ROWS_PER_COLUMN,
    protocol=Text(
        (
            "14 linear models and 6 networks with one hidden layer of 8. Test loss without dropout over that with a rate "
            "tuned on validation: of the inputs of the linear model (six rates, by the ridge identity, then fitted), of "
            "the network's hidden units (four rates, η tuned in both arms). The identity's line is drawn."
        ),
        (
            "14 个线性模型与 6 个含 8 个隐藏单元的网络。不用 Dropout 与在验证集上调优丢弃率的测试损失之比:线性模型丢弃输入(六个丢弃率,"
            "由岭回归恒等式选取后拟合),网络丢弃隐藏单元(四个丢弃率,两臂都调优 η)。图中画出恒等式。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return dropout_helps(budget)
