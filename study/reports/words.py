"""What the ledger says, in English and Chinese: every string of its report, and sentences made from numbers.

Nothing here knows a result: sentences are chosen by verdict and filled with the numbers they are given.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

from study.notation import number

Lang = Literal["en", "zh"]

COMMON = (
    "A problem's effect is the mean over its seeds, each clipped to ±ln 10; the interval is Student's t over "
    "problems. Arms have their own η off one shared grid. Epochs are counted until the training excess over "
    "least squares stays below its target; a miss costs twice the budget. Targets are 1e-2 (shown) and 1e-6 "
    "(graded) of the starting excess. The problems are bundled real tables under several targets, split anew by "
    "each seed, and synthetic ladders in κ, which start with equal excess in every eigen-direction. Where a claim "
    "is graded by a share, a cell counts where the thing occurs in at least 90 % of its seeds.",
    "一个问题的效应是各种子的均值,每次截断在 ±ln 10;区间为各问题上的 Student t 区间。各臂在同一网格上各自调优 η。"
    "计数到训练超额(相对最小二乘)持续低于目标的轮数;未达到者按预算的两倍计。目标为初始超额的 1e-2(仅展示)与 1e-6(评定)。"
    "问题包括自带的真实数据表(多个目标,每个种子重新划分)与按 κ 递增的合成问题,后者各特征方向的初始超额相等。"
    "按比例评定的说法,某单元至少在 90 % 的种子中出现才算数。",
)

VERDICTS = ("supported", "depends", "contradicted", "inconclusive")

STRINGS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Momentum: the usual advice, graded",
        "lead": "{count} claims of a widely copied note on momentum, each measured: {tally}.",
        "budget": "Budget {name}, {seeds} seeds a problem, ledger seed {seed}.",
        "act": "What to do",
        "set": "What to set",
        "ledger": "The ledger",
        "claims": "Claim by claim",
        "rules": "Practical rules",
        "claim": "Claim",
        "verdict": "Verdict",
        "effect": "Effect",
        "why": "Why",
        "protocol": "Protocol",
        "separator": "Separator, named before any run",
        "graded": "Graded",
        "against": "against",
        "also shown": "Shown, not graded",
        "numbers": "Numbers",
        "change": "What would change the verdict",
        "runs": "Runs",
        "curves": "this claim's curves",
        "recorded": "{n} of {m} {what} have curve runs of their own; every raw value is in units/{id}.json of the "
        "first run.",
        "open": "open",
        "problem": "Problem",
        "group": "Group",
        "all": "all problems",
        "problems": "problems",
        "cells": "cells",
        "interval": "interval",
        "quote": "The note",
        "exact": "Exact response surfaces replaced a search for the best setting.",
        "gap": "Theory and measurement differ by {gap} where theory gives a line.",
        "alt": "Measurement and theory for {id}",
        "every problem": "Every problem",
        "no picture": "No picture was recorded.",
        "not measured": "not measured",
        "supported": "supported",
        "contradicted": "contradicted",
        "depends": "depends",
        "inconclusive": "inconclusive",
        "remedy supported": "Worth doing",
        "remedy depends": "Worth doing in some cases",
        "remedy contradicted": "Do not count on",
        "remedy inconclusive": "Not settled",
        "warning supported": "Watch out for",
        "warning depends": "Watch out for, in some cases",
        "warning contradicted": "No need to fear",
        "warning inconclusive": "Not settled",
        "no effect that matters": "no effect that matters",
        "opposite": "the opposite holds",
        "key": "×1.5 means 1.5 times as fast, or as large an advantage, or as small a training excess for learning rate "
        "schedules, in the claim's favour; below ×1 it is "
        "against the claim. A loss that is +5 % is 5 % larger without the advice. Points are percentage "
        "points. Intervals are 95 % over problems, 97.5 % for a group.",
        "beta supported": "β = 0.9 with a tuned η is close enough to the best β on these problems: it costs {effect}.",
        "beta contradicted": "Set β from the condition number rather than at 0.9, which costs {effect} at its best η.",
        "beta depends": "Keep β = 0.9 only for some problems: {groups}. Otherwise set it from the condition number.",
        "beta inconclusive": "These runs do not settle what β = 0.9 costs ({effect}); "
        "the condition number gives a start.",
        "start": "Start from β* = ((√κ − 1)/(√κ + 1))² and η = 0.9·η*, where η* = 1/√(Lμ), μ and L are the smallest and "
        "largest curvature and κ = L/μ. At η* itself a fold whose L is larger can diverge. With "
        "too few epochs for your κ, use a smaller κ (practical rules, below). The command “study advise” reads them off the data without a fit.",
        "limit": "Keep η below 2(1 + β)/((1 − β)L), where it diverges; a larger β raises this limit.",
        "pytorch": "In PyTorch write SGD(momentum=β, lr=η(1 − β)): β = 0.9 and η = 0.1 are lr = 0.01.",
        "table": "Full batch on a quadratic, from the formulas alone (equal excess in the flattest and the "
        "steepest direction), with η in units of 1/L:",
        "epochs to": "epochs to {target}",
        "plain": "without momentum",
        "rule kappa": "Given κ: β* of the table with η = 0.9·η* is a first trial that needs no search, if its epochs to 1 % "
        "fit in yours. (β*, η*) itself is the best in the "
        "long run, for the worst direction, but η* lies only a share (1 − √β*)²/(2(1 + β*)) of the stability limit below "
        "it, and the larger L of a fold crosses that.",
        "rule budget": "Given only T epochs: take the row of your κ, or the last row whose epochs to 1 % fit in T "
        "if that is smaller. Flatter directions will not arrive anyway, and β* of the full κ would still overshoot.",
        "rule noise": "Given gradient noise of variance σ²: with independent draws the excess in a direction stops "
        "near ησ²/4, whatever β is. Lower η for a lower floor; a larger β does not lower it.",
        "rule search": "Search 1 − β and η on log scales: β from 0 to 0.999, η from 0.001/L up to the limit at "
        "that β, with (β*, 0.9·η*) as the first trial.",
        "trials": "Trials until the best so far is within 5 % of the optimum's total loss:",
        "first trial": "The first trial's objective as a multiple of the exact optimum's in the search box, cross-validated "
        "after the default epochs, β* and η* from the training rows:",
        "in time": "the same, for the κ that the epochs allow",
        "note pair": "the note's (0.9, 0.1)",
        "diverges": "diverges",
        "by effect": "by the mean effect over problems",
        "by share": "by the share of cells where it occurs",
        "by regret": "by the mean cost over problems",
        "pictures": "",
        "sampler": "sampler",
        "median": "median",
        "p90": "90th percentile",
        "censored": "studies that did not get there",
        "studies": "studies",
        "more than": "more than {n}",
        "and": " and ",
        "join": "; ",
    },
    "zh": {
        "title": "动量:常见建议的评定",
        "lead": "一篇广为转载的动量笔记中的 {count} 条说法,逐条实测:{tally}。",
        "budget": "预算 {name},每个问题 {seeds} 个种子,总种子 {seed}。",
        "act": "怎么做",
        "set": "怎么设",
        "ledger": "总表",
        "claims": "逐条说明",
        "rules": "实用规则",
        "claim": "说法",
        "verdict": "结论",
        "effect": "效应",
        "why": "理由",
        "protocol": "实验方案",
        "separator": "分组量(事先指定)",
        "graded": "评定",
        "against": "对比",
        "also shown": "仅展示,不参与评定",
        "numbers": "数据",
        "change": "什么会改变结论",
        "runs": "运行记录",
        "curves": "这条说法的曲线",
        "recorded": "{m} {what}中有 {n} 个有自己的曲线运行;全部原始值在首个运行的 units/{id}.json 中。",
        "open": "打开",
        "problem": "问题",
        "group": "组",
        "all": "全部问题",
        "problems": "个问题",
        "cells": "个单元",
        "interval": "区间",
        "quote": "笔记原文",
        "exact": "以精确响应面代替了对最优设置的搜索。",
        "gap": "在理论给出曲线之处,理论与实测相差 {gap}。",
        "alt": "{id} 的实测与理论",
        "every problem": "每个问题",
        "no picture": "没有记录图片。",
        "not measured": "未测得",
        "supported": "支持",
        "contradicted": "不支持",
        "depends": "视情况而定",
        "inconclusive": "无定论",
        "remedy supported": "值得做",
        "remedy depends": "部分情况下值得做",
        "remedy contradicted": "不要指望",
        "remedy inconclusive": "尚无定论",
        "warning supported": "需要当心",
        "warning depends": "部分情况下需要当心",
        "warning contradicted": "不必担心",
        "warning inconclusive": "尚无定论",
        "no effect that matters": "没有值得在意的效应",
        "opposite": "恰恰相反",
        "key": "×1.5 表示朝说法有利的方向快 1.5 倍(或优势为 1.5 倍,对学习率调度则为训练超额小 1.5 倍);小于 ×1 则不利于该说法。"
        "损失 +5 % 表示不采用该建议时损失大 5 %。区间按问题计算,置信度 95 %,分组为 97.5 %。",
        "beta supported": "在这些问题上,β = 0.9 配合调优的 η 与最优 β 足够接近:代价为 {effect}。",
        "beta contradicted": "应按条件数设 β,而不是固定为 0.9;后者即使取最优 η 也要付出 {effect}。",
        "beta depends": "只在部分问题上保留 β = 0.9:{groups}。其余情况按条件数设置。",
        "beta inconclusive": "这些实验未能确定 β = 0.9 的代价({effect});可由条件数给出起点。",
        "start": "从 β* = ((√κ − 1)/(√κ + 1))² 与 η = 0.9·η* 开始,其中 η* = 1/√(Lμ),μ、L 是最小与最大曲率,κ = L/μ。"
        "若直接用 η*,L 更大的折可能发散;轮数不够你的 κ 时,改用较小的 κ(见下文实用规则)。"
        "命令“study advise”无需训练即可从数据读出。",
        "limit": "η 要小于 2(1 + β)/((1 − β)L),否则发散;β 越大,这个界限越高。",
        "pytorch": "在 PyTorch 中写 SGD(momentum=β, lr=η(1 − β)):β = 0.9、η = 0.1 即 lr = 0.01。",
        "table": "二次函数上的全批量下降,仅由公式得出(最平与最陡方向的初始超额相等),η 以 1/L 为单位:",
        "epochs to": "降到 {target} 的轮数",
        "plain": "不用动量",
        "rule kappa": "已知 κ:若表中降到 1 % 的轮数在预算之内,β* 配 η = 0.9·η* 是无需搜索的首个试验。就最差方向的长期速度而言 (β*, η*) 最优,"
        "但 η* 只比稳定界限低 (1 − √β*)²/(2(1 + β*)),某一折的 L 稍大就会越界。",
        "rule budget": "若只有 T 轮:取你的 κ 所在行;若降到 1 % 的轮数不超过 T 的最后一行更靠前,则取那一行。"
        "更平的方向反正到不了,而完整 κ 的 β* 此时仍在过冲。",
        "rule noise": "若梯度噪声方差为 σ²:独立抽样时,每个方向的超额停在约 ησ²/4,与 β 无关。"
        "要更低就减小 η;增大 β 没有用。",
        "rule search": "1 − β 与 η 都用对数刻度搜索:β 从 0 到 0.999,η 从 0.001/L 到该 β 下的界限,首个试验用 (β*, 0.9·η*)。",
        "trials": "最好结果与最优总损失相差 5 % 以内所需的试验次数:",
        "first trial": "首个试验的目标值与搜索范围内精确最优之比(默认轮数后的交叉验证;β*、η* 由训练行得出):",
        "in time": "同左,κ 以轮数所容许者为限",
        "note pair": "笔记的 (0.9, 0.1)",
        "diverges": "发散",
        "by effect": "按各问题的平均效应",
        "by share": "按出现的单元所占比例",
        "by regret": "按各问题的平均代价",
        "pictures": "图中文字为英文。",
        "sampler": "采样器",
        "median": "中位数",
        "p90": "第 90 百分位",
        "censored": "未达到的研究数",
        "studies": "研究数",
        "more than": "超过 {n}",
        "and": "与",
        "join": ";",
    },
}

# Sentences of one claim, by language: why it was graded so, and what would change that.
SENTENCES: dict[str, dict[str, str]] = {
    "en": {
        "supported": "The whole interval lies beyond {delta}, and {agreeing} of {n} problems agree.",
        "contradicted": "The whole interval lies below {delta}: {reason}.",
        "depends": "{groups}: one is supported and the other contradicted, each at 97.5 %.",
        "inconclusive": "Over {n} problems the interval holds {delta}, the smallest effect that matters.",
        "agree": "The interval lies beyond {delta}, but only {agreeing} of {n} problems agree; 80 % are asked for.",
        "few": "{n} problems were measured; a verdict asks for 10.",
        "error": "Not measured: {error}.",
        "share supported": "It occurs in {agreeing} of {n} cells; the whole interval lies above {delta}.",
        "share contradicted": "It occurs in {agreeing} of {n} cells; the whole interval lies below {delta}.",
        "share inconclusive": "It occurs in {agreeing} of {n} cells; the interval holds {delta}.",
        "regret supported": "The whole interval of what it costs lies below {delta}.",
        "regret contradicted": "The whole interval of what it costs lies above {delta}.",
        "regret inconclusive": "The interval of what it costs holds {delta}.",
        "ties": "In {ties} of {units} runs the arms tied exactly.",
        "group": "{name}: {effect} ({low} to {high}, n = {n})",
        "where": "where {yes[name]}: {yes[effect]} ({yes[low]} to {yes[high]}); not where {no[name]}: {no[effect]} "
        "({no[low]} to {no[high]})",
        "lines": "Over {n} problems that differ as much as these do, a mean beyond {first} would be {one} and one "
        "below {second} {two}; it is {effect}.",
        "problems": "With this mean and spread, about {problems} problems would settle it.",
        "unsettled": "With this mean and spread, no affordable number of problems would settle it.",
        "agreement": "Fewer than {least} of {n} problems in agreement would make it inconclusive; there are "
        "{agreeing}.",
        "group lines": "{name}: {one} above {first}, {two} below {second}, now {effect}.",
        "cells": "Of {n} cells, {first} or more would make it supported{second}; there are {agreeing}.",
        "cells below": ", {second} or fewer contradicted",
        "measure": "A run of the experiment that ends.",
        "more": "At least 10 problems.",
    },
    "zh": {
        "supported": "整个区间都超过 {delta},{n} 个问题中有 {agreeing} 个方向一致。",
        "contradicted": "整个区间都低于 {delta}:{reason}。",
        "depends": "{groups}:一组支持,另一组不支持,置信度各为 97.5 %。",
        "inconclusive": "{n} 个问题上的区间包含 {delta},即值得在意的最小效应。",
        "agree": "区间超过 {delta},但 {n} 个问题中只有 {agreeing} 个一致,要求 80 %。",
        "few": "只测了 {n} 个问题;下结论至少要 10 个。",
        "error": "未测得:{error}。",
        "share supported": "在 {n} 个单元中的 {agreeing} 个出现;整个区间高于 {delta}。",
        "share contradicted": "在 {n} 个单元中的 {agreeing} 个出现;整个区间低于 {delta}。",
        "share inconclusive": "在 {n} 个单元中的 {agreeing} 个出现;区间包含 {delta}。",
        "regret supported": "代价的整个区间低于 {delta}。",
        "regret contradicted": "代价的整个区间高于 {delta}。",
        "regret inconclusive": "代价的区间包含 {delta}。",
        "ties": "{units} 次运行中有 {ties} 次两臂完全打平。",
        "group": "{name}:{effect}({low} 到 {high},n = {n})",
        "where": "{yes[name]} 时是:{yes[effect]}({yes[low]} 到 {yes[high]});{no[name]} 时否:{no[effect]}"
        "({no[low]} 到 {no[high]})",
        "lines": "若 {n} 个问题的差异不变,均值超过 {first} 则{one},低于 {second} 则{two};现为 {effect}。",
        "problems": "在此均值与离散程度下,约需 {problems} 个问题才能定论。",
        "unsettled": "在此均值与离散程度下,再多问题也难以定论。",
        "agreement": "{n} 个问题中一致的少于 {least} 个则无定论;现有 {agreeing} 个。",
        "group lines": "{name}:超过 {first} 则{one},低于 {second} 则{two},现为 {effect}。",
        "cells": "{n} 个单元中有 {first} 个或更多则支持{second};现有 {agreeing} 个。",
        "cells below": ",{second} 个或更少则不支持",
        "measure": "实验能够跑完。",
        "more": "至少 10 个问题。",
    },
}


def effect(value: float | None, rule: str, kind: str, lang: Lang, bare: bool = False) -> str:
    """An effect as a person reads it; `bare` leaves out what an interval's other end already says.

    Examples
    --------
    >>> effect(0.2776, "effect", "speed", "en"), effect(-0.05, "effect", "share", "en")
    ('×1.32', '−5 points')
    >>> effect(0.0488, "regret", "speed", "en"), effect(0.25, "share", "share", "en")
    ('5.0 %', '25 %')
    """
    if value is None or math.isnan(value):
        return STRINGS[lang]["not measured"]
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if rule == "share":
        return f"{100 * value:.0f} %"
    if rule == "regret" or kind == "test loss":
        sign = "" if rule == "regret" else "+"
        text = f"{100 * math.expm1(value):{sign}.1f} %"
    elif kind == "speed":
        text = f"×{number(math.exp(value), 3)}"
    else:
        unit = "" if bare else {"en": " points", "zh": " 个百分点"}[lang]
        # Adding 0 makes a rounded −0 a 0.
        text = f"{round(100 * value) + 0:+d}{unit}"
    return text.replace("-", "−")


def tally(entries: list[Mapping[str, Any]], lang: Lang) -> str:
    """How many claims got each verdict, in words."""
    counts = [(sum(entry["verdict"] == word for entry in entries), word) for word in VERDICTS]
    parts = [f"{count} {STRINGS[lang][word]}" for count, word in counts if count]
    return {"en": ", ", "zh": "、"}[lang].join(parts)


def groups(entry: Mapping[str, Any], lang: Lang) -> str:
    """The groups' effects, in one line."""
    said = [SENTENCES[lang]["group"].format(**_group(entry, group, lang)) for group in entry["groups"]]
    return STRINGS[lang]["join"].join(said)


