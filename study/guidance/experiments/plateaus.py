"""Where the gradient says little: plateaus on which it is small, and draws of it that are noisy."""

import numpy as np

from study.descent.rules import momentum
from study.descent.solvers import SOLVERS
from study.descent.theory import noise_floor
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.lab.quadratics import Quadratic, quadratics, seeds
from study.provenance import derive_seed

BETA = 0.9
RATE = 0.1
BUDGET = 4  # times the plateau's length in steps of plain gradient descent

PLATEAUS = tuple(
    (length, slope, noise)
    for length, slope in ((10, 1e-1), (30, 1e-2), (100, 1e-3), (300, 1e-4), (1000, 1e-5), (3000, 1e-6))
    for noise in (0, 3)
)
"""Length in steps of plain gradient descent, slope, and the noise's standard deviation over the slope."""

CROSSERS = {
    "gradient descent": "sgd",
    "momentum 0.9": "momentum",
    "heavy ball 0.9, same nominal rate": "heavy_ball",
}

AIMERS = {"gradient descent": 0.0, "momentum 0.9": BETA}
NOISES = np.array([0.0, 0.1, 0.3, 1.0, 3.0, 10.0])  # over the root mean square of the starting gradient
RATES = np.array([0.01, 0.1, 1.0])  # ηL
DESCENT, DRAWS = 100, 8  # steps of which the cosine is the mean, and how often they are repeated
AGED, SETTLED = 1000, 5  # the variance is that of as many steps after as many, where ηλ·AGED is above SETTLED
AGING = 0.5  # ηL of those


def flat_regions(budget: Budget) -> Measurement:
    """Steps across a plateau of constant gradient, β = 0.9 against 0 at the same nominal rate.

    Without noise, T steps of the EMA form cover ηg(T − β(1 − βᵀ)/(1 − β)): whatever the length, it ends
    β/(1 − β) steps late. The heavy ball covers 1/(1 − β) times that (Goh 2017). The picture and the gap hold
    every crossing, noisy ones too, against it.
    """
    units, curves, expected, largest = [], [], [], dict.fromkeys(CROSSERS, 0.0)
    plain, momentum, ball = CROSSERS
    for length, slope, noise in PLATEAUS:
        problem = f"{length} plain steps, slope {slope:g}, noise {noise:g} × slope"
        covered: dict[str, list] = {arm: [] for arm in CROSSERS}
        for seed in range(budget.n_seeds):
            draw = np.random.default_rng(derive_seed(budget.seed, "flat-regions", problem, seed))
            width = draw.uniform(0.5, 1) * length
            gradients = -slope * (1 + noise * draw.standard_normal(BUDGET * length + 100))
            arms = {}
            for arm, solver in CROSSERS.items():
                path = _path(solver, gradients) / (RATE * slope)
                beyond = path >= width
                arms[arm] = float(np.argmax(beyond) + 1 if beyond.any() else 2 * len(path))
                covered[arm].append(path[:length])
                if noise == 0:
                    steps = np.diff(path[: int(arms[arm])], prepend=0)
                    largest[arm] = max(largest[arm], float(steps.max()))
            arms["width in plain steps"] = width
            units.append(Unit(problem, seed, float(np.log(arms[plain] / arms[momentum])), arms=arms))
            expected.append([arms[arm] / _crossing_time(width, solver) for arm, solver in CROSSERS.items()])
        at = np.unique(np.linspace(0, length - 1, 100).astype(int))
        curves += [
            Curve(problem, arm, at + 1.0, np.mean(covered[arm], axis=0)[at]) for arm in (plain, momentum)
        ]
    agreeing = {arm: round(ratio, 9) for arm, ratio in largest.items()}  # a path's differences are rounded
    shown = {
        "largest step over η·max‖∇J‖, gradients in agreement": agreeing,
        "steps late, β/(1 − β)": BETA / (1 - BETA),
        "steps late, median": float(np.median([u.arms[momentum] - u.arms[plain] for u in units])),
        "log ratio, heavy ball against gradient descent": float(
            np.mean([np.log(u.arms[plain] / u.arms[ball]) for u in units])
        ),
    }
    gap = float(np.median(np.abs(np.array(expected) - 1)))
    return Measurement(units, curves, _plateau_panels(units), shown, gap)


