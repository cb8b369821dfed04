"""Momentum escapes local minima.

From many starts on functions with local minima, β = 0 and β = 0.9 descend with noise of the gradient that
ends before the descent does, each with the η that is best on other starts. Net escapes are the share of the
trapped starts that end at the global minimum, less the share of the other starts that are lost. The effect is
the net escapes of β = 0.9 less those of β = 0.
"""

import math
from collections.abc import Sequence
from functools import partial
from itertools import product

import numpy as np

from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Claim, Curve, Measurement, Separator, Text, Unit
from study.guidance.lab import landscapes
from study.guidance.lab.arms import TARGET
from study.guidance.lab.betas import BETA, BETAS, MOMENTUM, PLAIN
from study.guidance.lab.landscapes import WITH_LOCAL_MINIMA, WITH_ONE_MINIMUM, Landscape, is_near, net_escapes
from study.guidance.lab.network import share_near_the_best
from study.guidance.lab.two_arms import line_of_equality, points_by_group
from study.guidance.lab.wording import WORDS, listed
from study.provenance import derive_seed

STEPS, NOISELESS_SHARE = 2000, 0.2
"""Steps of a descent, and the share of them, the last, without noise."""

STARTS, TUNING_STARTS = 200, 120
"""Starts a seed, and the others on which η is tuned."""

CAREFUL_ETA_L = 0.05
"""ηL of the plain descent that decides which starts are trapped."""

NEAR = 0.1
"""Distance to the global minimum within which a descent has reached it."""

SIGMAS = np.array([0.0, 1.0, 10.0])
"""Standard deviations σ of the noise of each coordinate of the gradient."""

ETA_L = np.geomspace(0.02, 40, 10)
"""Near a minimum, β = 0 is stable below 2 and β = 0.9 below 38."""

SPEED_STEPS = 4000
"""Most steps on the functions with one minimum."""

HEAVY_BALL = "heavy ball, same nominal rate"

SEPARATOR = Separator(
    Text("standard deviation σ of the gradient's noise", "梯度噪声的标准差 σ"),
    ("σ = 0", "σ > 0"),
    ("σ = 0", "σ > 0"),
    (-math.inf, 0),
)

