"""A small learning rate may make convergence slow.

A cell is a problem at β = 0.9 and one ηL. The claim occurs in a cell if this η takes more epochs than ten
times as much, by more than δ. Theory's epochs are those of the direction that shrinks slowest
(docs/theory.md, "Convergence rate").
"""

import numpy as np

from study.descent import closed_form
from study.descent.spectrum import Spectrum
from study.figures.panel import Panel, Series
from study.guidance.claim import DELTAS, Budget, Claim, Measurement, Text, Unit
from study.guidance.lab.arms import (
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
from study.guidance.lab.summaries import by_problem, relative_gap
from study.guidance.lab.wording import WORDS, listed, percent_more, scientific

CELLS = (0.03, 0.3, 3.0)
"""ηL of the cells. Ten times as much is stable in all of them: the limit of β = 0.9 is ηL = 38."""

TIMES = 10
"""How many times as large the learning rate is that a cell's is compared with."""

DRAWN_ETA_L = np.geomspace(0.001, 37, 60)
"""ηL of the picture, up to just below the stability limit."""

CLAIM = Claim(
    id="small-eta-slow",
    place=6,
    quote="较小的学习率可能导致训练过程收敛缓慢",
    claim=Text("A small learning rate may make convergence slow.", "学习率较小可能使收敛缓慢。"),
    short=Text("a small η costing epochs", "较小的 η 使收敛变慢"),
    rule="share",
    kind="speed",
    role="warning",
    arms=(
        Text("β = 0.9 at η", "β = 0.9，取 η"),
        Text(f"β = 0.9 at {TIMES} η", f"β = 0.9，取 {TIMES} η"),
    ),
    protocol=Text(
        (
            f"Full batch at β = {BETA:g}. A cell is one of {len(REPRESENTATIVES)} problems with one of "
            f"ηL = {listed(CELLS).en}; it occurs there if "
            f"this η takes over {percent_more(DELTAS['speed'])} % more epochs to {scientific(TARGET)} than "
            f"{WORDS[TIMES].en} times as much, which is stable. Epochs over all η drawn."
        ),
        (
            f"全批量，β = {BETA:g}。单元为 {len(REPRESENTATIVES)} 个问题之一配 ηL = {listed(CELLS).zh} 之一；"
            f"若比{WORDS[TIMES].zh}倍的 η(仍稳定)多用 {percent_more(DELTAS['speed'])} % "
            f"以上的轮数降到 {scientific(TARGET)}，即算出现。图中画出轮数随 η 的变化。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare the epochs at η with those at ten times η, for β = 0.9."""
    units: list[Unit] = []
    descents: Descents = {}
    checks: list[tuple[Quadratic, Arm]] = []
    drawn: dict[str, tuple[np.ndarray, list[np.ndarray]]] = {}
    for repeat, seed in enumerate(seeds(budget)):
        for problem in representatives(seed):
            spectrum = problem.spectrum
            for eta_L in CELLS:
                name, eta = cell_name(problem, eta_L), eta_L / spectrum.L
                small, large = fixed_arm(spectrum, BETA, eta), fixed_arm(spectrum, BETA, TIMES * eta)
                ratio = log_ratio(small.cost, large.cost)
                arms = {"eta": small.cost, "ten_eta": large.cost, "log_ratio": ratio}
                units.append(Unit(name, repeat, float(ratio > DELTAS["speed"]), arms=arms))
                add_descents(descents, name, spectrum, {"eta": small, "ten_eta": large})
                if repeat == 0:
                    checks.append((problem, large))
            # Theory's line is drawn for the first seed alone.
            _, measured = drawn.setdefault(problem.name, (epochs_of_slowest(spectrum, DRAWN_ETA_L), []))
            measured.append(_epochs(spectrum))
    shown = {
        "times_slower": by_problem(units, lambda unit: float(np.exp(unit.arms["log_ratio"]))),
        "share_by_eta_L": {f"{eta_L:g}": _share_of_cells(units, eta_L) for eta_L in CELLS},
        "estimator": compare_with_fits(checks),
    }
    lines = {
        problem: (theory, np.exp(np.mean(np.log(measured), axis=0)))
        for problem, (theory, measured) in drawn.items()
    }
    gaps = [
        relative_gap(measured[measured < MISS_COST], theory[measured < MISS_COST])
        for theory, measured in lines.values()
    ]
    return Measurement(
        units, mean_excess_curves(descents), _panels(lines), shown, float(np.median(gaps)), exact=True
    )


def epochs_of_slowest(spectrum: Spectrum, eta_L: np.ndarray) -> np.ndarray:
    """Return theory's epochs of β = 0.9 to the target at each ηL.

    A direction with the share s of the excess, whose error shrinks by |ρ| an epoch, needs
    ln(target / s) / (2 ln |ρ|) epochs until its own excess is at the target; the slowest one decides.
    """
    share = spectrum.excess / spectrum.excess.sum()
    larger, _ = closed_form.roots(np.full(len(eta_L), BETA), eta_L / spectrum.L, spectrum.eigenvalues)
    return (np.log(np.minimum(TARGET / share, 1)) / (2 * np.log(np.abs(larger)))).max(axis=1)


def _epochs(spectrum: Spectrum) -> np.ndarray:
    """Return the exact epochs of β = 0.9 to the target at each ηL of the picture."""
    betas, etas = np.full(len(DRAWN_ETA_L), BETA), DRAWN_ETA_L / spectrum.L
    return np.minimum(closed_form.arrivals(spectrum, betas, etas, TARGET), MISS_COST)


def _share_of_cells(units: list[Unit], eta_L: float) -> float:
    """Return the share of the cells at this ηL in which the claim occurs."""
    return float(np.mean([unit.effect for unit in units if unit.problem.endswith(f"ηL = {eta_L:g}")]))


def _panels(lines: dict[str, tuple[np.ndarray, np.ndarray]]) -> list[Panel]:
    """Return the epochs over ηL, theory's and the measured ones by problem, in two panels."""
    theory, measured = [], []
    for problem, (by_theory, epochs) in lines.items():
        label = problem.split(", n ")[0]
        theory.append(Series(f"theory, {label}", DRAWN_ETA_L, by_theory, "theory", label))
        measured.append(Series(label, DRAWN_ETA_L, epochs, "measured", label))
    half = len(theory) // 2
    return [
        Panel(
            title,
            "η times the largest curvature, ηL",
            f"epochs until the excess stays below {TARGET:g} of its start",
            [*theory[part], *measured[part]],
            x_log=True,
            y_log=True,
        )
        for title, part in (
            ("Epochs over η at β = 0.9, bundled data", slice(0, half)),
            ("Epochs over η at β = 0.9, synthetic ladder", slice(half, None)),
        )
    ]
