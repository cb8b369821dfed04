"""Escaping local minima: functions with traps, and what momentum makes of them.

Each function is tilted or shaped so that one minimum is the lowest. A start is trapped if plain gradient
descent at η = 0.05/L settles in another one.

References
----------
Himmelblau, "Applied Nonlinear Programming", 1972.
Rastrigin, "Systems of Extremal Control", 1974; Ackley, "A Connectionist Machine for Genetic Hillclimbing", 1987.
Rosenbrock, "An automatic method for finding the greatest or least value of a function", 1960.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from study.descent.rules import momentum
from study.descent.solvers import SOLVERS
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.lab import network
from study.provenance import derive_seed

CLAIM = "escapes-local-minima"
BETA = 0.9
STEPS, QUIET = 2000, 0.2  # the noise is off for the last share of the steps
STARTS, TUNING_STARTS = 200, 120
NEAR = 0.1
SIGMAS = np.array([0.0, 1.0, 10.0])
GROUPS = ("σ = 0", "σ > 0", "σ > 0")
ETAS = np.geomspace(0.02, 40, 10)  # times 1/L; plain gradient descent is stable below 2, β = 0.9 below 38
CAUTIOUS = 0.05
ARMS = ("gradient descent", "momentum 0.9")
SPEED_TARGET, SPEED_STEPS = 1e-6, 4000


@dataclass(frozen=True)
class Landscape:
    """A function of points w of shape (..., dimension), with its gradient, on the box [−reach, reach]."""

    name: str
    dimension: int
    reach: float
    value: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]

    def starts(self, draw, count: int) -> np.ndarray:
        return draw.uniform(-self.reach, self.reach, size=(count, self.dimension))

    def curvature(self, points: np.ndarray) -> float:
        """L: the largest eigenvalue of the Hessian at any of the points, by differences of the gradient."""
        step = 1e-5
        columns = [
            (self.gradient(points + step * e) - self.gradient(points - step * e)) / (2 * step)
            for e in np.eye(self.dimension)
        ]
        return float(np.linalg.eigvalsh(np.stack(columns, axis=-1)).max())


def _sum(terms):
    """Over the coordinates, which are few: NumPy's own sum over a short last axis is several times slower."""
    return sum(terms[..., j] for j in range(terms.shape[-1]))


def double_well(w, tilt, scale):
    """Σ (x² − 1)² + tilt·x: the lowest minimum has all x near −1."""
    return scale * _sum((w * w - 1) ** 2 + tilt * w)


def double_well_gradient(w, tilt, scale):
    return scale * (4 * w * (w * w - 1) + tilt)


def himmelblau(w, tilt, scale):
    """(x² + y − 11)² + (x + y² − 7)² + tilt·(x + y): without tilt, four minima of the same height."""
    x, y = w[..., 0], w[..., 1]
    return scale * ((x * x + y - 11) ** 2 + (x + y * y - 7) ** 2 + tilt * (x + y))


def himmelblau_gradient(w, tilt, scale):
    x, y = w[..., 0], w[..., 1]
    a, b = x * x + y - 11, x + y * y - 7
    return scale * np.stack([4 * x * a + 2 * b + tilt, 2 * a + 4 * y * b + tilt], axis=-1)


def rastrigin(w, ripple, scale):
    """Σ x² + ripple·(1 − cos 2πx): a bowl with a trap at every whole number."""
    return scale * _sum(w * w + ripple * (1 - np.cos(2 * np.pi * w)))


def rastrigin_gradient(w, ripple, scale):
    return scale * (2 * w + 2 * np.pi * ripple * np.sin(2 * np.pi * w))


ROUNDED = 0.05  # Ackley's cone has no gradient at its tip, which is where the minimum is


def ackley(w, scale):
    """20(1 − exp(−r/5)) + e − exp(mean cos 2πx), with r² = mean x² + 0.05²: rounded at its tip."""
    r, ripple = _ackley_parts(w)
    return scale * (20 - 20 * np.exp(-r / 5) + np.e - ripple)


def ackley_gradient(w, scale):
    r, ripple = _ackley_parts(w)
    slope, wave = 4 * np.exp(-r / 5) / r, 2 * np.pi * ripple
    return scale / w.shape[-1] * (slope[..., None] * w + wave[..., None] * np.sin(2 * np.pi * w))


