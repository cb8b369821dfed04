"""Momentum speeds up progress where gradients are small.

A plateau has one constant gradient g. Every arm crosses it at the same η, and its steps to the far end are
counted; the effect is ln(steps of β = 0 / steps of β = 0.9 in the note's form). Theory (docs/theory.md, "Flat
regions"): without noise, T steps of the note's form cover ηg(T − β(1 − βᵀ)/(1 − β)), so that however long the
plateau is, β = 0.9 comes β/(1 − β) = 9 steps late. Heavy ball covers 1/(1 − β) = 10 times that distance (Goh
2017).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from study.descent.solvers import SOLVERS
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.betas import BETA, MOMENTUM, PLAIN
from study.guidance.lab.summaries import relative_gap
from study.guidance.lab.two_arms import log_arm_ratio, mean_log_arm_ratio
from study.guidance.lab.wording import WORDS, scientific
from study.provenance import derive_seed


class Plateau(NamedTuple):
    """A plateau whose gradient is constant, but for noise.

    Attributes
    ----------
    length : int
        In steps of plain gradient descent.
    slope : float
    noise : float
        Standard deviation of the gradient's noise, as a multiple of the slope.
    """

    length: int
    slope: float
    noise: float


NOISE = 3
PLATEAUS = tuple(
    Plateau(length, slope, noise)
    for length, slope in ((10, 1e-1), (30, 1e-2), (100, 1e-3), (300, 1e-4), (1000, 1e-5), (3000, 1e-6))
    for noise in (0, NOISE)
)

ETA = 0.1

LONGEST = 4
"""A descent is followed for so many times the steps of plain gradient descent, and a hundred more."""

HEAVY_BALL = f"heavy ball {BETA:g}, same nominal rate"
SOLVER = {PLAIN: "sgd", MOMENTUM: "momentum", HEAVY_BALL: "heavy_ball"}
"""Each arm's solver."""

WIDTH = "width in plain steps"

