"""The ledger's rows: what the note says, and how each sentence is measured. Written before any result.

Quotes are the note's, word for word; protocols are in `protocols.py`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from study.guidance.protocols import PROTOCOLS
from study.guidance.verdicts import DELTAS, Rule


@dataclass(frozen=True)
class Text:
    """The same words in the report's two languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Separator:
    """The one quantity that may divide a claim's problems.

    Attributes
    ----------
    name : Text
    groups, groups_zh : tuple of two str
        What the two sides of the cut are called; for a quantity that is a word, the words themselves.
    inside : tuple of two float, optional
        The first group holds the numbers in `(low, high]`, the second all others.
    """

    name: Text
    groups: tuple[str, str]
    groups_zh: tuple[str, str]
    inside: tuple[float, float] | None = None

    def side(self, value: float | str) -> str:
        """Return the group that a value of the quantity falls in."""
        if self.inside is None:
            if value not in self.groups:
                raise ValueError(f"{self.name.en}: {value!r} is not one of {list(self.groups)}")
            return str(value)
        low, high = self.inside
        return self.groups[0 if low < float(value) <= high else 1]


@dataclass(frozen=True)
class Claim:
    """One row of the ledger.

    Attributes
    ----------
    id, quote : str
        The quote is the note's words.
    claim, short : Text
        What is held to be so; in `short` as a few words that follow "worth doing:" or "watch out for:".
    rule : {"effect", "share", "regret"}
    kind : {"speed", "test loss", "share"}
        What δ is for.
    role : {"remedy", "warning"}
        Whether the claim recommends something or warns of it.
    arms : tuple of two Text
        The advice as given, and its alternative; for a share, where it is looked for, and what counts.
    shown : sequence of Text
        What is measured beside them and not graded.
    """

    id: str
    quote: str
    claim: Text
    short: Text
    rule: Rule
    kind: Literal["speed", "test loss", "share"]
    role: Literal["remedy", "warning"]
    arms: tuple[Text, Text]
    shown: Sequence[Text] = ()
    separator: Separator | None = None
    protocol: Text = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "protocol", Text(*PROTOCOLS[self.id]))

    @property
    def delta(self) -> float:
        """The smallest effect that matters."""
        return DELTAS["share"] if self.rule == "share" else DELTAS[self.kind]


def _cut(name: Text, symbol: str, cut: float, shown: str) -> Separator:
    groups = (f"{symbol} ≤ {shown}", f"{symbol} > {shown}")
    return Separator(name, groups, groups, (-math.inf, cut))


KAPPA = Text("condition number κ", "条件数 κ")
ETA_L = Text("η times the largest curvature, ηL", "η 与最大曲率之积 ηL")
BATCH = Separator(
    Text("full batch or mini-batch", "全批量或小批量"), ("full batch", "mini-batch"), ("全批量", "小批量")
)
ROWS_PER_COLUMN = Separator(
    Text("rows per feature n/d", "每个特征的样本数 n/d"),
    ("n/d < 5", "n/d ≥ 5"),
    ("n/d < 5", "n/d ≥ 5"),
    (-math.inf, math.nextafter(5, 0)),
)

