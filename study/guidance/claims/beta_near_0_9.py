"""β is best set near 0.9.

Every problem is descended with β = 0.9 at its best η and with the best pair (β, η) of the exact surface.
The effect is the regret, ln(epochs of β = 0.9 / epochs of the best pair): 0 favours the claim. Theory's best
β at a condition number κ is β* (docs/theory.md, "Convergence rate").
"""

from collections.abc import Iterator

import numpy as np

from study.descent.spectrum import Spectrum
from study.descent.theory import optimal_beta_eta
from study.figures.panel import Panel, Series
from study.guidance.claim import DELTAS, KAPPA, Budget, Claim, Measurement, Separator, Text, Unit
from study.guidance.lab.arms import (
    BETA_GRID,
    COARSE,
    ETA_L_GRID,
    TARGET,
    Arm,
    Descents,
    add_descents,
    log_ratio,
    mean_excess_curves,
    tune_arm,
)
from study.guidance.lab.betas import BETA
from study.guidance.lab.fit_check import compare_with_fits
from study.guidance.lab.quadratics import REPRESENTATIVES, Quadratic, quadratics, seeds
from study.guidance.lab.rates import KAPPA_LINE, best_rate
from study.guidance.lab.summaries import by_group, by_problem, relative_gap, tables_and_ladder
from study.guidance.lab.wording import percent_more, scientific

KAPPA_LOW, KAPPA_HIGH = 600, 3500
"""Between these κ, β* is near 0.9, and all problems are measured."""

KAPPA_FAR = 10_000
"""Outside these, all problems from this κ on are measured, and of those below one of each kind."""

REFINED = 9
"""Values of β that are tried between the neighbours of the best β of the grid."""

SEPARATOR = Separator(
    KAPPA,
    (f"κ in {KAPPA_LOW} to {KAPPA_HIGH}", f"κ outside {KAPPA_LOW} to {KAPPA_HIGH}"),
    (f"κ 在 {KAPPA_LOW} 到 {KAPPA_HIGH} 之内", f"κ 在 {KAPPA_LOW} 到 {KAPPA_HIGH} 之外"),
    (KAPPA_LOW, KAPPA_HIGH),
)