def _ackley_parts(w):
    d = w.shape[-1]
    return np.sqrt(_sum(w * w) / d + ROUNDED**2), np.exp(_sum(np.cos(2 * np.pi * w)) / d)


def rosenbrock(w):
    x, y = w[..., 0], w[..., 1]
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def rosenbrock_gradient(w):
    x, y = w[..., 0], w[..., 1]
    return np.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], axis=-1)


def beale(w):
    x, y = w[..., 0], w[..., 1]
    return sum((c - x + x * y**p) ** 2 for p, c in enumerate((1.5, 2.25, 2.625), start=1))


def beale_gradient(w):
    x, y = w[..., 0], w[..., 1]
    dx, dy = 0.0, 0.0
    for p, c in enumerate((1.5, 2.25, 2.625), start=1):
        residual = c - x + x * y**p
        dx = dx + 2 * residual * (y**p - 1)
        dy = dy + 2 * residual * x * p * y ** (p - 1)
    return np.stack([dx, dy], axis=-1)


def _landscape(name, dimension, reach, value, gradient, **shape):
    return Landscape(name, dimension, reach, partial(value, **shape), partial(gradient, **shape))


_WELL, _HIMMELBLAU = (double_well, double_well_gradient), (himmelblau, himmelblau_gradient)
_RASTRIGIN, _ACKLEY = (rastrigin, rastrigin_gradient), (ackley, ackley_gradient)

TRAPS = (
    _landscape("double well, 1-D", 1, 2, *_WELL, tilt=0.3, scale=1),
    _landscape("double well, 2-D, slight tilt", 2, 2, *_WELL, tilt=0.1, scale=1),
    _landscape("double well, 2-D, × 10", 2, 2, *_WELL, tilt=0.3, scale=10),
    _landscape("double well, 4-D", 4, 2, *_WELL, tilt=0.3, scale=1),
    _landscape("Himmelblau, tilt 3", 2, 5, *_HIMMELBLAU, tilt=3, scale=1),
    _landscape("Himmelblau, tilt 15", 2, 5, *_HIMMELBLAU, tilt=15, scale=1),
    _landscape("Himmelblau, tilt 3, × 0.1", 2, 5, *_HIMMELBLAU, tilt=3, scale=0.1),
    _landscape("Rastrigin, 1-D", 1, 2.5, *_RASTRIGIN, ripple=10, scale=1),
    _landscape("Rastrigin, 2-D", 2, 2.5, *_RASTRIGIN, ripple=10, scale=1),
    _landscape("Rastrigin, 2-D, low ripple", 2, 2.5, *_RASTRIGIN, ripple=1, scale=1),
    _landscape("Ackley, 1-D", 1, 2.5, *_ACKLEY, scale=1),
    _landscape("Ackley, 2-D", 2, 2.5, *_ACKLEY, scale=1),
    _landscape("Ackley, 3-D, × 10", 3, 2.5, *_ACKLEY, scale=10),
)

NO_TRAPS = (
    Landscape("Rosenbrock", 2, 1.5, rosenbrock, rosenbrock_gradient),
    Landscape("Beale", 2, 1.5, beale, beale_gradient),
)


def escapes_local_minima(budget: Budget) -> Measurement:
    """Net escapes, β = 0.9 against 0, each with its η tuned on other starts; heavy ball shown."""
    units, curves, shown = [], [], {}
    for landscape in TRAPS:
        found = _net_escapes(landscape, budget)
        for s, (sigma, group) in enumerate(zip(SIGMAS, GROUPS, strict=True)):
            for seed in range(budget.n_seeds):
                plain, momentum = found["net"][s, :, seed]
                raw = {
                    ARMS[0]: plain,
                    ARMS[1]: momentum,
                    "heavy ball, same nominal rate": found["heavy ball"][s, seed],
                    "η, gradient descent": found["eta"][s, 0],
                    "η, momentum 0.9": found["eta"][s, 1],
                    "starts trapped": found["trapped"][seed],
                }
                arms = {name: float(value) for name, value in raw.items()}
                units.append(Unit(landscape.name, seed, float(momentum - plain), float(sigma), group, arms))
            # A function is one problem under all three noises: they share its shape, so are not independent.
            curves += [
                Curve(landscape.name, f"{arm}, σ = {sigma:g}", *found["curves"][s, a])
                for a, arm in enumerate(ARMS)
            ]
    shown["speed without traps (epochs, median over starts)"] = {
        landscape.name: _speed(landscape, budget) for landscape in NO_TRAPS
    }
    shown["small network, share within 5 % of the best training loss"] = _network_shares(budget)
    return Measurement(units, curves, _panels(units), shown)


