"""Momentum smooths the updates and makes them oscillate less.

A cell is a problem at one ηL. There descents with β = 0 and with β = 0.9 are followed at the same η, and the
updates that reverse the one before along the sharpest direction are counted. The effect is the share with
β = 0 less that with β = 0.9. Theory says that a share φ/π reverses, φ the angle of the direction's complex
roots (docs/theory.md, "Oscillation"; Goh 2017).
"""

from collections.abc import Mapping

import numpy as np

from study.descent import closed_form
from study.descent.theory import stability_limit
from study.figures.panel import Panel, Series
from study.guidance.claim import ETA_L, Budget, Claim, Measurement, Text, Unit, cut_at
from study.guidance.lab.betas import BETA
from study.guidance.lab.paths import SETTLED, Path, follow, mean_excess_curve
from study.guidance.lab.quadratics import Quadratic, cell_name, is_synthetic, representatives, seeds
from study.guidance.lab.summaries import arm, by_group, by_problem, relative_gap, separator_value
from study.guidance.lab.wording import WORDS, scientific

CUT = 1
"""ηL at which the roots of β = 0 turn negative: above it every update reverses."""

CELLS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.1, 1.25, 1.4, 1.55, 1.7, 1.9)
"""ηL of the cells, as many on each side of the cut."""

EACH_SIDE = sum(eta_L > CUT for eta_L in CELLS)
PROBLEMS_A_CELL = 2
"""Each ηL is measured on a table and on a step of the ladder."""

PLAIN_LIMIT = stability_limit(0.0, 1.0)
"""ηL from which descent without momentum diverges."""

BEYOND = (2.5, 5.0, 10.0, 20.0, 35.0)
"""ηL above that limit: shown for β = 0.9."""

EXAMPLE_ETA_L = 1.7
"""ηL of the example in the picture."""

SEPARATOR = cut_at(ETA_L, "ηL", CUT, f"{CUT}")

CLAIM = Claim(
    id="smooths-oscillation",
    place=2,
    quote="平滑更新过程,减少参数更新的震荡",
    claim=Text("Momentum smooths the updates and makes them oscillate less.", "动量使更新更平滑，减少震荡。"),
    short=Text("β = 0.9 to make updates reverse less often", "用 β = 0.9 减少更新方向的反转"),
    rule="effect",
    kind="share",
    role="remedy",
    arms=(Text("β = 0.9", "β = 0.9"), Text("β = 0 at the same η", "同一 η 下的 β = 0")),
    shown=(
        Text("rises of the loss", "损失上升的次数"),
        Text(f"ηL above {PLAIN_LIMIT:g}", f"ηL 大于 {PLAIN_LIMIT:g} 的情形"),
    ),
    separator=SEPARATOR,
    protocol=Text(
        (
            f"Full batch, {PROBLEMS_A_CELL * len(CELLS)} cells: {len(CELLS)} values of ηL from {CELLS[0]:g} to "
            f"{CELLS[-1]:g}, {WORDS[EACH_SIDE].en} on each side of {CUT}, each on a table and on a "
            f"ladder step. The share of updates that reverse along the sharpest direction, β = 0 less β = {BETA:g} "
            f"at the same η, counted until that direction's excess stays below {scientific(SETTLED)}. "
            f"Rises of the loss, and ηL above {PLAIN_LIMIT:g}, shown."
        ),
        (
            f"全批量，{PROBLEMS_A_CELL * len(CELLS)} 个单元：{CELLS[0]:g} 到 {CELLS[-1]:g} 间 {len(CELLS)} 个 ηL"
            f"({CUT} 的两侧各{WORDS[EACH_SIDE].zh}个)，各用一个表格与一个合成问题。最陡方向上更新反转的比例，"
            f"同一 η 下 β = 0 减 β = {BETA:g}，计到该方向超额持续低于 {scientific(SETTLED)}。"
            f"另展示损失上升的次数与 ηL 大于 {PLAIN_LIMIT:g} 的情形。"
        ),
    ),
)

Paths = dict[tuple[str, str], list[Path]]
"""By (cell, arm), one path a seed."""


def measure(budget: Budget) -> Measurement:
    """Follow β = 0 and β = 0.9 in every cell and compare the shares of updates that reverse.

    Shown beside it: the shares of updates that raise the loss, and ηL at which descent without momentum
    diverges.
    """
    units: list[Unit] = []
    paths: Paths = {}
    for repeat, seed in enumerate(seeds(budget)):
        on_tables, on_ladder = _tables_and_ladder(seed)
        for place, eta_L in enumerate(CELLS):
            for problem in (on_tables[place % len(on_tables)], on_ladder[place % len(on_ladder)]):
                name, eta = cell_name(problem, eta_L), eta_L / problem.spectrum.L
                plain, advised = follow(problem, 0.0, eta), follow(problem, BETA, eta)
                arms = {
                    "beta_0": float(plain.reversals.mean()),
                    "beta_0.9": float(advised.reversals.mean()),
                    "beta_0_loss_rises": float(plain.rises.mean()),
                    "beta_0.9_loss_rises": float(advised.rises.mean()),
                }
                effect = arms["beta_0"] - arms["beta_0.9"]
                units.append(Unit(name, repeat, effect, eta_L, SEPARATOR.side(eta_L), arms))
                paths.setdefault((name, "beta_0"), []).append(plain)
                paths.setdefault((name, "beta_0.9"), []).append(advised)
    beyond = _beyond_the_limit(budget)
    shown = {
        "loss_rises_beta_0": by_group(units, arm("beta_0_loss_rises")),
        "loss_rises_beta_0.9": by_group(units, arm("beta_0.9_loss_rises")),
        "beta_0.9_beyond": {f"ηL = {eta_L:g}": found for eta_L, found in beyond.items()},
    }
    measured_at, share = _over_eta_L(units, "beta_0.9")
    gap = relative_gap(share, share_that_reverses(BETA, measured_at))
    curves = [mean_excess_curve(name, arm_name, by_seed) for (name, arm_name), by_seed in paths.items()]
    panels = [_share_panel(units, beyond), _example_panel(paths)]
    return Measurement(units, curves, panels, shown, gap)


