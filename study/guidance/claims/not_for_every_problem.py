"""On some problems RMSprop or Adam may do better."""

from study.guidance.claim import Budget, Claim, Measurement, Text
from study.guidance.experiments.batched import not_for_every_problem

CLAIM = Claim(
    id="not-for-every-problem",
    place=10,
    quote="对于某些特定问题,其他优化算法如RMSprop或Adam可能表现更好",
    claim=Text("On some problems RMSprop or Adam may do better.", "在某些问题上 RMSprop 或 Adam 可能更好。"),
    short=Text("problems where RMSprop or Adam is ahead of momentum", "RMSprop 或 Adam 优于动量的问题"),
    rule="share",
    kind="speed",
    role="warning",
    arms=(
        Text("the better of Adam and RMSprop, tuned", "Adam 与 RMSprop 中较好的,调优"),
        Text("momentum, tuned", "动量,调优"),
    ),
    shown=(Text("feature scales", "特征的尺度"),),
    protocol=Text(
        (
            "Full batch, 8 problems, as they are and with features scaled from 0.1 to 10. It occurs on a problem if the "
            "better of tuned Adam and RMSprop needs 10 % fewer epochs to 1e-6 than tuned momentum; grids as for Adam."
        ),
        (
            "全批量,8 个问题,各取原样与特征尺度在 0.1 到 10 间不等两种。若 Adam 与 RMSprop(均调优)中较好者比调优的动量"
            "少用 10 % 的轮数降到 1e-6,即算出现;网格同上。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    return not_for_every_problem(budget)
