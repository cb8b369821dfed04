"""An unsuitable β may cost performance.

A default study's response surface is computed on every other problem: the held-out loss after the default
number of epochs, exact, on a grid over the default search space. The claim occurs on a problem if half of the
grid's β, at the η of the best pair, cost more than the best pair by more than δ. A pair that diverges has the
worst loss of the surface.
"""

from collections.abc import Callable

import numpy as np

from study.config import Model, Search
from study.estimator.regressor import MomentumRegressor
from study.figures.panel import Panel, Series
from study.guidance.claim import DELTAS, Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.held_out import HeldOutProblem, held_out_path, held_out_problems
from study.guidance.lab.quadratics import seeds
from study.guidance.lab.summaries import arm, by_problem, kappa, points
from study.guidance.lab.wording import EVERY, percent_more
from study.tuning.importance import pedanova

NTH = 2
"""Every second table target and every second step of the ladder is measured."""

SEARCH, EPOCHS = Search(), Model().max_iter
"""A study's default search space and default number of epochs."""

ONE_MINUS_BETA = np.geomspace(1 - SEARCH.beta.high, 1 - SEARCH.beta.low, 13)
ETAS = np.geomspace(SEARCH.eta.low, SEARCH.eta.high, 17)
"""The grid over the search space, log-spaced in 1 − β and in η as a study's search is."""

PAIRS = tuple(grid.ravel() for grid in np.meshgrid(ONE_MINUS_BETA, ETAS, indexing="ij"))
"""1 − β and η of every pair of the grid, row by row of 1 − β."""

IMPORTANCES = ("importance_beta", "importance_eta")

