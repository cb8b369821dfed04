"""Decaying or adaptive learning rates help.

Every problem is descended for the note's 100 epochs at β = 0.9, in full batch and in mini-batches, with a
constant η, with a cosine decay and with an η that is divided at every plateau of the loss. Each of the three
has its own best η. The effect is the mean of the two schedules' ln(training excess at the end with a constant
η / with the schedule).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from study.descent import loop, schedules
from study.estimator.regressor import MomentumRegressor
from study.figures.panel import Panel
from study.guidance.claim import BATCH, Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.betas import BETA
from study.guidance.lab.quadratics import seeds, tables
from study.guidance.lab.side_by_side import (
    ETA_L,
    EXCESS_FLOOR,
    StackedProblem,
    draw_problem,
    generators,
    mean_excess,
    stack,
)
from study.guidance.lab.two_arms import line_of_equality, log_arm_ratio, mean_log_arm_ratio, points_by_group
from study.guidance.lab.wording import scientific

PROBLEMS = (
    ("linnerud: Weight", 4),
    ("iris: petal width (cm)", 16),
    ("wine: alcohol", 16),
    ("diabetes: progression", 32),
    ("breast cancer, worst: worst symmetry", 32),
    ("κ = 10,", 32),
    ("κ = 30,", 32),
    ("κ = 100,", 32),
    ("κ = 1,000,", 32),
)
"""How the problems' names begin, and the batch size of their mini-batches."""

EPOCHS = 100
"""The note's."""

CONSTANT, COSINE, ADAPTIVE = SCHEDULES = ("constant", "cosine", "adaptive")

CLAIM = Claim(
    id="schedules-help",
    place=8,
    quote="如学习率衰减或自适应学习率方法",
    claim=Text("Decaying or adaptive learning rates help.", "学习率衰减或自适应学习率有帮助。"),
    short=Text(
        "a decaying or adaptive η rather than a constant one, for training loss",
        "为降低训练损失，用衰减或自适应的 η 代替常数 η",
    ),
    rule="effect",
    kind="speed",
    role="remedy",
    arms=(
        Text("cosine and adaptive rates, their mean", "余弦衰减与自适应，取均值"),
        Text("constant η, tuned", "常数 η，调优"),
    ),
    shown=(Text("each schedule by itself", "两种调度各自的结果"), Text("test loss", "测试损失")),
    separator=BATCH,
    protocol=Text(
        (
            f"β = {BETA:g}, {len(PROBLEMS)} problems, each full batch and in mini-batches, {EPOCHS} epochs. Training "
            f"excess at the end, floored at {scientific(EXCESS_FLOOR)} of its start: the log ratio of a constant η to "
            f"a cosine decay and to an adaptive rate, their mean graded, every arm at its best of {len(ETA_L)} ηL. "
            "Each schedule by itself, and test loss, shown."
        ),
        (
            f"β = {BETA:g}，{len(PROBLEMS)} 个问题，各以全批量与小批量训练 {EPOCHS} 轮。"
            f"取末轮训练超额(下限为初始的 {scientific(EXCESS_FLOOR)})：常数 η 对余弦衰减、对自适应率的"
            f"对数比，评定其均值，各臂取 {len(ETA_L)} 个 ηL 中的最优。另展示两种调度各自的结果与测试损失。"
        ),
    ),
)


@dataclass(frozen=True)
class BestRates:
    """Each schedule at its best η.

    Attributes
    ----------
    excess : ndarray of shape (epochs + 1, seeds, schedules)
        As a share of the start's, and at least `EXCESS_FLOOR`.
    eta_L : ndarray of shape (seeds, schedules)
    theta : ndarray of shape (seeds, schedules, p)
        The parameters at the end.
    """

    excess: np.ndarray
    eta_L: np.ndarray
    theta: np.ndarray


def measure(budget: Budget) -> Measurement:
    """Compare the schedules on every problem, in full batch and in mini-batches."""
    units: list[Unit] = []
    curves: list[Curve] = []
    test_ratios: dict[tuple[str, str], list[float]] = {
        (mode, schedule): [] for mode in BATCH.groups for schedule in (COSINE, ADAPTIVE)
    }
    for prefix, rows in PROBLEMS:
        problem = draw_problem(prefix, budget)
        stacked = stack(problem)
        for mode, batch_size in zip(BATCH.groups, (None, rows), strict=True):
            name = f"{problem[0].name}, {mode}"
            found = tune(stacked, batch_size, generators(budget, CLAIM.id, name))
            units += _units(name, mode, found)
            mean = mean_excess(found.excess, axis=1)[1:]
            epochs = np.arange(1.0, EPOCHS + 1)
            curves += [Curve(name, schedule, epochs, mean[:, i]) for i, schedule in enumerate(SCHEDULES)]
            for losses in _test_losses(problem[0].name, found.theta, budget):
                for schedule in (COSINE, ADAPTIVE):
                    test_ratios[mode, schedule].append(log_arm_ratio(losses, CONSTANT, schedule))
    shown = {
        "log ratio of training excess": {
            f"{schedule}, {mode}": mean_log_arm_ratio(
                [unit for unit in units if unit.group == mode], CONSTANT, schedule
            )
            for mode, schedule in test_ratios
        },
        "log ratio of test loss, real tables": {
            f"{schedule}, {mode}": float(np.mean(ratios)) for (mode, schedule), ratios in test_ratios.items()
        },
    }
    return Measurement(units, curves, [_panel(units, schedule) for schedule in (COSINE, ADAPTIVE)], shown)