def _path(solver, gradients):
    """Where the rule is after each of the gradients, from 0."""
    rule, w, v, path = SOLVERS[solver].rule, 0.0, 0.0, []
    for step, gradient in enumerate(gradients.tolist(), start=1):
        w, v, _ = rule(w, v, None, gradient, step, RATE, BETA, None, None)
        path.append(w)
    return np.array(path)


def _crossing_time(width, solver):
    """Steps by the closed form, without noise."""
    beta = 0.0 if solver == "sgd" else BETA
    steps = np.arange(1, 2 * width + 100)
    covered = steps - beta * (1 - beta**steps) / (1 - beta)
    if solver == "heavy_ball":
        covered /= 1 - beta
    # A hair's breadth, so that rounding does not add a step.
    return float(steps[np.argmax(covered >= width * (1 - 1e-12))])


def _plateau_panels(units):
    widths = np.geomspace(5, 3000, 60)
    plain = next(iter(CROSSERS))
    shortest = np.array([_crossing_time(width, "sgd") for width in widths])
    series, late = [], []
    for arm, solver in CROSSERS.items():
        x = np.array([u.arms["width in plain steps"] for u in units])
        series.append(Series(arm, x, np.array([u.arms[arm] for u in units]), "measured", arm))
        line = np.array([_crossing_time(width, solver) for width in widths])
        series.append(Series(f"{arm}, theory", widths, line, "theory", arm))
        ratio = np.array([u.arms[arm] / u.arms[plain] for u in units])
        late.append(Series(arm, x, ratio, "measured", arm))
        late.append(Series(f"{arm}, theory", widths, line / shortest, "theory", arm))
    width = "width, in steps of plain gradient descent"
    return [
        Panel("Steps across the plateau", width, "steps", series, x_log=True, y_log=True),
        Panel("Against gradient descent", width, "steps / steps at β = 0", late, x_log=True, y_log=True),
    ]


def depends_on_gradient(budget: Budget) -> Measurement:
    """Cosine of the update to the true gradient as independent noise grows, β = 0.9 against 0.

    The claim is a charge against momentum, so an effect is positive where β = 0.9 points worse. The cosine
    is the mean over the first 100 steps, over ηL = 0.01, 0.1 and 1, and over the noises above 0. The
    stationary variance of the directions that settle is then held against `noise_floor`.
    """
    units, curves, cosines, floors = [], [], [], []
    plain, momentum = AIMERS
    for problem in zip(*(quadratics(seed)[::2] for seed in seeds(budget)), strict=True):
        name, paths = problem[0].name, []
        for seed, quadratic in enumerate(problem):
            draw = np.random.default_rng(derive_seed(budget.seed, "depends-on-gradient", name, seed))
            path = _aim(quadratic, draw)
            floors.append(_variances(quadratic, draw))
            paths.append(path)
            arms = {}
            for arm, cosine in zip(AIMERS, path.mean(axis=0).swapaxes(0, 1), strict=True):
                arms[arm] = float(cosine[:, NOISES > 0].mean())
                by_rate, by_noise = cosine[:, NOISES > 0].mean(axis=1), cosine.mean(axis=0)
                arms |= {f"{arm}, ηL {r:g}": float(c) for r, c in zip(RATES, by_rate, strict=True)}
                arms |= {f"{arm}, noise {n:g}": float(c) for n, c in zip(NOISES, by_noise, strict=True)}
            units.append(Unit(name, seed, arms[plain] - arms[momentum], arms=arms))
        mean = np.mean(paths, axis=0)
        cosines.append(mean.mean(axis=0))
        steps, by_step = np.arange(1.0, DESCENT + 1), mean[..., NOISES > 0].mean(axis=(1, 3))
        curves += [Curve(name, arm, steps, by_step[:, a]) for a, arm in enumerate(AIMERS)]
    cosines = np.mean(cosines, axis=0)
    measured, floor, rate = (np.concatenate(part, axis=1) for part in zip(*floors, strict=True))
    shown = {
        "cosine by noise": {
            f"{arm}, ηL {r:g}": dict(zip(map(str, NOISES.tolist()), cosines[i, a].tolist(), strict=True))
            for i, r in enumerate(RATES)
            for a, arm in enumerate(AIMERS)
        },
        "final error over its floor, median": {
            arm: float(np.median(measured[a] / floor[a])) for a, arm in enumerate(AIMERS)
        },
        "floor at β = 0.9 over floor at 0, median": float(np.median(measured[1] / measured[0])),
    }
    gap = float(np.median(np.abs(measured / floor - 1)))
    return Measurement(units, curves, _aim_panels(cosines, measured, rate), shown, gap)