CLAIMS = (
    Claim(
        "converges-faster",
        "动量优化算法可以加速梯度下降的收敛速度",
        Text("Momentum speeds up the convergence of gradient descent.", "动量可以加快梯度下降的收敛。"),
        Text("β = 0.9 rather than no momentum, for speed", "为加快收敛,用 β = 0.9 而不是不用动量"),
        "effect",
        "speed",
        "remedy",
        (Text("β = 0.9, η tuned", "β = 0.9,η 调优"), Text("β = 0, η tuned", "β = 0,η 调优")),
        (
            Text("β and η tuned", "β 与 η 都调优"),
            Text("β = 0.9 at plain descent's η", "β = 0.9,与普通梯度下降同 η"),
        ),
        # Where κ is below this, the rate of β = 0.9, √0.9 an epoch, is no better than plain descent's best.
        _cut(KAPPA, "κ", (1 + math.sqrt(0.9)) / (1 - math.sqrt(0.9)), "38"),
    ),
    Claim(
        "smooths-oscillation",
        "平滑更新过程,减少参数更新的震荡",
        Text("Momentum smooths the updates and makes them oscillate less.", "动量使更新更平滑,减少震荡。"),
        Text("β = 0.9 to make updates reverse less often", "用 β = 0.9 减少更新方向的反转"),
        "effect",
        "share",
        "remedy",
        (Text("β = 0.9", "β = 0.9"), Text("β = 0 at the same η", "同一 η 下的 β = 0")),
        (Text("rises of the loss", "损失上升的次数"), Text("ηL above 2", "ηL 大于 2 的情形")),
        _cut(ETA_L, "ηL", 1, "1"),
    ),
    Claim(
        "escapes-local-minima",
        "跳出局部极小值",
        Text("Momentum escapes local minima.", "动量能跳出局部极小值。"),
        Text("β = 0.9 to get out of a poor local minimum", "用 β = 0.9 跳出较差的局部极小值"),
        "effect",
        "share",
        "remedy",
        (
            Text("β = 0.9, η tuned on other starts", "β = 0.9,η 在另外的起点上调优"),
            Text("β = 0, η tuned on other starts", "β = 0,η 在另外的起点上调优"),
        ),
        (
            Text("heavy ball at the same nominal rate", "同一名义学习率的 heavy ball"),
            Text("Rosenbrock and Beale: speed", "Rosenbrock 与 Beale:仅看速度"),
            Text("a small network", "一个小网络"),
        ),
        Separator(
            Text("standard deviation σ of the gradient's noise", "梯度噪声的标准差 σ"),
            ("σ = 0", "σ > 0"),
            ("σ = 0", "σ > 0"),
            (-math.inf, 0),
        ),
    ),
    Claim(
        "beta-near-0.9",
        "通常设置为0.9左右",
        Text("β is best set near 0.9.", "β 宜设在 0.9 左右。"),
        Text("β = 0.9 as the setting for every problem", "对所有问题都用 β = 0.9"),
        "regret",
        "speed",
        "remedy",
        (
            Text("β = 0.9 at its best η", "β = 0.9,取其最优 η"),
            Text("the best β at its best η", "最优 β 及其最优 η"),
        ),
        (Text("where the best β lies, against κ", "最优 β 随 κ 的位置"),),
        Separator(
            KAPPA,
            ("κ in 600 to 3500", "κ outside 600 to 3500"),
            ("κ 在 600 到 3500 之内", "κ 在 600 到 3500 之外"),
            (600, 3500),
        ),
    ),
    Claim(
        "large-beta-conservative",
        "过大的值可能会导致更新过于保守",
        Text("Too large a β makes the updates too cautious.", "β 过大会使更新过于保守。"),
        Text("β = 0.999 being slower than β = 0.9", "β = 0.999 比 β = 0.9 更慢"),
        "effect",
        "speed",
        "warning",
        (Text("β = 0.999", "β = 0.999"), Text("β = 0.9 at the same η", "同一 η 下的 β = 0.9")),
        (Text("heavy ball at the same α", "同一 α 的 heavy ball"),),
        _cut(ETA_L, "ηL", 1, "1"),
    ),
    Claim(
        "small-eta-slow",
        "较小的学习率可能导致训练过程收敛缓慢",
        Text("A small learning rate may make convergence slow.", "学习率较小可能使收敛缓慢。"),
        Text("a small η costing epochs", "较小的 η 使收敛变慢"),
        "share",
        "speed",
        "warning",
        (Text("β = 0.9 at η", "β = 0.9,取 η"), Text("β = 0.9 at 10 η", "β = 0.9,取 10 η")),
    ),
    Claim(
        "large-eta-unstable",
        "较大的学习率可能导致训练不稳定",
        Text("A large learning rate may make training unstable.", "学习率较大可能使训练不稳定。"),
        Text("a large η diverging", "较大的 η 导致发散"),
        "share",
        "share",
        "warning",
        (
            Text("where β = 0.9 begins to diverge", "β = 0.9 开始发散处"),
            Text("a study's range of η", "研究的 η 范围"),
        ),
        (Text("the same limit at β = 0: is momentum more stable?", "β = 0 时的界限:动量是否“更加稳定”?"),),
    ),
    Claim(
        "schedules-help",
        "如学习率衰减或自适应学习率方法",
        Text("Decaying or adaptive learning rates help.", "学习率衰减或自适应学习率有帮助。"),
        Text(
            "a decaying or adaptive η rather than a constant one, for training loss",
            "为降低训练损失,用衰减或自适应的 η 代替常数 η",
        ),
        "effect",
        "speed",
        "remedy",
        (
            Text("cosine and adaptive rates, their mean", "余弦衰减与自适应,取均值"),
            Text("constant η, tuned", "常数 η,调优"),
        ),
        (Text("each schedule by itself", "两种调度各自的结果"), Text("test loss", "测试损失")),
        BATCH,
    ),
    Claim(
        "adam-combination-better",
        "结合其他优化算法如Adam、RMSprop等,通常可以获得更好的性能",
        Text(
            "Combined with Adam or RMSprop, momentum usually does better.",
            "与 Adam、RMSprop 等结合,通常性能更好。",
        ),
        Text("Adam in place of momentum", "用 Adam 代替动量"),
        "effect",
        "speed",
        "remedy",
        (
            Text("Adam, tuned (η, β, β₂, ε)", "Adam,调优(η、β、β₂、ε)"),
            Text("momentum, tuned (η, β)", "动量,调优(η、β)"),
        ),
        (Text("RMSprop, tuned", "RMSprop,调优"),),
        Separator(
            Text("axes of the curvature", "曲率的主轴方向"),
            ("axis-aligned", "rotated"),
            ("与坐标轴对齐", "旋转的"),
        ),
    ),
    Claim(
        "not-for-every-problem",
        "对于某些特定问题,其他优化算法如RMSprop或Adam可能表现更好",
        Text("On some problems RMSprop or Adam may do better.", "在某些问题上 RMSprop 或 Adam 可能更好。"),
        Text("problems where RMSprop or Adam is ahead of momentum", "RMSprop 或 Adam 优于动量的问题"),
        "share",
        "speed",
        "warning",
        (
            Text("the better of Adam and RMSprop, tuned", "Adam 与 RMSprop 中较好的,调优"),
            Text("momentum, tuned", "动量,调优"),
        ),
        (Text("feature scales", "特征的尺度"),),
    ),
    Claim(
        "l2-helps",
        "为了防止过拟合问题,可以使用L2正则化或Dropout等正则化技巧",
        Text("L2 regularisation prevents overfitting.", "L2 正则化可以防止过拟合。"),
        Text("L2 with α chosen on validation, for test loss", "为降低测试损失,用验证集选 α 的 L2"),
        "effect",
        "test loss",
        "remedy",
        (Text("α tuned on validation", "α 在验证集上调优"), Text("α = 0", "α = 0")),
        (Text("epochs tuned in both arms", "两臂都调优迭代次数"),),
        ROWS_PER_COLUMN,
    ),
    Claim(
        "dropout-helps",
        "提高泛化性能",
        Text("Dropout improves generalisation.", "Dropout 可提高泛化性能。"),
        Text(
            "dropout with its rate chosen on validation, for test loss",
            "为降低测试损失,用验证集选丢弃率的 Dropout",
        ),
        "effect",
        "test loss",
        "remedy",
        (
            Text("dropout rate tuned on validation", "丢弃率在验证集上调优"),
            Text("no dropout", "不用 Dropout"),
        ),
        (
            Text("the ridge penalty that equals dropout in expectation", "期望意义下等价的岭惩罚"),
            Text("a small network", "一个小网络"),
        ),
        ROWS_PER_COLUMN,
    ),
    Claim(
        "large-data-faster",
        "当处理大规模数据集时",
        Text("Momentum's advantage is larger on large data sets.", "数据量大时动量的优势更大。"),
        Text("momentum because the data are large", "因为数据量大而使用动量"),
        "effect",
        "speed",
        "remedy",
        (
            Text("β = 0.9 against 0 at the largest n", "最大 n 时 β = 0.9 对 0 的优势"),
            Text("the same at the smallest n", "最小 n 时的同一优势"),
        ),
        (),
        BATCH,
    ),
    Claim(
        "flat-regions",
        "梯度值较小的情况",
        Text("Momentum speeds up progress where gradients are small.", "梯度值较小时动量加快前进。"),
        Text("β = 0.9 to cross flat regions sooner", "用 β = 0.9 更快穿过平坦区域"),
        "effect",
        "speed",
        "remedy",
        (
            Text("β = 0.9 in the note's form", "笔记形式的 β = 0.9"),
            Text("β = 0 at the same nominal rate", "同一名义学习率的 β = 0"),
        ),
        (
            Text("heavy ball at the same nominal rate", "同一名义学习率的 heavy ball"),
            Text("the longest step against η·max‖∇J‖", "最大步长与 η·max‖∇J‖ 之比"),
        ),
    ),
    Claim(
        "sparse-gradients",
        "避免受到梯度稀疏性的影响",
        Text("Momentum is not harmed by sparse gradients.", "动量可避免受梯度稀疏性的影响。"),
        Text("momentum because the gradients are sparse", "因为梯度稀疏而使用动量"),
        "effect",
        "speed",
        "remedy",
        (
            Text("β = 0.9 against 0 at density 0.01", "密度 0.01 时 β = 0.9 对 0 的优势"),
            Text("the same at density 1", "密度 1 时的同一优势"),
        ),
    ),
    Claim(
        "needs-tuning",
        "不恰当的beta值可能导致性能下降",
        Text("An unsuitable β may cost performance.", "不恰当的 β 可能使性能下降。"),
        Text("an unsuitable β", "不恰当的 β"),
        "share",
        "share",
        "warning",
        (
            Text(
                "the better half of the search space's β at its worst, at the best pair's η",
                "搜索空间中较好的一半 β 里最差者,取最优组合的 η",
            ),
            Text("the best pair", "最优组合"),
        ),
        (
            Text("importance of β and η", "β 与 η 的重要性"),
            Text("the spread of the final loss over the search space", "搜索空间内最终损失的离散程度"),
        ),
    ),
    Claim(
        "can-oscillate",
        "可能导致权重更新的震荡,特别是在学习率较大或beta值较大的情况下",
        Text(
            "Momentum may make the updates oscillate, above all at a large η or β.",
            "动量可能使更新震荡,尤其在 η 或 β 较大时。",
        ),
        Text("updates that reverse although the setting is stable", "设置稳定但更新仍来回反转"),
        "share",
        "share",
        "warning",
        (
            Text("the stable part of the (β, η) plane", "(β, η) 平面的稳定部分"),
            Text("the theory's boundary of complex roots", "理论给出的复根边界"),
        ),
        (Text("rises of the loss", "损失上升的次数"),),
    ),
    Claim(
        "depends-on-gradient",
        "梯度信息可能不够准确,导致更新方向不正确",
        Text(
            "With inaccurate gradients, momentum's updates point the wrong way.",
            "梯度不准确时,动量的更新方向会出错。",
        ),
        Text(
            "noisy gradients turning β = 0.9's updates away more than plain descent's",
            "梯度有噪声时,β = 0.9 的更新比普通梯度下降偏得更多",
        ),
        "effect",
        "share",
        "warning",
        (Text("β = 0.9", "β = 0.9"), Text("β = 0 at the same η", "同一 η 下的 β = 0")),
        (Text("the final error against the noise floor", "最终误差与噪声底线之比"),),
    ),
)

BY_ID = {claim.id: claim for claim in CLAIMS}
