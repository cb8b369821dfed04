"""Momentum speeds up the convergence of gradient descent.

Every problem is descended with β = 0 and with β = 0.9, each at the η that is best for it on one grid. The
effect is ln(epochs of β = 0 / epochs of β = 0.9), and theory's is that of the best rates at the same κ.
"""

from collections.abc import Callable

import numpy as np

from study.figures.panel import Panel, Series
from study.guidance.claim import KAPPA, KAPPA_PAYS, Budget, Claim, Measurement, Text, Unit, cut_at
from study.guidance.lab.arms import (
    BETA_GRID,
    COARSE,
    EPOCHS_ALLOWED,
    ETA_L_GRID,
    LOOSE_TARGET,
    MISS_COST,
    TARGET,
    Arm,
    Descents,
    add_descents,
    fixed_arm,
    log_ratio,
    mean_excess_curves,
    tune_arm,
)
from study.guidance.lab.betas import BETA
from study.guidance.lab.fit_check import compare_with_fits
from study.guidance.lab.quadratics import LADDER, N_TABLE_TARGETS, Quadratic, quadratics, seeds
from study.guidance.lab.rates import KAPPA_LINE, NO_DIFFERENCE, best_rate, read_line
from study.guidance.lab.summaries import by_group, kappa, relative_gap, tables_and_ladder
from study.guidance.lab.wording import WORDS, power_of_ten, scientific

SEPARATOR = cut_at(KAPPA, "κ", KAPPA_PAYS, f"{KAPPA_PAYS:.0f}")

