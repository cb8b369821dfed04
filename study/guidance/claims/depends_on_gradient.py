"""With inaccurate gradients, momentum's updates point the wrong way.

Every other problem is descended in full batch with independent noise added to every gradient. The effect is
the cosine of the update to the true gradient, β = 0 less β = 0.9 at the same η: the claim is a warning, so an
effect is positive where momentum points worse. The cosine is the mean over 100 steps, three rates and all
noises above 0. Beside it, the stationary variance of the error is compared with theory (docs/theory.md,
"Noise floor").
"""

from typing import NamedTuple

import numpy as np

from study.descent.rules import momentum
from study.descent.theory import noise_floor
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.betas import BETA, BETAS, MOMENTUM, PLAIN
from study.guidance.lab.quadratics import Quadratic, quadratics, seeds
from study.guidance.lab.summaries import relative_gap
from study.guidance.lab.wording import EVERY, listed
from study.provenance import derive_seed

ONE_OF = 2
"""One of so many problems is measured."""

NOISES = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0])
"""Standard deviation of the gradient's noise, over the root mean square of the starting gradient."""

IS_NOISY = NOISES > 0
ETA_L = np.array([0.01, 0.1, 1.0])
STEPS, DRAWS = 100, 8
"""Steps that the cosine is averaged over, and how many draws of the noise."""

STATIONARY_STEPS, STATIONARY_ETA_L = 1000, 0.5
"""The variance is that over so many steps after as many others, at this ηL."""

SETTLED = 5
"""A direction is stationary after the first of these steps if ηλ times their number is above this."""

CLAIM = Claim(
    id="depends-on-gradient",
    place=18,
    quote="梯度信息可能不够准确,导致更新方向不正确",
    claim=Text(
        "With inaccurate gradients, momentum's updates point the wrong way.",
        "梯度不准确时，动量的更新方向会出错。",
    ),
    short=Text(
        f"noisy gradients turning β = {BETA:g}'s updates away more than plain descent's",
        f"梯度有噪声时，β = {BETA:g} 的更新比普通梯度下降偏得更多",
    ),
    rule="effect",
    kind="share",
    role="warning",
    arms=(
        Text(f"β = {BETA:g}", f"β = {BETA:g}"),
        Text("β = 0 at the same η", "同一 η 下的 β = 0"),
    ),
    shown=(Text("the final error against the noise floor", "最终误差与噪声底线之比"),),
    protocol=Text(
        (
            f"Full batch, {EVERY[ONE_OF].en} problem, with independent noise of {NOISES[IS_NOISY][0]:g} to "
            f"{NOISES[-1]:g} times the starting gradient. The cosine of the update to the true gradient, mean over "
            f"{STEPS} steps and ηL = {listed(ETA_L).en}: β = 0 less β = {BETA:g}, positive where momentum points "
            "worse. The stationary variance is held against the noise floor."
        ),
        (
            f"全批量，{EVERY[ONE_OF].zh}问题取一个，独立噪声为初始梯度的 {NOISES[IS_NOISY][0]:g} 到 {NOISES[-1]:g} 倍。"
            f"更新方向与真实梯度的余弦，取 {STEPS} 步与 ηL = {listed(ETA_L).zh} 的均值："
            f"β = 0 减 β = {BETA:g}，动量偏得更多则为正。稳态方差与噪声底线对比。"
        ),
    ),
)


class Variances(NamedTuple):
    """Stationary variances of the error, over η²σ².

    Attributes
    ----------
    measured, expected : ndarray of shape (arms, directions)
        By simulation and by theory.
    eta_lambda : ndarray of shape (arms, directions)
        ηλ of the direction.
    """

    measured: np.ndarray
    expected: np.ndarray
    eta_lambda: np.ndarray


def measure(budget: Budget) -> Measurement:
    """Measure both arms' cosines on every other problem, and their stationary variances."""
    units: list[Unit] = []
    curves: list[Curve] = []
    mean_cosines, variances = [], []
    for problem in zip(*(quadratics(seed)[::ONE_OF] for seed in seeds(budget)), strict=True):
        name, by_seed = problem[0].name, []
        for seed, quadratic in enumerate(problem):
            draw = np.random.default_rng(derive_seed(budget.seed, CLAIM.id, name, seed))
            cosines = cosines_to_gradient(quadratic, draw)
            variances.append(stationary_variances(quadratic, draw))
            by_seed.append(cosines)
            arms = _arms(cosines.mean(axis=0))
            units.append(Unit(name, seed, arms[PLAIN] - arms[MOMENTUM], arms=arms))
        mean = np.mean(by_seed, axis=0)
        mean_cosines.append(mean.mean(axis=0))
        steps, by_step = np.arange(1.0, STEPS + 1), mean[..., IS_NOISY].mean(axis=(1, 3))
        curves += [Curve(name, arm, steps, by_step[:, a]) for a, arm in enumerate(BETAS)]
    cosines = np.mean(mean_cosines, axis=0)
    found = Variances(*(np.concatenate(part, axis=1) for part in zip(*variances, strict=True)))
    shown = {
        "cosine by noise": {
            f"{arm}, ηL {eta_L:g}": dict(zip(map(str, NOISES.tolist()), cosines[i, a].tolist(), strict=True))
            for i, eta_L in enumerate(ETA_L)
            for a, arm in enumerate(BETAS)
        },
        "final error over its floor, median": {
            arm: float(np.median(found.measured[a] / found.expected[a])) for a, arm in enumerate(BETAS)
        },
        f"floor at β = {BETA:g} over floor at 0, median": float(
            np.median(found.measured[1] / found.measured[0])
        ),
    }
    gap = relative_gap(found.measured, found.expected)
    return Measurement(units, curves, [_direction_panel(cosines), _variance_panel(found)], shown, gap)