CLAIM = Claim(
    id="escapes-local-minima",
    place=3,
    quote="跳出局部极小值",
    claim=Text("Momentum escapes local minima.", "动量能跳出局部极小值。"),
    short=Text(f"β = {BETA:g} to get out of a poor local minimum", f"用 β = {BETA:g} 跳出较差的局部极小值"),
    rule="effect",
    kind="share",
    role="remedy",
    arms=(
        Text(f"β = {BETA:g}, η tuned on other starts", f"β = {BETA:g},η 在另外的起点上调优"),
        Text("β = 0, η tuned on other starts", "β = 0,η 在另外的起点上调优"),
    ),
    shown=(
        Text("heavy ball at the same nominal rate", "同一名义学习率的 heavy ball"),
        Text("Rosenbrock and Beale: speed", "Rosenbrock 与 Beale：仅看速度"),
        Text("a small network", "一个小网络"),
    ),
    separator=SEPARATOR,
    protocol=Text(
        (
            f"{len(WITH_LOCAL_MINIMA)} functions with traps (tilted double wells and Himmelblau, Rastrigin, Ackley; "
            f"dimension, tilt and scale varied), each with noise σ = {listed(SIGMAS).en}, off for the last "
            f"{100 * NOISELESS_SHARE:.0f} % of {STEPS:,} steps; {STARTS} starts a seed. Net escapes: of the starts "
            f"that descent at η = {CAREFUL_ETA_L:g}/L leaves in a worse minimum, the share that ends within {NEAR:g} "
            "of the global one, less the share of global starts that are lost. "
            f"β = {BETA:g} less β = 0, each with η of {WORDS[len(ETA_L)].en} values tuned on other starts. Heavy ball, "
            "Rosenbrock, Beale and a small network shown."
        ),
        (
            f"{len(WITH_LOCAL_MINIMA)} 个有陷阱的函数(倾斜双阱、倾斜 Himmelblau、Rastrigin、Ackley；维数、倾斜与尺度各异)，"
            f"噪声 σ 为 {listed(SIGMAS).zh}，{STEPS:,} 步中最后 {100 * NOISELESS_SHARE:.0f} % 关闭噪声；"
            f"每个种子 {STARTS} 个起点。净逃逸：η = {CAREFUL_ETA_L:g}/L 的梯度下降落入较差极小的起点中，"
            f"最终距全局极小 {NEAR:g} 以内的比例，减去全局起点丢失的比例。β = {BETA:g} 减 β = 0，"
            f"各在另外的起点上从{WORDS[len(ETA_L)].zh}个 η 中调优。另展示 heavy ball、Rosenbrock、Beale 与一个小网络。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Measure the net escapes on every function, at every noise."""
    units: list[Unit] = []
    curves: list[Curve] = []
    for landscape in WITH_LOCAL_MINIMA:
        found, lines = measure_escapes(landscape, budget)
        units += found
        curves += lines
    draw = np.random.default_rng(derive_seed(budget.seed, CLAIM.id, "network"))
    shares = share_near_the_best(draw, [*BETAS.values()], starts=5 * budget.n_seeds)
    shown = {
        "speed without traps (epochs, median over starts)": {
            landscape.name: _median_steps(landscape, budget) for landscape in WITH_ONE_MINIMUM
        },
        "small network, share within 5 % of the best training loss": dict(zip(BETAS, shares, strict=True)),
    }
    return Measurement(units, curves, _panels(units), shown)


def measure_escapes(landscape: Landscape, budget: Budget) -> tuple[list[Unit], list[Curve]]:
    """Find the trapped starts, tune η on other starts, and descend from the starts of every seed.

    A function is one problem under all noises: they share its shape, so they are not independent.
    """
    seeds = range(budget.n_seeds)
    starts = [landscape.starts(_generator(budget, landscape, seed, "starts"), STARTS) for seed in seeds]
    tuning_starts = landscape.starts(_generator(budget, landscape, "tuning starts"), TUNING_STARTS)
    points = np.concatenate([*starts, tuning_starts])
    L = landscape.curvature(points)
    careful_ends, _ = landscapes.descend(landscape, points, CAREFUL_ETA_L / L, 0.0, steps=STEPS)
    best = landscapes.lowest(landscape, careful_ends)
    *was_at_global, tuning_was_at_global = np.split(
        is_near(careful_ends, best, NEAR), STARTS * np.arange(1, budget.n_seeds + 1)
    )

    betas = np.array([*BETAS.values()])
    grid = np.broadcast_to(ETA_L / L, (len(SIGMAS), len(betas), len(ETA_L)))
    ends, _ = _descend_with_noise(budget, landscape, "tuning noise", tuning_starts, grid, betas[:, None])
    best_eta = np.argmax(net_escapes(is_near(ends, best, NEAR), tuning_was_at_global), axis=-1)
    eta = ETA_L[best_eta] / L
    run = partial(_descend_with_noise, budget, landscape, "noise", points[:-TUNING_STARTS])
    ends, values = run(eta, betas)
    heavy_ball_ends, _ = run(eta[:, 1], np.array(BETA), solver="heavy_ball")

    def net(ends: np.ndarray) -> np.ndarray:
        """Return the net escapes by seed, as the last axis, from the ends of all starts."""
        by_seed = is_near(ends, best, NEAR).reshape(*ends.shape[:-2], budget.n_seeds, STARTS)
        return net_escapes(by_seed, np.array(was_at_global))

    net_of_betas, net_of_heavy_ball = net(ends), net(heavy_ball_ends)
    units = []
    for (s, sigma), seed in product(enumerate(SIGMAS.tolist()), seeds):
        plain, momentum = net_of_betas[s, :, seed].tolist()
        arms = {
            PLAIN: plain,
            MOMENTUM: momentum,
            HEAVY_BALL: float(net_of_heavy_ball[s, seed]),
            f"η, {PLAIN}": float(eta[s, 0]),
            f"η, {MOMENTUM}": float(eta[s, 1]),
            "starts trapped": float(np.mean(~was_at_global[seed])),
        }
        units.append(Unit(landscape.name, seed, momentum - plain, sigma, SEPARATOR.side(sigma), arms))
    steps = np.linspace(STEPS / len(values), STEPS, len(values))
    median = np.nanmedian(np.where(np.isfinite(values), values, np.inf), axis=-1) - landscape.value(best)
    return units, [
        Curve(landscape.name, f"{arm}, σ = {sigma:g}", steps, median[:, s, a])
        for s, sigma in enumerate(SIGMAS)
        for a, arm in enumerate(BETAS)
    ]


def _descend_with_noise(
    budget: Budget,
    landscape: Landscape,
    noise: str,
    points: np.ndarray,
    eta: np.ndarray,
    beta: np.ndarray,
    solver: str = "momentum",
) -> tuple[np.ndarray, np.ndarray]:
    """Descend from all points under every setting: η of shape (sigmas, ...), and β that broadcasts against it."""
    return landscapes.descend(
        landscape,
        np.broadcast_to(points, (*eta.shape, *points.shape)),
        eta[..., None, None],
        beta[..., None, None],
        steps=STEPS,
        sigma=SIGMAS.reshape(-1, *[1] * (eta.ndim + 1)),
        noisy_steps=round((1 - NOISELESS_SHARE) * STEPS),
        draw=_generator(budget, landscape, noise),
        solver=solver,
    )


def _generator(budget: Budget, landscape: Landscape, *names: object) -> np.random.Generator:
    return np.random.default_rng(derive_seed(budget.seed, CLAIM.id, landscape.name, *names))


def _median_steps(landscape: Landscape, budget: Budget) -> dict[str, float]:
    """Return each arm's median steps to the target, at the η of the grid that is best for it."""
    points = landscape.starts(_generator(budget, landscape), 10 * budget.n_seeds)
    eta, betas = ETA_L / landscape.curvature(points), np.array([*BETAS.values()])
    steps = landscapes.steps_to_target(landscape, points, eta, betas, TARGET, SPEED_STEPS)
    return dict(zip(BETAS, np.median(steps, axis=-1).min(axis=-1).tolist(), strict=True))


def _panels(units: Sequence[Unit]) -> list[Panel]:
    points = points_by_group(units, lambda unit: unit.arms[PLAIN], lambda unit: unit.arms[MOMENTUM])
    by_noise = []
    for arm in (PLAIN, MOMENTUM, HEAVY_BALL):
        means = [np.mean([unit.arms[arm] for unit in units if unit.separator == sigma]) for sigma in SIGMAS]
        by_noise.append(Series(arm, SIGMAS, np.array(means), "measured", arm))
    return [
        Panel(
            "Net escapes",
            f"net escapes of {PLAIN}",
            f"net escapes of {MOMENTUM}",
            [*points, line_of_equality(-1.0, 1.0)],
        ),
        Panel("By noise", "σ of the gradient's noise", "net escapes, mean over problems", by_noise),
    ]