CLAIM = Claim(
    id="converges-faster",
    place=1,
    quote="动量优化算法可以加速梯度下降的收敛速度",
    claim=Text("Momentum speeds up the convergence of gradient descent.", "动量可以加快梯度下降的收敛。"),
    short=Text("β = 0.9 rather than no momentum, for speed", "为加快收敛，用 β = 0.9 而不是不用动量"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(Text("β = 0.9, η tuned", "β = 0.9,η 调优"), Text("β = 0, η tuned", "β = 0,η 调优")),
    shown=(
        Text("β and η tuned", "β 与 η 都调优"),
        Text("β = 0.9 at plain descent's η", "β = 0.9，与普通梯度下降同 η"),
    ),
    separator=SEPARATOR,
    protocol=Text(
        (
            f"Full batch, {N_TABLE_TARGETS} table targets and {len(LADDER)} ladder steps. Epochs to "
            f"{scientific(TARGET)} of β = 0 over those of β = {BETA:g}, each "
            f"at its best of {len(ETA_L_GRID)} ηL from {ETA_L_GRID[0]:g} to {ETA_L_GRID[-1]:g}, off the exact "
            f"recurrence; budget {WORDS[EPOCHS_ALLOWED].en} epochs. Both β and "
            f"η tuned (given the smaller arms' best), the loose target and β = {BETA:g} at plain descent's η are "
            "shown."
        ),
        (
            f"全批量，{N_TABLE_TARGETS} 个表格目标与 {len(LADDER)} 个合成问题。β = 0 与 β = {BETA:g} 降到 "
            f"{scientific(TARGET)} 的轮数之比，各取 {ETA_L_GRID[0]:g} 到 {ETA_L_GRID[-1]:g} 间 "
            f"{len(ETA_L_GRID)} 个 ηL 中的最优，"
            f"由精确递推算出；预算{WORDS[EPOCHS_ALLOWED].zh}轮。"
            f"另展示 β、η 都调优(含较小臂的最优点)、宽松目标，以及 β = {BETA:g} 用普通下降的 η。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Tune η for β = 0 and for β = 0.9 on every problem, and compare their epochs.

    Shown beside it: the same for the loose target, both β at the η that is best without momentum, and β tuned
    along with η.
    """
    units: list[Unit] = []
    descents: Descents = {}
    checks: list[tuple[Quadratic, Arm]] = []
    for repeat, seed in enumerate(seeds(budget)):
        for problem in quadratics(seed):
            spectrum = problem.spectrum
            plain, advised = (tune_arm(spectrum, [beta], TARGET) for beta in (0.0, BETA))
            effect = log_ratio(plain.cost, advised.cost)
            arms = {
                "beta_0": plain.cost,
                "beta_0.9": advised.cost,
                "beta_0_loose": tune_arm(spectrum, [0.0], LOOSE_TARGET).cost,
                "beta_0.9_loose": tune_arm(spectrum, [BETA], LOOSE_TARGET).cost,
                "beta_0.9_same_eta": fixed_arm(spectrum, BETA, plain.eta).cost,
                "beta_tuned": _tuned_beta(problem, plain, advised),
            }
            group = SEPARATOR.side(problem.condition)
            units.append(Unit(problem.name, repeat, effect, problem.condition, group, arms))
            add_descents(descents, problem.name, spectrum, {"beta_0": plain, "beta_0.9": advised})
            if repeat == 0:
                checks += [(problem, plain), (problem, advised)]
    theory = np.array([epochs_ratio(condition) for condition in KAPPA_LINE])
    shown = {
        "epochs_allowed": EPOCHS_ALLOWED,
        "loose_target": by_group(units, _gain("beta_0.9_loose", "beta_0_loose")),
        "same_eta": by_group(units, _gain("beta_0.9_same_eta")),
        "beta_tuned": by_group(units, _gain("beta_tuned")),
        "misses": {arm: sum(unit.arms[arm] >= MISS_COST for unit in units) for arm in ("beta_0", "beta_0.9")},
        "estimator": compare_with_fits(checks),
    }
    arrived = [unit for unit in units if max(unit.arms["beta_0"], unit.arms["beta_0.9"]) < MISS_COST]
    gap = relative_gap(
        [np.exp(unit.effect) for unit in arrived], read_line(theory, [kappa(unit) for unit in arrived])
    )
    return Measurement(units, mean_excess_curves(descents), _panels(units, theory), shown, gap, exact=True)


def epochs_ratio(condition: float) -> float:
    """Return the epochs of β = 0 over those of β = 0.9 in the long run, each at its best η."""
    return float(np.log(best_rate(BETA, condition)) / np.log(best_rate(0.0, condition)))


def _tuned_beta(problem: Quadratic, plain: Arm, advised: Arm) -> float:
    """Return the epochs of the best pair (β, η), from every third β and every fourth ηL of the grids.

    β = 0 and β = 0.9 at their best η are pairs too, and are taken where one of them is better.
    """
    tuned = tune_arm(problem.spectrum, BETA_GRID[::3], TARGET, ETA_L_GRID[::COARSE])
    return min(tuned.cost, plain.cost, advised.cost)


def _gain(arm: str, base: str = "beta_0") -> Callable[[Unit], float]:
    """Return the function that reads ln(epochs of the base / epochs of the arm) off a unit."""
    return lambda unit: log_ratio(unit.arms[base], unit.arms[arm])


def _panels(units: list[Unit], theory: np.ndarray) -> list[Panel]:
    line = Series("theory: ratio of the best rates", KAPPA_LINE, theory, "theory")
    cut = Series(f"cut, κ = {KAPPA_PAYS:.0f}", np.full(2, KAPPA_PAYS), np.array([0.1, 100.0]), "reference")
    return [
        Panel(
            title,
            "condition number κ",
            "epochs of β = 0 over epochs of β = 0.9",
            [line, *tables_and_ladder(units, value), NO_DIFFERENCE, cut],
            x_log=True,
            y_log=True,
        )
        for title, value in (
            (
                f"How many times sooner the excess stays below {power_of_ten(TARGET)} of its start",
                _gain("beta_0.9"),
            ),
            (
                f"The same for the loose target, {power_of_ten(LOOSE_TARGET)}",
                _gain("beta_0.9_loose", "beta_0_loose"),
            ),
        )
    ]