def cosines_to_gradient(quadratic: Quadratic, draw: np.random.Generator) -> np.ndarray:
    """Return the cosine of each update to the true gradient, mean over draws: shape (steps, rates, arms, noises).

    The rule and the noise are the same in all directions, so the descent is followed in the coordinates along the
    eigenvectors.
    """
    lam = quadratic.spectrum.eigenvalues
    start = np.sqrt(2 * quadratic.spectrum.excess / lam)
    start /= np.sqrt(np.mean((lam * start) ** 2))
    # Axes: rate, arm, noise, draw, direction.
    eta = ETA_L[:, None, None, None, None] / quadratic.spectrum.L
    beta = np.array([*BETAS.values()])[:, None, None, None]
    w = np.broadcast_to(start, (len(ETA_L), len(BETAS), len(NOISES), DRAWS, len(lam)))
    v, cosines = np.zeros(w.shape), []
    for step in range(1, STEPS + 1):
        true, before = lam * w, w
        gradient = true + NOISES[:, None, None] * draw.standard_normal(w.shape[-2:])
        w, v, _ = momentum(w, v, None, gradient, step, eta, beta, None, None)
        cosines.append(_cosine(before - w, true).mean(axis=-1))
    return np.array(cosines)


def stationary_variances(quadratic: Quadratic, draw: np.random.Generator) -> Variances:
    """Return the variances in the directions that become stationary, under noise of variance 1."""
    lam, eta = quadratic.spectrum.eigenvalues, STATIONARY_ETA_L / quadratic.spectrum.L
    lam = lam[eta * lam * STATIONARY_STEPS > SETTLED]
    # Axes: arm, draw, direction.
    beta = np.array([*BETAS.values()])[:, None, None]
    w = np.zeros((len(BETAS), DRAWS, len(lam)))
    v, total = np.zeros(w.shape), np.zeros((len(BETAS), len(lam)))
    for step in range(1, 2 * STATIONARY_STEPS + 1):
        gradient = lam * w + draw.standard_normal(w.shape[1:])
        w, v, _ = momentum(w, v, None, gradient, step, eta, beta, None, None)
        if step > STATIONARY_STEPS:
            total += np.mean(w * w, axis=1)
    expected = noise_floor(beta[:, 0], eta, lam, 1.0)
    return Variances(
        total / STATIONARY_STEPS / eta**2, expected / eta**2, np.broadcast_to(eta * lam, expected.shape)
    )


def _arms(cosines: np.ndarray) -> dict[str, float]:
    """Return a unit's arms from the mean cosines of shape (rates, arms, noises)."""
    arms = {}
    for a, arm in enumerate(BETAS):
        own = cosines[:, a]
        arms[arm] = float(own[:, IS_NOISY].mean())
        by_rate, by_noise = own[:, IS_NOISY].mean(axis=1), own.mean(axis=0)
        arms |= {f"{arm}, ηL {eta_L:g}": float(c) for eta_L, c in zip(ETA_L, by_rate, strict=True)}
        arms |= {f"{arm}, noise {noise:g}": float(c) for noise, c in zip(NOISES, by_noise, strict=True)}
    return arms


def _cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cosine of vectors along the last axis; 0 where one of them is 0."""
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.sum(a * b, axis=-1) / np.where(lengths > 0, lengths, 1)


def _direction_panel(cosines: np.ndarray) -> Panel:
    """Return the picture of the mean cosines, of shape (rates, arms, noises)."""
    series = []
    noises = np.geomspace(NOISES[IS_NOISY].min(), NOISES.max(), 60)
    for a, (arm, beta) in enumerate(BETAS.items()):
        groups = [f"{arm}, ηL {eta_L:g}" for eta_L in ETA_L]
        series += [
            Series(group, NOISES[IS_NOISY], cosines[i, a, IS_NOISY], "measured", group)
            for i, group in enumerate(groups)
        ]
        # A mean of independent draws with weights (1 − β)βᵏ has (1 − β)/(1 + β) times their variance.
        expected = 1 / np.sqrt(1 + noises**2 * (1 - beta) / (1 + beta))
        series.append(Series(f"{arm}, if the gradient stayed", noises, expected, "theory", groups[0]))
    return Panel("Direction", "noise / first gradient", "cosine to the true gradient", series, x_log=True)


def _variance_panel(found: Variances) -> Panel:
    series = []
    x = np.geomspace(found.eta_lambda.min(), found.eta_lambda.max(), 60)
    for a, (arm, beta) in enumerate(BETAS.items()):
        series.append(Series(arm, found.eta_lambda[a], found.measured[a], "measured", arm))
        series.append(Series(f"{arm}, theory", x, noise_floor(beta, 1.0, x, 1.0), "theory", arm))
    return Panel("Final error", "ηλ", "variance / (η²σ²)", series, x_log=True, y_log=True)
