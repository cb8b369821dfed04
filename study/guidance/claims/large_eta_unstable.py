"""A large learning rate may make training unstable.

On every third problem, bisection finds the least η at which a fit of the estimator diverges. The claim occurs
on a problem if, at β = 0.9, this η lies within a study's default range of η. Theory says
2(1 + β)/((1 − β)L) (docs/theory.md, "Stability").
"""

from collections.abc import Sequence

import numpy as np

from study.config import Search
from study.descent import closed_form
from study.descent.theory import stability_limit
from study.errors import DivergenceError
from study.estimator.regressor import MomentumRegressor
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.betas import BETA
from study.guidance.lab.quadratics import Quadratic, quadratics, seeds
from study.guidance.lab.summaries import arm, by_problem, kappa, relative_gap, tables_and_ladder
from study.guidance.lab.wording import EVERY, percent
from study.trial import NOTE

NTH = 3
"""Every third problem is measured, because each takes some twenty fits."""

TOP_ETA = Search().eta.high
"""The largest η of a study's default range."""

EPOCHS = 200
"""Epochs of a fit that is asked whether it diverges."""

PRECISION = 1.005
"""Bisection ends when an η that diverges is at most so many times one that does not."""

SHARES_OF_LIMIT = (0.97, 1.03)
"""Tracked are the curves at these shares of theory's limit, on either side of it."""

CURVE_POINTS = 100
"""Most points of a tracked curve."""