CLAIM = Claim(
    id="needs-tuning",
    place=16,
    quote="不恰当的beta值可能导致性能下降",
    claim=Text("An unsuitable β may cost performance.", "不恰当的 β 可能使性能下降。"),
    short=Text("an unsuitable β", "不恰当的 β"),
    rule="share",
    kind="share",
    role="warning",
    arms=(
        Text(
            "the better half of the search space's β at its worst, at the best pair's η",
            "搜索空间中较好的一半 β 里最差者，取最优组合的 η",
        ),
        Text("the best pair", "最优组合"),
    ),
    shown=(
        Text("importance of β and η", "β 与 η 的重要性"),
        Text("the spread of the final loss over the search space", "搜索空间内最终损失的离散程度"),
    ),
    protocol=Text(
        (
            f"Full batch, {EVERY[NTH].en} problem, off the exact surface over a study's default search space. It "
            "occurs on a problem if half of the space's β, at the best pair's η, cost over "
            f"{percent_more(DELTAS['test loss'])} % more held-out loss than the best pair "
            "after the default epochs. "
            "PED-ANOVA's importance of β and η and the spread of the loss over the space are shown."
        ),
        (
            f"全批量，{EVERY[NTH].zh}问题取一个，用研究默认搜索空间上的精确响应面。若空间中一半的 β(取最优组合的 η)"
            f"在默认轮数后的留出损失比最优组合多 {percent_more(DELTAS['test loss'])} % 以上，即算出现。"
            "另展示 β 与 η 的 PED-ANOVA 重要性，以及空间内损失的离散程度。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compute every problem's surface, and what the β of median loss costs at the best pair's η.

    Shown beside it: the same for η at the best pair's β, the spread over the whole space, PED-ANOVA's importance of
    both, and the best pair repeated by a fit of the estimator.
    """
    units: list[Unit] = []
    paths: dict[tuple[str, str], list[np.ndarray]] = {}
    fit_gaps: list[float] = []
    for repeat, seed in enumerate(seeds(budget)):
        for problem in held_out_problems(seed, NTH):
            path = held_out_path(problem, 1 - PAIRS[0], PAIRS[1], EPOCHS)
            surface = path[-1].reshape(len(ONE_MINUS_BETA), len(ETAS))
            i, j = (int(place) for place in np.unravel_index(np.argmin(surface), surface.shape))
            # At the best η, half of the β cost at least as much as the β of median loss.
            i_median = int(np.argsort(surface[:, j])[len(ONE_MINUS_BETA) // 2])
            arms = _arms(surface, i, j, i_median) | {"kappa": problem.condition}
            cost = np.log(arms["median_beta"] / arms["best"])
            units.append(Unit(problem.name, repeat, float(cost > DELTAS["test loss"]), arms=arms))
            for name, row in (("best", i), ("median_beta", i_median)):
                paths.setdefault((problem.name, name), []).append(path[:, row * len(ETAS) + j])
            if repeat == 0:
                fit_gaps.append(_fit_gap(problem, arms))
    shown = {
        **{name: float(np.mean([unit.arms[name] for unit in units])) for name in IMPORTANCES},
        **{
            f"times_best_{name}": float(np.exp(np.mean([_over_best(name)(unit) for unit in units])))
            for name in ("median_beta", "worst_beta", "median_eta", "worst_eta")
        },
        "spread_10_90": by_problem(units, arm("spread_10_90")),
        "estimator": {"fits": len(fit_gaps), "relative_difference": float(max(fit_gaps))},
    }
    curves = [
        Curve(problem_name, name, np.arange(1, EPOCHS + 1), np.mean(by_seed, axis=0))
        for (problem_name, name), by_seed in paths.items()
    ]
    return Measurement(units, curves, _panels(units), shown, exact=True)


def _arms(surface: np.ndarray, i: int, j: int, i_median: int) -> dict[str, float]:
    """Return what is read off a surface whose best pair is at (i, j), and its β of median loss at (i_median, j)."""
    importance = pedanova({"beta": PAIRS[0], "eta": PAIRS[1]}, surface.ravel())
    low, high = np.percentile(surface, (10, 90))
    return {
        "best": float(surface[i, j]),
        "median_beta": float(surface[i_median, j]),
        "worst_beta": float(surface[:, j].max()),
        "median_eta": float(np.median(surface[i])),
        "worst_eta": float(surface[i].max()),
        "spread_10_90": float(high / low),
        "importance_beta": importance["beta"],
        "importance_eta": importance["eta"],
        "best_beta": float(1 - ONE_MINUS_BETA[i]),
        "best_eta": float(ETAS[j]),
    }


def _fit_gap(problem: HeldOutProblem, arms: dict[str, float]) -> float:
    """Return the relative difference of the best pair's loss by a fit of the estimator from the exact one."""
    fit = MomentumRegressor(arms["best_eta"], arms["best_beta"], tol=None, max_iter=EPOCHS)
    fit.fit_moments(problem.train)
    theta = np.append(fit.coef_, fit.intercept_)[:, None]
    return float(abs(problem.held_out(theta)[0] / arms["best"] - 1))


def _over_best(name: str) -> Callable[[Unit], float]:
    """Return the function that reads ln(an arm's loss / the best pair's) off a unit."""
    return lambda unit: float(np.log(unit.arms[name] / unit.arms["best"]))


def _log_importance(name: str) -> Callable[[Unit], float]:
    """Return the function that reads ln(an importance) off a unit; none at all is drawn as 0.1 %."""
    return lambda unit: float(np.log(max(unit.arms[name], 1e-3)))


def _panels(units: list[Unit]) -> list[Panel]:
    ends = np.array([min(kappa(unit) for unit in units), max(kappa(unit) for unit in units)])
    tolerated = Series(
        f"{percent_more(DELTAS['test loss'])} % more",
        ends,
        np.full(2, np.exp(DELTAS["test loss"])),
        "reference",
    )
    return [
        Panel(
            "What an unsuitable β costs, and an unsuitable η",
            "condition number κ",
            "held-out loss over that of the best pair",
            [
                points("half of the β cost more than this, best η", units, _over_best("median_beta")),
                points("half of the η cost more than this, best β", units, _over_best("median_eta")),
                tolerated,
            ],
            x_log=True,
            y_log=True,
        ),
        Panel(
            "Importance over the search space (PED-ANOVA)",
            "condition number κ",
            "share of the importance",
            [
                points(symbol, units, _log_importance(name))
                for symbol, name in zip("βη", IMPORTANCES, strict=True)
            ],
            x_log=True,
        ),
    ]