def share_that_reverses(beta: float, eta_L: np.ndarray) -> np.ndarray:
    """Return theory's share φ/π of the updates that reverse along a direction in the long run."""
    larger = closed_form.roots(np.full(len(eta_L), beta), eta_L, np.ones(1))[0][:, 0]
    return np.abs(np.angle(larger)) / np.pi


def error_along(beta: float, eta_L: float, epochs: np.ndarray) -> np.ndarray:
    """Return theory's error along the sharpest direction at these epochs, as a share of its start."""
    larger, smaller = closed_form.roots(np.full(len(epochs), beta), np.full(len(epochs), eta_L), np.ones(1))
    return closed_form.errors(larger, smaller, epochs)[:, 0]


def _tables_and_ladder(seed: int) -> tuple[list[Quadratic], list[Quadratic]]:
    problems = representatives(seed)
    return (
        [problem for problem in problems if not is_synthetic(problem.name)],
        [problem for problem in problems if is_synthetic(problem.name)],
    )


def _beyond_the_limit(budget: Budget) -> dict[float, dict[str, float]]:
    """Return what happens at each ηL at which descent without momentum diverges: the means over the seeds."""
    by_eta_L: dict[float, list[dict[str, float]]] = {eta_L: [] for eta_L in BEYOND}
    for seed in seeds(budget):
        problems = representatives(seed)
        for place, eta_L in enumerate(BEYOND):
            problem = problems[place % len(problems)]
            plain, advised = (follow(problem, beta, eta_L / problem.spectrum.L) for beta in (0.0, BETA))
            found = {
                "reversals": advised.reversals.mean(),
                "loss_rises": advised.rises.mean(),
                "diverges": advised.diverged,
                "beta_0_diverges": plain.diverged,
            }
            by_eta_L[eta_L].append(found)
    return {
        eta_L: {name: float(np.mean([one[name] for one in found])) for name in found[0]}
        for eta_L, found in by_eta_L.items()
    }


def _over_eta_L(units: list[Unit], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the cells' ηL and their means of an arm."""
    eta_L, share = by_problem(units, separator_value), by_problem(units, arm(name))
    return np.array(list(eta_L.values())), np.array(list(share.values()))


def _share_panel(units: list[Unit], beyond: Mapping[float, Mapping[str, float]]) -> Panel:
    line = np.geomspace(0.03, 37, 300)
    stable = line[line < PLAIN_LIMIT]
    reversals = np.array([found["reversals"] for found in beyond.values()])
    return Panel(
        "Updates that reverse along the sharpest direction",
        "η times the largest curvature, ηL",
        "share of the updates",
        [
            Series("theory, β = 0", stable, share_that_reverses(0.0, stable), "theory", "β = 0"),
            Series("theory, β = 0.9", line, share_that_reverses(BETA, line), "theory", "β = 0.9"),
            Series("β = 0", *_over_eta_L(units, "beta_0"), "measured", "β = 0"),
            Series("β = 0.9", *_over_eta_L(units, "beta_0.9"), "measured", "β = 0.9"),
            Series("β = 0.9, where β = 0 diverges", np.array(BEYOND), reversals, "measured", "beyond"),
            Series(f"cut, ηL = {CUT}", np.full(2, float(CUT)), np.array([0.0, 1.0]), "reference"),
        ],
        x_log=True,
    )


def _example_panel(paths: Paths) -> Panel:
    """Return the error of one path of each β at one ηL, with theory's."""
    epochs = np.arange(61)
    series = []
    for beta in (0.0, BETA):
        path = next(
            by_seed[0]
            for (name, arm_name), by_seed in paths.items()
            if name.endswith(f"ηL = {EXAMPLE_ETA_L:g}") and arm_name == f"beta_{beta:g}"
        )
        label, error = f"β = {beta:g}", path.error[: len(epochs)]
        theory = error_along(beta, EXAMPLE_ETA_L, epochs)
        series += [
            Series(f"theory, {label}", epochs, theory, "theory", label),
            Series(label, np.arange(len(error)), error, "measured", label),
        ]
    title = f"The error along the sharpest direction at ηL = {EXAMPLE_ETA_L:g}"
    return Panel(title, "epoch", "error, as a share of its start", series)