def tune(problem: StackedProblem, batch_size: int | None, draws: Sequence[np.random.Generator]) -> BestRates:
    """Run every schedule at every η of the grid, and keep the η with the least excess at the end."""
    batches = 1 if batch_size is None else -(-problem.n_samples // batch_size)
    n_seeds = len(problem.y)
    excess, offset = problem.descend(
        "momentum",
        np.tile(ETA_L, len(SCHEDULES)) / problem.L,
        BETA,
        EPOCHS * batches,
        batch_size=batch_size,
        draws=draws,
        every=batches,
        factor=schedule_factors(n_seeds, batches, noisy=batch_size is not None),
    )
    by_schedule = (n_seeds, len(SCHEDULES), len(ETA_L))
    excess = np.maximum(excess, EXCESS_FLOOR).reshape(-1, *by_schedule)
    best = np.argmin(excess[-1], axis=-1)[..., None]
    ends = np.take_along_axis(offset.reshape(*by_schedule, -1), best[..., None], axis=2)[:, :, 0]
    return BestRates(
        excess=np.take_along_axis(excess, best[None], axis=-1)[..., 0],
        eta_L=ETA_L[best[..., 0]],
        theta=ends + problem.minimum,
    )


def schedule_factors(n_seeds: int, batches: int, *, noisy: bool) -> Callable[[int, np.ndarray], np.ndarray]:
    """Return the factors on η of all schedules, each at every η of the grid, as `StackedProblem.descend` takes them.

    The adaptive factor is divided each time that `MomentumRegressor`'s stopping rule is met, as in `loop.descend`.
    """
    estimator = MomentumRegressor()
    cosine = schedules.cosine(EPOCHS)
    window = loop.window_length(estimator.n_iter_no_change, BETA, batches)
    stopping_rules = [
        [loop.StoppingRule(estimator.tol, window, 0.0, noisy=noisy) for _ in ETA_L] for _ in range(n_seeds)
    ]
    ones, divisor = np.ones((n_seeds, len(ETA_L))), np.ones((n_seeds, len(ETA_L)))

    def factors(epoch: int, loss: np.ndarray) -> np.ndarray:
        of_adaptive = loss[:, SCHEDULES.index(ADAPTIVE) * len(ETA_L) :]
        for seed, rules in enumerate(stopping_rules if epoch else ()):  # no epoch has ended at the start
            for i, rule in enumerate(rules):
                if rule.is_met(of_adaptive[seed, i]):
                    divisor[seed, i] *= loop.ADAPTIVE_DIVISOR
                    rule.restart()
        return np.concatenate([ones, cosine(epoch) * ones, 1 / divisor], axis=1)

    return factors


def _units(name: str, mode: str, found: BestRates) -> list[Unit]:
    units = []
    for seed, (ends, eta_L) in enumerate(zip(found.excess[-1], found.eta_L, strict=True)):
        arms = dict(zip(SCHEDULES, ends.tolist(), strict=True))
        effect = float(np.mean([log_arm_ratio(arms, CONSTANT, schedule) for schedule in (COSINE, ADAPTIVE)]))
        arms |= {f"η·L, {schedule}": float(best) for schedule, best in zip(SCHEDULES, eta_L, strict=True)}
        units.append(Unit(name, seed, effect, mode, mode, arms))
    return units


def _test_losses(problem: str, theta: np.ndarray, budget: Budget) -> list[dict[str, float]]:
    """Return every seed's test loss by schedule, of a real table; nothing of a synthetic problem."""
    found = []
    own = [table for seed in seeds(budget) for table in tables(seed) if table.name == problem]
    for table, parameters in zip(own, theta if own else (), strict=True):
        residual = table.X_test @ parameters[:, :-1].T + parameters[:, -1] - table.y_test[:, None]
        found.append(dict(zip(SCHEDULES, np.mean(residual**2, axis=0).tolist(), strict=True)))
    return found


def _panel(units: Sequence[Unit], schedule: str) -> Panel:
    points = points_by_group(units, lambda unit: unit.arms[CONSTANT], lambda unit: unit.arms[schedule])
    return Panel(
        f"{schedule.capitalize()} schedule",
        "excess / start, constant η",
        f"excess / start, {schedule}",
        [*points, line_of_equality(EXCESS_FLOOR, 1.0)],
        x_log=True,
        y_log=True,
    )
