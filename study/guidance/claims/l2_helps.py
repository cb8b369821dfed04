"""L2 regularisation prevents overfitting."""

from study.guidance.claim import ROWS_PER_COLUMN, Budget, Claim, Measurement, Text
from study.guidance.experiments.networks import l2_helps

CLAIM = Claim(
    id="l2-helps",
    place=11,
    quote="为了防止过拟合问题,可以使用L2正则化或Dropout等正则化技巧",
    claim=Text("L2 regularisation prevents overfitting.", "L2 正则化可以防止过拟合。"),
    short=Text("L2 with α chosen on validation, for test loss", "为降低测试损失,用验证集选 α 的 L2"),
    rule="effect",
    kind="test loss",
    role="remedy",
    arms=(Text("α tuned on validation", "α 在验证集上调优"), Text("α = 0", "α = 0")),
    shown=(Text("epochs tuned in both arms", "两臂都调优迭代次数"),),
    separator=ROWS_PER_COLUMN,
    protocol=Text(
        (
            "Linear models at convergence, in closed form, on 14 problems from n/d 0.8 to 100. Test loss without a "
            "penalty over that with α tuned on validation among 25 values from 1e-4 to 100; rows to train on, tune on "
            "and grade on are disjoint. Stopping at the epoch best on validation is shown."
        ),
        (
            "收敛后的线性模型(闭式解),14 个问题,n/d 从 0.8 到 100。无惩罚的测试损失与在验证集上从 1e-4 到 100 间 25 个 α 中调优者之比;"
            "训练、调优、评定的样本互不相交。另展示按验证集选择停止轮数。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return l2_helps(budget)