def roll(landscape, w, eta, beta, sigma, draw, *, solver="momentum", every=20):
    """Descend from all points at once, with noise of the gradient for the first 80 % of the steps.

    Parameters
    ----------
    landscape : Landscape
    w : ndarray of shape (..., starts, dimension)
    eta, beta, sigma : float or ndarray that broadcasts against w
        σ is the standard deviation of the noise of each coordinate of the gradient.
    draw : numpy.random.Generator
        The noise, drawn once for all leading axes, so that arms meet the same.
    solver : str
    every : int
        Steps from one record of the value to the next.

    Returns
    -------
    w : ndarray
        The ends.
    values : ndarray of shape (steps / every, ..., starts)
    """
    rule = SOLVERS[solver].rule
    noisy = np.any(sigma)
    # Ends are told apart at 0.1, so float32 does: sines and exponentials are several times faster in it.
    w, eta, beta, sigma = (np.asarray(part, dtype=np.float32) for part in (w, eta, beta, sigma))
    v, values = np.zeros_like(w), []
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, STEPS + 1):
            gradient = landscape.gradient(w)
            if noisy and step <= (1 - QUIET) * STEPS:
                gradient = gradient + sigma * draw.standard_normal(w.shape[-2:], dtype=np.float32)
            w, v, _ = rule(w, v, None, gradient, step, eta, beta, None, None)
            if step % every == 0:
                values.append(landscape.value(w))
    return w, np.array(values)


def global_minimum(landscape, ends):
    """The lowest of the points, and which of them lie within 0.1 of it."""
    best = ends[np.nanargmin(landscape.value(ends))]
    return best, _near(ends, best)


def net_escapes(home, was_home):
    """Share of the trapped starts that came home, minus share of those at home that were lost."""
    home, was_home = np.broadcast_arrays(home, was_home)
    trapped = np.maximum(np.sum(~was_home, axis=-1), 1)
    safe = np.maximum(np.sum(was_home, axis=-1), 1)
    return np.sum(home & ~was_home, axis=-1) / trapped - np.sum(~home & was_home, axis=-1) / safe


def _near(w, best):
    return _sum((w - best) ** 2) < NEAR**2


def _net_escapes(landscape, budget):
    def draw(*names):
        return np.random.default_rng(derive_seed(budget.seed, CLAIM, landscape.name, *names))

    seeds = [landscape.starts(draw(seed, "starts"), STARTS) for seed in range(budget.n_seeds)]
    tuning = landscape.starts(draw("tuning starts"), TUNING_STARTS)
    everyone = np.concatenate([*seeds, tuning])
    L = landscape.curvature(everyone)
    settled, _ = roll(landscape, everyone, CAUTIOUS / L, 0.0, 0.0, None)
    best, was_home = global_minimum(landscape, settled)
    tuning_home, was_home = was_home[-TUNING_STARTS:], was_home[:-TUNING_STARTS]

    # Axes: σ, arm, η, start, coordinate.
    beta = np.array([0.0, BETA])[:, None, None, None]
    sigma = SIGMAS[:, None, None, None, None]
    grid = (ETAS / L)[:, None, None]
    lanes = np.broadcast_to(tuning, (len(SIGMAS), 2, len(ETAS), *tuning.shape))
    ends, _ = roll(landscape, lanes, grid, beta, sigma, draw("tuning noise"))
    eta = ETAS[np.argmax(net_escapes(_near(ends, best), tuning_home), axis=-1)] / L

    # Axes: σ, arm, start (of all seeds), coordinate.
    points = everyone[:-TUNING_STARTS]
    lanes = np.broadcast_to(points, (len(SIGMAS), 2, *points.shape))
    ends, values = roll(landscape, lanes, eta[..., None, None], beta[:, 0], sigma[:, 0], draw("noise"))
    ball, _ = roll(
        landscape, lanes[:, 1], eta[:, 1, None, None], BETA, sigma[:, 0, 0], draw("noise"), solver="heavy_ball"
    )  # fmt: skip
    was_home = was_home.reshape(budget.n_seeds, STARTS)

    def net(w):
        return net_escapes(_near(w, best).reshape(*w.shape[:-2], budget.n_seeds, STARTS), was_home)

    floor = landscape.value(best)
    steps = np.linspace(STEPS / len(values), STEPS, len(values))
    mean = np.nanmedian(np.where(np.isfinite(values), values, np.inf), axis=-1) - floor
    return {
        "net": net(ends),
        "heavy ball": net(ball),
        "eta": eta,
        "trapped": np.mean(~was_home, axis=-1),
        "curves": {(s, a): (steps, mean[:, s, a]) for s in range(len(SIGMAS)) for a in range(2)},
    }


