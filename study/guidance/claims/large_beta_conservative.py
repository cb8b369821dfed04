"""Too large a β makes the updates too cautious.

Every problem is descended with β = 0.999 and with β = 0.9 at the same η, at several ηL. The effect is
ln(epochs of β = 0.999 / epochs of β = 0.9). Theory's is the ratio of the two convergence rates at that κ and
ηL (docs/theory.md, "Convergence rate").
"""

from collections.abc import Iterable

import numpy as np

from study.descent.theory import convergence_rate, stability_limit
from study.figures.panel import Panel, Series
from study.guidance.claim import ETA_L, Budget, Claim, Measurement, Text, Unit, cut_at
from study.guidance.lab.arms import (
    EPOCHS_ALLOWED,
    MISS_COST,
    TARGET,
    Arm,
    Descents,
    add_descents,
    fixed_arm,
    log_ratio,
    mean_excess_curves,
)
from study.guidance.lab.betas import BETA
from study.guidance.lab.fit_check import compare_with_fits
from study.guidance.lab.quadratics import REPRESENTATIVES, Quadratic, cell_name, representatives, seeds
from study.guidance.lab.rates import KAPPA_LINE, NO_DIFFERENCE, read_line
from study.guidance.lab.summaries import by_group, kappa, points, relative_gap, separator_value
from study.guidance.lab.wording import WORDS, listed, scientific

LARGE_BETA = 0.999
"""What the note's β is compared with."""

CELLS = (0.1, 1.0, 10.0)
"""ηL at which both β are tried on every problem."""

CUT = 1
SEPARATOR = cut_at(ETA_L, "ηL", CUT, f"{CUT}")

CLAIM = Claim(
    id="large-beta-conservative",
    place=5,
    quote="过大的值可能会导致更新过于保守",
    claim=Text("Too large a β makes the updates too cautious.", "β 过大会使更新过于保守。"),
    short=Text("β = 0.999 being slower than β = 0.9", "β = 0.999 比 β = 0.9 更慢"),
    rule="effect",
    kind="speed",
    role="warning",
    arms=(Text("β = 0.999", "β = 0.999"), Text("β = 0.9 at the same η", "同一 η 下的 β = 0.9")),
    shown=(Text("heavy ball at the same α", "同一 α 的 heavy ball"),),
    separator=SEPARATOR,
    protocol=Text(
        (
            f"Full batch, {len(REPRESENTATIVES)} problems at ηL = {listed(CELLS).en}. Epochs to "
            f"{scientific(TARGET)} of β = {LARGE_BETA:g} over those of β = {BETA:g} at the "
            f"same η, off the exact recurrence; budget {WORDS[EPOCHS_ALLOWED].en}. Heavy ball at the same α shown."
        ),
        (
            f"全批量，{len(REPRESENTATIVES)} 个问题，ηL = {listed(CELLS).zh}。同一 η 下 β = {LARGE_BETA:g} 与 "
            f"β = {BETA:g} 降到 {scientific(TARGET)} 的轮数之比，由精确递推算出；"
            f"预算{WORDS[EPOCHS_ALLOWED].zh}轮。另展示同一 α 的 heavy ball。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare the epochs of β = 0.999 and β = 0.9 at the same η.

    Shown beside it: the same for heavy ball at the same α, whose step grows with β.
    """
    units: list[Unit] = []
    descents: Descents = {}
    checks: list[tuple[Quadratic, Arm]] = []
    for repeat, seed in enumerate(seeds(budget)):
        for problem in representatives(seed):
            spectrum = problem.spectrum
            for eta_L in CELLS:
                name, eta = cell_name(problem, eta_L), eta_L / spectrum.L
                small, large = fixed_arm(spectrum, BETA, eta), fixed_arm(spectrum, LARGE_BETA, eta)
                arms = {
                    "beta_0.9": small.cost,
                    "beta_0.999": large.cost,
                    "heavy_ball_0.9": _heavy_ball_cost(problem, BETA, eta),
                    "heavy_ball_0.999": _heavy_ball_cost(problem, LARGE_BETA, eta),
                    "kappa": problem.condition,
                }
                effect = log_ratio(large.cost, small.cost)
                units.append(Unit(name, repeat, effect, eta_L, SEPARATOR.side(eta_L), arms))
                add_descents(descents, name, spectrum, {"beta_0.9": small, "beta_0.999": large})
                if repeat == 0:
                    checks.append((problem, small))
    theory = {eta_L: _theory_line(eta_L, eta_L) for eta_L in CELLS}
    arrived = [unit for unit in units if max(unit.arms["beta_0.9"], unit.arms["beta_0.999"]) < MISS_COST]
    gap = relative_gap(
        [np.exp(unit.effect) for unit in arrived],
        [read_line(theory[separator_value(unit)], kappa(unit)) for unit in arrived],
    )
    shown = {"heavy_ball": by_group(units, _heavy_ball_effect), "estimator": compare_with_fits(checks)}
    return Measurement(units, mean_excess_curves(descents), _panels(units, theory), shown, gap, exact=True)


def _heavy_ball_cost(problem: Quadratic, beta: float, alpha: float) -> float:
    """Return the epochs of heavy ball at learning rate α: the note's form at η = α/(1 − β)."""
    return fixed_arm(problem.spectrum, beta, alpha / (1 - beta)).cost


def _heavy_ball_effect(unit: Unit) -> float:
    return log_ratio(unit.arms["heavy_ball_0.999"], unit.arms["heavy_ball_0.9"])


def _theory_line(eta_L: float, eta_L_of_large_beta: float) -> np.ndarray:
    """Return, over κ, the epochs of β = 0.999 over those of β = 0.9 in the long run, each at its own ηL."""
    ratios = []
    for condition in KAPPA_LINE:
        etas = np.array([eta_L, eta_L_of_large_beta]) / condition
        small, large = np.log(convergence_rate([BETA, LARGE_BETA], etas, [1.0, condition]))
        ratios.append(float(small / large))
    return np.array(ratios)


def _panels(units: list[Unit], theory: dict[float, np.ndarray]) -> list[Panel]:
    heavy_ball_theory = {
        alpha_L: _theory_line(alpha_L / (1 - BETA), alpha_L / (1 - LARGE_BETA))
        for alpha_L in CELLS
        if alpha_L < stability_limit(BETA, 1.0, "heavy_ball")
    }
    cells = {eta_L: [unit for unit in units if unit.separator == eta_L] for eta_L in CELLS}
    measured = [points(f"ηL = {eta_L:g}", cell, lambda unit: unit.effect) for eta_L, cell in cells.items()]
    heavy_ball = [
        points(f"αL = {alpha_L:g}", cell, _heavy_ball_effect, group=f"ηL = {alpha_L:g}")
        for alpha_L, cell in cells.items()
    ]
    return [
        _panel("The note's form, at the same η", [*_theory_series("ηL", theory), *measured]),
        _panel("Heavy ball, at the same α", [*_theory_series("αL", heavy_ball_theory), *heavy_ball]),
    ]


def _theory_series(symbol: str, lines: dict[float, np.ndarray]) -> list[Series]:
    return [
        Series(f"theory, {symbol} = {value:g}", KAPPA_LINE, line, "theory", f"ηL = {value:g}")
        for value, line in lines.items()
    ]


def _panel(title: str, series: Iterable[Series]) -> Panel:
    return Panel(
        title,
        "condition number κ",
        "epochs of β = 0.999 over epochs of β = 0.9",
        [*series, NO_DIFFERENCE],
        x_log=True,
        y_log=True,
    )
