"""Functions with local minima, descents on them, and how many starts escape.

Each function with local minima is tilted or shaped so that one minimum is the lowest. A start is trapped if
a careful descent (plain, at a small η) from it ends in another one.

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
from numpy.typing import ArrayLike

from study.descent.arrival import Arrivals
from study.descent.rules import momentum
from study.descent.solvers import SOLVERS


@dataclass(frozen=True)
class Landscape:
    """A function of points w of shape (..., dimension), with its gradient, on the box [−reach, reach]."""

    name: str
    dimension: int
    reach: float
    value: Callable[[np.ndarray], np.ndarray]
    gradient: Callable[[np.ndarray], np.ndarray]

    def starts(self, draw: np.random.Generator, count: int) -> np.ndarray:
        """Draw points uniformly from the box: shape (count, dimension)."""
        return draw.uniform(-self.reach, self.reach, size=(count, self.dimension))

    def curvature(self, points: np.ndarray) -> float:
        """Return L: the largest eigenvalue of the Hessian at any of the points, by differences of the gradient."""
        step = 1e-5
        columns = [
            (self.gradient(points + step * e) - self.gradient(points - step * e)) / (2 * step)
            for e in np.eye(self.dimension)
        ]
        return float(np.linalg.eigvalsh(np.stack(columns, axis=-1)).max())


def _sum(terms: np.ndarray) -> np.ndarray:
    """Sum over the coordinates. NumPy's own sum over a last axis of 1 to 4 is several times slower."""
    total = terms[..., 0]
    for j in range(1, terms.shape[-1]):
        total = total + terms[..., j]
    return total


def double_well(w: np.ndarray, tilt: float, scale: float) -> np.ndarray:
    """Σ (x² − 1)² + tilt·x: the lowest minimum has all x near −1."""
    return scale * _sum((w * w - 1) ** 2 + tilt * w)


def double_well_gradient(w: np.ndarray, tilt: float, scale: float) -> np.ndarray:
    return scale * (4 * w * (w * w - 1) + tilt)


def himmelblau(w: np.ndarray, tilt: float, scale: float) -> np.ndarray:
    """(x² + y − 11)² + (x + y² − 7)² + tilt·(x + y): without tilt, four minima of the same height."""
    x, y = w[..., 0], w[..., 1]
    return scale * ((x * x + y - 11) ** 2 + (x + y * y - 7) ** 2 + tilt * (x + y))


def himmelblau_gradient(w: np.ndarray, tilt: float, scale: float) -> np.ndarray:
    x, y = w[..., 0], w[..., 1]
    a, b = x * x + y - 11, x + y * y - 7
    return scale * np.stack([4 * x * a + 2 * b + tilt, 2 * a + 4 * y * b + tilt], axis=-1)


def rastrigin(w: np.ndarray, ripple: float, scale: float) -> np.ndarray:
    """Σ x² + ripple·(1 − cos 2πx): a parabola with a local minimum near every whole number."""
    return scale * _sum(w * w + ripple * (1 - np.cos(2 * np.pi * w)))


def rastrigin_gradient(w: np.ndarray, ripple: float, scale: float) -> np.ndarray:
    return scale * (2 * w + 2 * np.pi * ripple * np.sin(2 * np.pi * w))


ROUNDED = 0.05
"""Ackley's function has a tip at its minimum, where it has no gradient. It is rounded over this radius."""


def ackley(w: np.ndarray, scale: float) -> np.ndarray:
    """20(1 − exp(−r/5)) + e − exp(mean cos 2πx), with r² = mean x² + 0.05²: rounded at its tip."""
    r, ripple = _ackley_parts(w)
    return scale * (20 - 20 * np.exp(-r / 5) + np.e - ripple)


def ackley_gradient(w: np.ndarray, scale: float) -> np.ndarray:
    r, ripple = _ackley_parts(w)
    slope, wave = 4 * np.exp(-r / 5) / r, 2 * np.pi * ripple
    return scale / w.shape[-1] * (slope[..., None] * w + wave[..., None] * np.sin(2 * np.pi * w))


def _ackley_parts(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    d = w.shape[-1]
    return np.sqrt(_sum(w * w) / d + ROUNDED**2), np.exp(_sum(np.cos(2 * np.pi * w)) / d)


def rosenbrock(w: np.ndarray) -> np.ndarray:
    """(1 − x)² + 100(y − x²)²: one minimum, at (1, 1), along a curved valley."""
    x, y = w[..., 0], w[..., 1]
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2


def rosenbrock_gradient(w: np.ndarray) -> np.ndarray:
    x, y = w[..., 0], w[..., 1]
    return np.stack([-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)], axis=-1)


BEALE = (1.5, 2.25, 2.625)


def beale(w: np.ndarray) -> np.ndarray:
    """Σₚ (cₚ − x + xyᵖ)² over p = 1, 2, 3: one minimum, at (3, 0.5)."""
    x, y = w[..., 0], w[..., 1]
    total = np.zeros_like(x)
    for p, c in enumerate(BEALE, start=1):
        total = total + (c - x + x * y**p) ** 2
    return total