def _aim(quadratic: Quadratic, draw):
    """Cosine of the update to the true gradient, shape (step, rate, arm, noise)."""
    # Rule and noise are the same in all directions, so the descent is followed along the eigenvectors.
    lam = quadratic.spectrum.eigenvalues
    start = np.sqrt(2 * quadratic.spectrum.excess / lam)
    start /= np.sqrt(np.mean((lam * start) ** 2))
    eta = RATES[:, None, None, None, None] / quadratic.spectrum.L
    beta = np.array([*AIMERS.values()])[:, None, None, None]
    w = np.broadcast_to(start, (len(RATES), len(AIMERS), len(NOISES), DRAWS, len(lam)))
    v, cosines = np.zeros(w.shape), []
    for step in range(1, DESCENT + 1):
        true, before = lam * w, w
        gradient = true + NOISES[:, None, None] * draw.standard_normal(w.shape[-2:])
        w, v, _ = momentum(w, v, None, gradient, step, eta, beta, None, None)
        cosines.append(_cosine(before - w, true).mean(axis=-1))
    return np.array(cosines)


def _variances(quadratic: Quadratic, draw):
    """Variance over η²σ² in the settled directions, its floor, and ηλ: each of shape (arm, direction)."""
    lam, eta = quadratic.spectrum.eigenvalues, AGING / quadratic.spectrum.L
    lam = lam[eta * lam * AGED > SETTLED]
    beta = np.array([*AIMERS.values()])[:, None, None]
    w = np.zeros((len(AIMERS), DRAWS, len(lam)))
    v, total = np.zeros(w.shape), np.zeros((len(AIMERS), len(lam)))
    for step in range(1, 2 * AGED + 1):
        gradient = lam * w + draw.standard_normal(w.shape[1:])
        w, v, _ = momentum(w, v, None, gradient, step, eta, beta, None, None)
        if step > AGED:
            total += np.mean(w * w, axis=1)
    floor = noise_floor(beta[:, 0], eta, lam, 1.0)
    return total / AGED / eta**2, floor / eta**2, np.broadcast_to(eta * lam, floor.shape)


def _cosine(a, b):
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.sum(a * b, axis=-1) / np.where(lengths > 0, lengths, 1)


def _aim_panels(cosines, measured, rate):
    """Mean cosines of shape (rate, arm, noise); variances of shape (arm, direction) and their ηλ."""
    noisy = NOISES > 0
    aim, settled = [], []
    ratio = np.geomspace(NOISES[noisy].min(), NOISES.max(), 60)
    decay = np.geomspace(rate.min(), rate.max(), 60)
    for a, (arm, beta) in enumerate(AIMERS.items()):
        aim += [
            Series(f"{arm}, ηL {r:g}", NOISES[noisy], cosines[i, a, noisy], "measured", f"{arm}, ηL {r:g}")
            for i, r in enumerate(RATES)
        ]
        # A mean of independent draws with weights (1 − β)βᵏ has (1 − β)/(1 + β) of their variance.
        steady = 1 / np.sqrt(1 + ratio**2 * (1 - beta) / (1 + beta))
        slowest = f"{arm}, ηL {RATES[0]:g}"
        aim.append(Series(f"{arm}, if the gradient stayed", ratio, steady, "theory", slowest))
        settled.append(Series(arm, rate[a], measured[a], "measured", arm))
        settled.append(Series(f"{arm}, theory", decay, noise_floor(beta, 1.0, decay, 1.0), "theory", arm))
    return [
        Panel("Direction", "noise / first gradient", "cosine to the true gradient", aim, x_log=True),
        Panel("Final error", "ηλ", "variance / (η²σ²)", settled, x_log=True, y_log=True),
    ]