def where(entry: Mapping[str, Any], lang: Lang) -> str:
    """For which of its groups a claim that depends holds, and for which it does not."""
    sides = {group["verdict"]: _group(entry, group, lang) for group in entry["groups"]}
    if sides.keys() != {"supported", "contradicted"}:
        return groups(entry, lang)
    return SENTENCES[lang]["where"].format(yes=sides["supported"], no=sides["contradicted"])


def why(entry: Mapping[str, Any], lang: Lang) -> str:
    """One sentence on why a claim was graded as it was."""
    said, word, rule = SENTENCES[lang], entry["verdict"], entry["rule"]
    if entry["error"]:
        return said["error"].format(error=entry["error"])
    if entry["reason"] == "too few problems":
        return said["few"].format(n=entry["n"])
    if word == "depends":
        return said["depends"].format(groups=groups(entry, lang))
    if entry["reason"] == "too few problems agree":
        key = "agree"
    else:
        key = word if rule == "effect" else f"{rule} {word}"
    reason = STRINGS[lang].get(entry["reason"], "")
    text = said[key].format(reason=reason, **_numbers(entry, entry, lang))
    if entry["ties"] > 0.2 * entry["units"] and rule == "effect":
        text += {"en": " ", "zh": ""}[lang] + said["ties"].format(**entry)
    return text