def _speed(landscape, budget):
    """Median steps until the value stays below a millionth of its start, at the best η of the shared grid."""
    points = landscape.starts(
        np.random.default_rng(derive_seed(budget.seed, CLAIM, landscape.name)), 10 * budget.n_seeds
    )
    L = landscape.curvature(points)
    beta = np.array([0.0, BETA])[:, None, None, None]
    w = np.broadcast_to(points, (2, len(ETAS), *points.shape))
    v, last = np.zeros_like(w), np.zeros(w.shape[:-1])
    target = SPEED_TARGET * landscape.value(points)
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, SPEED_STEPS + 1):
            w, v, _ = momentum(
                w, v, None, landscape.gradient(w), step, (ETAS / L)[:, None, None], beta, None, None
            )
            last = np.where(landscape.value(w) <= target, last, step)
    steps = np.where(last < SPEED_STEPS, last + 1, 2 * SPEED_STEPS)
    return dict(zip(ARMS, np.median(steps, axis=-1).min(axis=-1).tolist(), strict=True))


def _network_shares(budget):
    """Share of starts that end within 5 % of the best training loss that any arm found, η tuned on others."""
    draw = np.random.default_rng(derive_seed(budget.seed, CLAIM, "network"))
    X = draw.uniform(-2, 2, size=(40, 2))
    y = np.sin(2 * X[:, 0]) * X[:, 1] + 0.1 * draw.normal(size=40)
    net = network.Network(2, 4)
    etas, starts = np.geomspace(0.02, 2, 4), 5 * budget.n_seeds
    theta = np.broadcast_to(net.start(draw, 2 * starts), (2, len(etas), 2 * starts, net.size))
    beta = np.broadcast_to(np.array([0.0, BETA])[:, None, None], theta.shape[:-1])
    eta = np.broadcast_to(etas[:, None], theta.shape[:-1])
    *_, theta = network.descend(net, theta, X, y, solver="momentum", eta=eta, beta=beta, max_iter=1000)
    loss = net.loss(theta, X, y)
    close = loss <= 1.05 * np.nanmin(loss)
    tuned = np.argmax(close[..., starts:].mean(axis=-1), axis=-1)
    return {arm: float(close[a, tuned[a], :starts].mean()) for a, arm in enumerate(ARMS)}


def _panels(units):
    each = [
        Series(
            group,
            np.array([u.arms[ARMS[0]] for u in units if u.group == group]),
            np.array([u.arms[ARMS[1]] for u in units if u.group == group]),
            "measured",
            group,
        )
        for group in dict.fromkeys(GROUPS)
    ]
    equal = np.array([-1.0, 1.0])
    means = [
        Series(
            arm,
            SIGMAS,
            np.array([np.mean([u.arms[arm] for u in units if u.separator == sigma]) for sigma in SIGMAS]),
            "measured",
            arm,
        )
        for arm in (*ARMS, "heavy ball, same nominal rate")
    ]
    return [
        Panel(
            "Net escapes",
            "net escapes of gradient descent",
            "net escapes of momentum 0.9",
            [*each, Series("equal", equal, equal, "reference")],
        ),
        Panel("By noise", "σ of the gradient's noise", "net escapes, mean over problems", means),
    ]