def beale_gradient(w: np.ndarray) -> np.ndarray:
    x, y = w[..., 0], w[..., 1]
    dx, dy = np.zeros_like(x), np.zeros_like(y)
    for p, c in enumerate(BEALE, start=1):
        residual = c - x + x * y**p
        dx = dx + 2 * residual * (y**p - 1)
        dy = dy + 2 * residual * x * p * y ** (p - 1)
    return np.stack([dx, dy], axis=-1)


def _landscape(
    name: str,
    dimension: int,
    reach: float,
    value: Callable[..., np.ndarray],
    gradient: Callable[..., np.ndarray],
    **shape: float,
) -> Landscape:
    return Landscape(name, dimension, reach, partial(value, **shape), partial(gradient, **shape))


_WELL, _HIMMELBLAU = (double_well, double_well_gradient), (himmelblau, himmelblau_gradient)
_RASTRIGIN, _ACKLEY = (rastrigin, rastrigin_gradient), (ackley, ackley_gradient)

WITH_LOCAL_MINIMA = (
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

WITH_ONE_MINIMUM = (
    Landscape("Rosenbrock", 2, 1.5, rosenbrock, rosenbrock_gradient),
    Landscape("Beale", 2, 1.5, beale, beale_gradient),
)


def descend(
    landscape: Landscape,
    w: np.ndarray,
    eta: ArrayLike,
    beta: ArrayLike,
    *,
    steps: int,
    sigma: ArrayLike = 0.0,
    noisy_steps: int = 0,
    draw: np.random.Generator | None = None,
    solver: str = "momentum",
    every: int = 20,
) -> tuple[np.ndarray, np.ndarray]:
    """Descend from all points at once, with noise of the gradient in the first steps.

    Parameters
    ----------
    landscape : Landscape
    w : ndarray of shape (..., starts, dimension)
    eta, beta, sigma : float or ndarray that broadcasts against w
        σ is the standard deviation of the noise of each coordinate of the gradient.
    steps, noisy_steps : int
        How many in all, and how many of them, from the first, have noise.
    draw : numpy.random.Generator, or None
        Draws the noise, once for all leading axes, so that arms meet the same. None where there is no noise.
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
    # Ends are told apart at a distance of 0.1, so float32 is enough: sines are several times faster in it.
    w, eta, beta, sigma = (np.asarray(part, dtype=np.float32) for part in (w, eta, beta, sigma))
    v, values = np.zeros_like(w), []
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, steps + 1):
            gradient = landscape.gradient(w)
            if draw is not None and step <= noisy_steps:
                gradient = gradient + sigma * draw.standard_normal(w.shape[-2:], dtype=np.float32)
            w, v, _ = rule(w, v, None, gradient, step, eta, beta, None, None)
            if step % every == 0:
                values.append(landscape.value(w))
    return w, np.array(values)


def lowest(landscape: Landscape, ends: np.ndarray) -> np.ndarray:
    """Return the end, of shape (dimension,), with the least value; ends have the shape (n, dimension)."""
    return ends[np.nanargmin(landscape.value(ends))]


def is_near(w: np.ndarray, point: np.ndarray, distance: float) -> np.ndarray:
    """Return which points lie within a distance of one point: shape (...) for w of shape (..., dimension)."""
    return _sum((w - point) ** 2) < distance**2


def net_escapes(at_global: np.ndarray, was_at_global: np.ndarray) -> np.ndarray:
    """Return the share of trapped starts that escape, less the share of the other starts that are lost.

    Parameters
    ----------
    at_global : ndarray of bool, of shape (..., starts)
        Whether the descent from a start ends at the global minimum.
    was_at_global : ndarray of bool that broadcasts against it
        Whether the careful descent from the start does.

    Returns
    -------
    ndarray of shape (...)
        A share of nothing counts as 0.
    """
    at_global, was_at_global = np.broadcast_arrays(at_global, was_at_global)
    trapped = np.maximum(np.sum(~was_at_global, axis=-1), 1)
    others = np.maximum(np.sum(was_at_global, axis=-1), 1)
    escaped = np.sum(at_global & ~was_at_global, axis=-1)
    lost = np.sum(~at_global & was_at_global, axis=-1)
    return escaped / trapped - lost / others


def steps_to_target(
    landscape: Landscape, points: np.ndarray, eta: np.ndarray, betas: np.ndarray, target: float, steps: int
) -> np.ndarray:
    """Return the steps until the value stays at most a share of its start.

    Parameters
    ----------
    landscape : Landscape
        Its least value is 0.
    points : ndarray of shape (starts, dimension)
    eta : ndarray of shape (n_etas,)
    betas : ndarray of shape (n_betas,)
    target : float
        The share.
    steps : int
        Most steps.

    Returns
    -------
    ndarray of shape (n_betas, n_etas, starts)
        Twice `steps` where the value has not arrived by then.
    """
    w = np.broadcast_to(points, (len(betas), len(eta), *points.shape))
    v = np.zeros_like(w)
    arrivals = Arrivals(target * landscape.value(points), w.shape[:-1])
    with np.errstate(over="ignore", invalid="ignore"):
        for step in range(1, steps + 1):
            gradient = landscape.gradient(w)
            w, v, _ = momentum(
                w, v, None, gradient, step, eta[:, None, None], betas[:, None, None, None], None, None
            )
            arrivals.add(landscape.value(w)[None])
    # The first entry of `arrivals` is the value after step 1.
    return np.where(arrivals.epochs < steps, arrivals.epochs + 1, 2 * steps)