def change(entry: Mapping[str, Any], lang: Lang) -> str:
    """What would change a verdict, from its numbers."""
    said, rule, lines = SENTENCES[lang], entry["rule"], entry["limits"]
    if entry["error"]:
        return said["measure"]
    if entry["reason"] == "too few problems":
        return said["more"]
    if rule == "share":
        below = lines["contradicted"]
        second = "" if below is None else said["cells below"].format(second=int(below))
        first = "–" if lines["supported"] is None else int(lines["supported"])
        return said["cells"].format(first=first, second=second, **_numbers(entry, entry, lang))
    one, two = ("contradicted", "supported") if rule == "regret" else ("supported", "contradicted")
    ends = {"one": STRINGS[lang][one], "two": STRINGS[lang][two]}
    space = {"en": " ", "zh": ""}[lang]
    if entry["verdict"] == "depends":
        return space.join(
            said["group lines"].format(**ends, **_lines(entry, group, lang), **_group(entry, group, lang))
            for group in entry["groups"]
        )
    parts = [said["lines"].format(**ends, **_lines(entry, entry, lang), **_numbers(entry, entry, lang))]
    if entry["verdict"] == "inconclusive" and entry["reason"] != "too few problems agree":
        known = lines["problems"] is not None
        parts.append(said["problems"].format(problems=int(lines["problems"])) if known else said["unsettled"])
    if rule == "effect" and (entry["verdict"] == "supported" or entry["reason"] == "too few problems agree"):
        parts.append(
            said["agreement"].format(least=math.ceil(0.8 * entry["n"]), **_numbers(entry, entry, lang))
        )
    return space.join(parts)


def _numbers(entry: Mapping[str, Any], of: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    """An entry's or a group's numbers as text."""
    rule, kind = entry["rule"], entry["kind"]
    return {
        "effect": effect(of["effect"], rule, kind, lang),
        "low": effect(of["ci_low"], rule, kind, lang, bare=True),
        "high": effect(of["ci_high"], rule, kind, lang, bare=True),
        "n": of["n"],
        "delta": effect(entry["delta"], rule, kind, lang),
        "agreeing": entry["agreeing"],
    }


def _group(entry: Mapping[str, Any], group: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    return _numbers(entry, group, lang) | {"name": group["name"] if lang == "en" else group["name_zh"]}


def _lines(entry: Mapping[str, Any], of: Mapping[str, Any], lang: Lang) -> dict[str, str]:
    first, second = (
        ("contradicted", "supported") if entry["rule"] == "regret" else ("supported", "contradicted")
    )
    return {
        place: effect(of["limits"].get(key), entry["rule"], entry["kind"], lang)
        for place, key in (("first", first), ("second", second))
    }