CLAIM = Claim(
    id="flat-regions",
    place=14,
    quote="梯度值较小的情况",
    claim=Text("Momentum speeds up progress where gradients are small.", "梯度值较小时动量加快前进。"),
    short=Text(f"β = {BETA:g} to cross flat regions sooner", f"用 β = {BETA:g} 更快穿过平坦区域"),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text(f"β = {BETA:g} in the note's form", f"笔记形式的 β = {BETA:g}"),
        Text("β = 0 at the same nominal rate", "同一名义学习率的 β = 0"),
    ),
    shown=(
        Text("heavy ball at the same nominal rate", "同一名义学习率的 heavy ball"),
        Text("the longest step against η·max‖∇J‖", "最大步长与 η·max‖∇J‖ 之比"),
    ),
    protocol=Text(
        (
            f"{len(PLATEAUS)} plateaus of constant gradient, {PLATEAUS[0].length} to {PLATEAUS[-1].length:,} steps "
            f"long, slopes {PLATEAUS[0].slope:g} to {scientific(PLATEAUS[-1].slope)}, half with noise of "
            f"{WORDS[NOISE].en} times the slope. Steps across, β = 0 over β = {BETA:g} in the note's form at the same "
            "nominal rate. Heavy ball, and the longest step against η·max‖∇J‖, shown."
        ),
        (
            f"{len(PLATEAUS)} 个梯度恒定的平台，长 {PLATEAUS[0].length} 到 {PLATEAUS[-1].length:,} 步，"
            f"斜率 {PLATEAUS[0].slope:g} 到 {scientific(PLATEAUS[-1].slope)}，半数带{WORDS[NOISE].zh}倍斜率的噪声。"
            f"同一名义学习率下，β = 0 与笔记形式的β = {BETA:g} 的步数之比。"
            "另展示 heavy ball，以及最大步长与 η·max‖∇J‖ 之比。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Count the steps of every arm across every plateau, and compare each count with theory's."""
    units: list[Unit] = []
    curves: list[Curve] = []
    longest_steps: dict[str, list[float]] = {arm: [] for arm in SOLVER}
    for plateau in PLATEAUS:
        length, slope, noise = plateau
        problem = f"{length} plain steps, slope {slope:g}, noise {noise:g} × slope"
        covered: dict[str, list[np.ndarray]] = {arm: [] for arm in SOLVER}
        for seed in range(budget.n_seeds):
            draw = np.random.default_rng(derive_seed(budget.seed, CLAIM.id, problem, seed))
            width = draw.uniform(0.5, 1) * length
            gradients = -slope * (1 + noise * draw.standard_normal(LONGEST * length + 100))
            arms = {}
            for arm, solver in SOLVER.items():
                path = descend(solver, gradients) / (ETA * slope)
                arms[arm] = steps_across(path, width)
                covered[arm].append(path[:length])
                if noise == 0:
                    longest_steps[arm].append(np.diff(path[: int(arms[arm])], prepend=0).max())
            arms[WIDTH] = width
            units.append(Unit(problem, seed, log_arm_ratio(arms, PLAIN, MOMENTUM), arms=arms))
        at = np.unique(np.linspace(0, length - 1, 100).astype(int))
        curves += [
            Curve(problem, arm, at + 1.0, np.mean(covered[arm], axis=0)[at]) for arm in (PLAIN, MOMENTUM)
        ]
    shown = {
        "largest step over η·max‖∇J‖, gradients in agreement": {
            arm: round(float(max(steps)), 9)  # differences of positions are not exact
            for arm, steps in longest_steps.items()
        },
        "steps late, β/(1 − β)": BETA / (1 - BETA),
        "steps late, median": float(np.median([unit.arms[MOMENTUM] - unit.arms[PLAIN] for unit in units])),
        "log ratio, heavy ball against gradient descent": mean_log_arm_ratio(units, PLAIN, HEAVY_BALL),
    }
    gap = relative_gap(
        [unit.arms[arm] for unit in units for arm in SOLVER],
        [expected_steps(unit.arms[WIDTH], solver) for unit in units for solver in SOLVER.values()],
    )
    return Measurement(units, curves, _panels(units), shown, gap)


def descend(solver: str, gradients: np.ndarray) -> np.ndarray:
    """Return where a solver is after each of the gradients, from 0."""
    rule = SOLVERS[solver].rule
    w, v, path = 0.0, 0.0, []
    for step, gradient in enumerate(gradients.tolist(), start=1):
        w, v, _ = rule(w, v, None, gradient, step, ETA, BETA, None, None)
        path.append(w)
    return np.array(path)


def steps_across(path: np.ndarray, width: float) -> float:
    """Return the first step at which a path is across; twice the steps followed where it never is."""
    is_across = path >= width
    return float(np.argmax(is_across) + 1 if is_across.any() else 2 * len(path))


def expected_steps(width: float, solver: str) -> float:
    """Return the steps across without noise, from the closed form; `width` is in plain steps."""
    beta = 0.0 if solver == "sgd" else BETA
    steps = np.arange(1, 2 * width + 100)
    covered = steps - beta * (1 - beta**steps) / (1 - beta)
    if SOLVERS[solver].velocity_is_sum:
        covered /= 1 - beta
    return float(steps[np.argmax(covered >= width * (1 - 1e-12))])  # rounding must not add a step


def _panels(units: Sequence[Unit]) -> list[Panel]:
    widths = np.geomspace(5, 3000, 60)
    x = np.array([unit.arms[WIDTH] for unit in units])
    expected_plain = np.array([expected_steps(width, "sgd") for width in widths])
    steps, ratios = [], []
    for arm, solver in SOLVER.items():
        measured = np.array([unit.arms[arm] for unit in units])
        measured_plain = np.array([unit.arms[PLAIN] for unit in units])
        expected = np.array([expected_steps(width, solver) for width in widths])
        steps.append(Series(arm, x, measured, "measured", arm))
        steps.append(Series(f"{arm}, theory", widths, expected, "theory", arm))
        ratios.append(Series(arm, x, measured / measured_plain, "measured", arm))
        ratios.append(Series(f"{arm}, theory", widths, expected / expected_plain, "theory", arm))
    label = "width, in steps of plain gradient descent"
    return [
        Panel("Steps across the plateau", label, "steps", steps, x_log=True, y_log=True),
        Panel("Against gradient descent", label, "steps / steps at β = 0", ratios, x_log=True, y_log=True),
    ]