CLAIM = Claim(
    id="beta-near-0.9",
    place=4,
    quote="通常设置为0.9左右",
    claim=Text("β is best set near 0.9.", "β 宜设在 0.9 左右。"),
    short=Text("β = 0.9 as the setting for every problem", "对所有问题都用 β = 0.9"),
    rule="regret",
    kind="speed",
    role="remedy",
    sets_beta=True,
    arms=(
        Text("β = 0.9 at its best η", "β = 0.9，取其最优 η"),
        Text("the best β at its best η", "最优 β 及其最优 η"),
    ),
    shown=(Text("where the best β lies, against κ", "最优 β 随 κ 的位置"),),
    separator=SEPARATOR,
    protocol=Text(
        (
            f"Full batch. Regret: the log ratio of the epochs to {scientific(TARGET)} of β = {BETA:g} at its best "
            "η to those of the best "
            f"pair (β, η) of the exact surface, 1 − β from {1 - BETA_GRID[0]:g} to "
            f"{scientific(1 - BETA_GRID[-1])}. All problems with κ in {KAPPA_LOW} to {KAPPA_HIGH} and, outside, "
            f"those with κ from {KAPPA_FAR:,} and one of each kind below. Where the best β lies is drawn against "
            "β*."
        ),
        (
            f"全批量。代价：β = {BETA:g} 取最优 η 时降到 {scientific(TARGET)} "
            "的轮数与精确响应面上最优 (β, η) 的轮数之比的对数，"
            f"1 − β 从 {1 - BETA_GRID[0]:g} 到 {scientific(1 - BETA_GRID[-1])}。"
            f"包括 κ 在 {KAPPA_LOW} 到 {KAPPA_HIGH} 之内的全部问题；"
            f"之外取 κ 不小于 {KAPPA_FAR:,} 者，及其下每类一个。图中画出最优 β 与 β*。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare β = 0.9 at its best η with the best pair of the exact surface.

    Shown beside it: where the best β lies, against β*, and how far the best η is from η*.
    """
    units: list[Unit] = []
    descents: Descents = {}
    checks: list[tuple[Quadratic, Arm]] = []
    for repeat, seed in enumerate(seeds(budget)):
        for problem in _problems(seed):
            spectrum = problem.spectrum
            advised = tune_arm(spectrum, [BETA], TARGET)
            best = min(advised, best_pair(spectrum), key=lambda arm: arm.epochs)
            star_beta, star_eta = optimal_beta_eta(spectrum.eigenvalues[0], spectrum.L)
            effect = log_ratio(advised.cost, best.cost)
            arms = {
                "beta_0.9": advised.cost,
                "beta_best": best.cost,
                "best_beta": best.beta,
                "best_eta_L": best.eta * spectrum.L,
                "beta_star": star_beta,
                "eta_star_L": star_eta * spectrum.L,
            }
            group = SEPARATOR.side(problem.condition)
            units.append(Unit(problem.name, repeat, effect, problem.condition, group, arms))
            add_descents(descents, problem.name, spectrum, {"beta_0.9": advised, "beta_best": best})
            if repeat == 0:
                checks.append((problem, best))
    shown = {
        "regret": by_group(units, _regret),
        "best_beta": by_problem(units, lambda unit: unit.arms["best_beta"]),
        "median relative gap of the best η to η*": relative_gap(
            [unit.arms["best_eta_L"] for unit in units], [unit.arms["eta_star_L"] for unit in units]
        ),
        "estimator": compare_with_fits(checks),
    }
    gap = relative_gap(
        [1 - unit.arms["best_beta"] for unit in units], [1 - unit.arms["beta_star"] for unit in units]
    )
    return Measurement(units, mean_excess_curves(descents), _panels(units), shown, gap, exact=True)


def _problems(seed: int) -> Iterator[Quadratic]:
    """Return the problems that are measured, as the protocol says."""
    for problem in quadratics(seed):
        is_inside = SEPARATOR.side(problem.condition) == SEPARATOR.groups[0]
        if is_inside or problem.condition >= KAPPA_FAR or problem.name.startswith(REPRESENTATIVES):
            yield problem


def best_pair(spectrum: Spectrum) -> Arm:
    """Return the pair (β, η) that arrives first.

    Every β of the grid is tried on a part of the grid of ηL, and then every ηL with values of β around the
    best one, up to its neighbours.
    """
    coarse = tune_arm(spectrum, BETA_GRID, TARGET, ETA_L_GRID[::COARSE])
    to_neighbour = 1e4 ** (1 / (len(BETA_GRID) - 1))
    one_minus_beta = (1 - coarse.beta) * to_neighbour ** np.linspace(-1, 1, REFINED)
    near = 1 - np.clip(one_minus_beta, 1 - BETA_GRID[-1], 1)
    refined = tune_arm(spectrum, near, TARGET, epochs_allowed=coarse.epochs)
    return min(coarse, refined, key=lambda arm: arm.epochs)


def _regret(unit: Unit) -> float:
    return unit.effect


def _log_one_minus_best_beta(unit: Unit) -> float:
    return float(np.log(1 - unit.arms["best_beta"]))


def _panels(units: list[Unit]) -> list[Panel]:
    star = np.array([optimal_beta_eta(1.0, kappa)[0] for kappa in KAPPA_LINE])
    # The best pair's rate is √β*, so ln β* / 2 is its logarithm.
    regret = [
        np.log(beta) / 2 / np.log(best_rate(BETA, kappa))
        for beta, kappa in zip(star, KAPPA_LINE, strict=True)
    ]
    ends, tolerated = KAPPA_LINE[[0, -1]], np.exp(DELTAS["speed"])
    return [
        Panel(
            "What β = 0.9 costs at its best η",
            "condition number κ",
            "epochs of β = 0.9 over epochs of the best pair",
            [
                Series("theory: ratio of the rates", KAPPA_LINE, np.array(regret), "theory"),
                *tables_and_ladder(units, _regret),
                Series(
                    f"{percent_more(DELTAS['speed'])} % more epochs", ends, np.full(2, tolerated), "reference"
                ),
            ],
            x_log=True,
            y_log=True,
        ),
        Panel(
            "Where the best β lies",
            "condition number κ",
            "1 − β of the fastest pair",
            [
                Series("theory: 1 − β*", KAPPA_LINE, 1 - star, "theory"),
                *tables_and_ladder(units, _log_one_minus_best_beta),
                Series("β = 0.9", ends, np.full(2, 0.1), "reference"),
            ],
            x_log=True,
            y_log=True,
        ),
    ]