CLAIM = Claim(
    id="large-eta-unstable",
    place=7,
    quote="较大的学习率可能导致训练不稳定",
    claim=Text("A large learning rate may make training unstable.", "学习率较大可能使训练不稳定。"),
    short=Text("a large η diverging", "较大的 η 导致发散"),
    rule="share",
    kind="share",
    role="warning",
    arms=(
        Text("where β = 0.9 begins to diverge", "β = 0.9 开始发散处"),
        Text("a study's range of η", "研究的 η 范围"),
    ),
    shown=(
        Text("the same limit at β = 0: is momentum more stable?", "β = 0 时的界限：动量是否“更加稳定”？"),
    ),
    protocol=Text(
        (
            f"Full batch at β = {BETA:g}, {EVERY[NTH].en} problem. It occurs on a problem if fits of the "
            f"estimator, bisected to {percent(PRECISION)} %, begin to diverge at an η within a study's default "
            f"search range. How many times larger an η β = {BETA:g} "
            "allows than β = 0 (is it more stable?), in the note's form and as heavy ball, is shown."
        ),
        (
            f"全批量，β = {BETA:g}，{EVERY[NTH].zh}问题取一个。以二分法(精度 {percent(PRECISION)} %)"
            "找拟合开始发散的 η；若在研究的默认搜索范围内，即算出现。"
            f"另展示 β = {BETA:g} 允许的 η 是 β = 0 的几倍(是否“更加稳定”)，分笔记形式与 heavy ball。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Find the η at which fits begin to diverge, with β = 0.9 and with β = 0.

    Shown beside it: how many times larger an η momentum allows, in the note's form and as heavy ball, and on how
    many problems the note's own η diverges.
    """
    units: list[Unit] = []
    by_name: dict[str, list[Quadratic]] = {}
    for repeat, seed in enumerate(seeds(budget)):
        for problem in quadratics(seed)[::NTH]:
            arms = {
                "kappa": problem.condition,
                "limit_beta_0.9": first_divergence(problem, BETA),
                "limit_beta_0": first_divergence(problem, 0.0),
                "theory_beta_0.9": stability_limit(BETA, problem.spectrum.L),
                "theory_beta_0": stability_limit(0.0, problem.spectrum.L),
            }
            units.append(Unit(problem.name, repeat, float(arms["limit_beta_0.9"] <= TOP_ETA), arms=arms))
            by_name.setdefault(problem.name, []).append(problem)
    curves = [_curve(name, by_seed, share) for name, by_seed in by_name.items() for share in SHARES_OF_LIMIT]
    measured = {beta: _mean_by_problem(units, f"limit_beta_{beta:g}") for beta in (0.0, BETA)}
    theory = {beta: _mean_by_problem(units, f"theory_beta_{beta:g}") for beta in (0.0, BETA)}
    times_larger = float(np.exp(np.mean([_log_times_larger(unit) for unit in units])))
    shown = {
        "eta_searched_up_to": TOP_ETA,
        "more_stable_times": times_larger,
        # At the same α = η(1 − β) heavy ball makes the same iterates, so its limit is α's.
        "more_stable_times_heavy_ball": times_larger * (1 - BETA),
        "least_limit_beta_0.9": min(unit.arms["limit_beta_0.9"] for unit in units),
        "least_limit_beta_0": min(unit.arms["limit_beta_0"] for unit in units),
        "share_where_note_diverges": float(
            np.mean([unit.arms["limit_beta_0.9"] <= NOTE["eta"] for unit in units])
        ),
        "gap_by_beta": {f"{beta:g}": relative_gap(measured[beta], theory[beta]) for beta in measured},
    }
    gap = relative_gap(np.concatenate(list(measured.values())), np.concatenate(list(theory.values())))
    panels = [_limits_panel(theory, measured), _times_larger_panel(units)]
    return Measurement(units, curves, panels, shown, gap)


def first_divergence(problem: Quadratic, beta: float) -> float:
    """Return the least η at which a fit diverges, by bisection on a log scale."""
    low, high = 0.2 / problem.spectrum.L, 200 / problem.spectrum.L
    while high / low > PRECISION:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if diverges(problem, beta, middle) else (middle, high)
    return float(np.sqrt(low * high))


def diverges(problem: Quadratic, beta: float, eta: float) -> bool:
    """Return whether a fit from the problem's start raises DivergenceError."""
    model = MomentumRegressor(eta, beta, max_iter=EPOCHS, tol=None)
    try:
        model.fit_moments(problem.loss, coef_init=problem.start[:-1], intercept_init=problem.start[-1])
    except DivergenceError:
        return True
    return False


def _curve(name: str, by_seed: Sequence[Quadratic], share_of_limit: float) -> Curve:
    """Return the mean excess over the seeds at this share of theory's limit, as a share of its start."""
    epochs = np.unique(np.linspace(0, EPOCHS, CURVE_POINTS).round().astype(int))
    left = np.mean(
        [
            closed_form.excess(
                problem.spectrum, BETA, share_of_limit * stability_limit(BETA, problem.spectrum.L), epochs
            )
            for problem in by_seed
        ],
        axis=0,
    )
    return Curve(name, f"eta_{share_of_limit:g}_of_limit", epochs, np.clip(left, 1e-12, 1e12))


def _log_times_larger(unit: Unit) -> float:
    """Return the logarithm of how many times larger an η is stable with β = 0.9 than with β = 0."""
    return float(np.log(unit.arms["limit_beta_0.9"] / unit.arms["limit_beta_0"]))


def _mean_by_problem(units: list[Unit], name: str) -> np.ndarray:
    """Return the geometric mean of an arm over the seeds for each problem."""
    logs = by_problem(units, lambda unit: float(np.log(arm(name)(unit))))
    return np.exp(list(logs.values()))


def _limits_panel(theory: dict[float, np.ndarray], measured: dict[float, np.ndarray]) -> Panel:
    ends = np.array([min(theory[0.0]) / 2, max(theory[BETA]) * 2])
    return Panel(
        "Where fits begin to diverge",
        "theory: 2(1 + β)/((1 − β)L)",
        "least η at which a fit diverges",
        [
            Series("theory", ends, ends, "theory"),
            *(
                Series(f"β = {beta:g}", theory[beta], measured[beta], "measured", f"β = {beta:g}")
                for beta in theory
            ),
            Series("top of a study's range of η", ends, np.full(2, TOP_ETA), "reference"),
            Series("the note's η", ends, np.full(2, NOTE["eta"]), "reference"),
        ],
        x_log=True,
        y_log=True,
    )


def _times_larger_panel(units: list[Unit]) -> Panel:
    kappas = [kappa(unit) for unit in units]
    ends = np.array([min(kappas), max(kappas)])
    by_theory = stability_limit(BETA, 1.0) / stability_limit(0.0, 1.0)
    heavy_ball = 0.1 * by_theory  # α = η(1 − β)
    return Panel(
        "How many times larger an η is stable with β = 0.9 than without",
        "condition number κ",
        "largest stable η of β = 0.9 over that of β = 0",
        [
            Series("theory, the note's form", ends, np.full(2, by_theory), "theory"),
            *tables_and_ladder(units, _log_times_larger),
            Series("heavy ball, at the same α", ends, np.full(2, heavy_ball), "reference"),
        ],
        x_log=True,
        y_log=True,
    )
