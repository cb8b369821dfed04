"""How much of the starting excess a descent has left where it ends (docs/theory.md, "Stopping").

The excess is the training objective above its own minimum. The start's is measured from the larger of the
starting objective and the mean of y².

References
----------
Hestenes & Stiefel, "Methods of conjugate gradients for solving linear systems", 1952.
"""

import math
from collections.abc import Iterator

import numpy as np
import scipy.linalg

from study.descent.arrival import TARGET
from study.descent.divergence import rounding
from study.descent.moments import factorize
from study.descent.quadratic import GramLoss, Objective

STEPS = 40
"""Steps of conjugate gradients by which the minimum is estimated where no moments give it."""

SETTLED = 1e-12
"""Conjugate gradients end where the squared residual is this share of its start."""


class RemainingExcess:
    """The share of the starting excess that is left at any weights.

    The minimum is found when it is first asked for. Moments give it: it is least squares, or with a penalty one
    solution of a linear system. Without moments it is estimated by conjugate gradients from the weights that
    are asked about; the estimate is never below the minimum, and each question can only lower it.

    Parameters
    ----------
    objective : Objective
    start : float
        The objective at the start.
    """

    def __init__(self, objective: Objective, start: float) -> None:
        self._objective = objective
        self._reference = max(start, objective.loss.mean_square_target)
        self._minimum = math.inf
        self._is_exact = False

    def is_large(self, theta: np.ndarray) -> bool:
        """Whether over 1 % (`TARGET`) of the starting excess is left at θ."""
        return self.share(theta) > TARGET

    def are_large(self, values: np.ndarray) -> np.ndarray:
        """Whether over 1 % is left, for each of these values of an objective on moments."""
        self._find_exact_minimum()
        left, whole = values - self._minimum, self._reference - self._minimum
        return (left > rounding(self._objective.loss.dtype) * np.abs(values)) & (left > TARGET * whole)

    def share(self, theta: np.ndarray) -> float:
        """Return the share of the starting excess that is left at θ, of shape (p, k); 0 where rounding hides it.

        Without moments it is a lower bound: where it is above twice `TARGET`, no closer one is looked for.
        """
        value = self._objective.value(theta)
        self._find_exact_minimum()
        share = self._share(value)
        if self._is_exact or share > TARGET:
            return share
        for found in _reachable_drops(self._objective, theta):
            self._minimum = min(self._minimum, value - found)
            if self._share(value) > 2 * TARGET:
                break
        return self._share(value)

    def _find_exact_minimum(self) -> None:
        """Set the minimum where moments give it."""
        if not self._is_exact and isinstance(self._objective.loss, GramLoss):
            self._minimum, self._is_exact = minimum(self._objective), True

    def _share(self, value: float) -> float:
        left, whole = value - self._minimum, self._reference - self._minimum
        if not (math.isfinite(left) and left > rounding(self._objective.loss.dtype) * abs(value)):
            return 0.0
        return left / whole if whole > left else 1.0


def minimum(objective: Objective) -> float:
    """Return the minimum of an objective on moments, as a mean over targets.

    Parameters
    ----------
    objective : Objective
        Its data term is a `GramLoss`.
    """
    loss = objective.loss
    assert isinstance(loss, GramLoss)
    if not objective.penalty.any():
        return loss.least_squares
    hessian = objective.hessian()
    gradient = objective.gradient_at(loss.reference)
    if not (np.isfinite(hessian).all() and np.isfinite(gradient).all()):
        return math.nan
    scale = _inverse_root(np.diag(hessian))[:, None]
    scaled = scale * hessian * scale.T
    np.fill_diagonal(scaled, 1.0)
    try:
        step = scipy.linalg.cho_solve(scipy.linalg.cho_factor(scaled), scale * gradient)
    except scipy.linalg.LinAlgError:
        _, inverse_root = factorize(scaled)
        step = inverse_root @ (inverse_root.T @ (scale * gradient))
    return objective.value(loss.reference - scale * step)


def _reachable_drops(objective: Objective, theta: np.ndarray) -> Iterator[float]:
    """Drops of the objective that conjugate gradients find from θ, ever larger, up to the excess of θ.

    Each coordinate is scaled to unit curvature first. The excess does not depend on that, but columns of
    very different size would otherwise need very many steps.
    """
    loss, dtype = objective.loss, objective.loss.dtype
    gradient = objective.gradient_at(theta).astype(np.float64)
    scale = _inverse_root(objective.curvatures())[:, None]
    residual = scale * gradient
    height = float(np.abs(residual).max(initial=0.0))
    if not (np.isfinite(height) and height > 0):
        return
    residual /= height  # to a size whose squares neither overflow nor vanish
    direction = residual.copy()
    squares = np.sum(residual**2, axis=0)
    first, drop = squares.sum(), 0.0
    for _ in range(STEPS):
        scaled = scale * direction
        image = loss.hessian_product(scaled.astype(dtype)).astype(np.float64) + objective.penalty * scaled
        image *= scale
        curvature = np.sum(direction * image, axis=0)
        length = np.divide(squares, curvature, out=np.zeros_like(squares), where=curvature > 0)
        drop += 0.5 * float(length @ squares)
        yield drop * height * height / theta.shape[1]
        residual -= length * image
        before, squares = squares, np.sum(residual**2, axis=0)
        if not SETTLED * first < squares.sum() < np.inf:
            return
        direction = residual + direction * np.divide(
            squares, before, out=np.zeros_like(squares), where=before > 0
        )


def _inverse_root(curvatures: np.ndarray) -> np.ndarray:
    """1/√ of each, and 0 where a coordinate has no curvature."""
    with np.errstate(divide="ignore"):
        return np.where(curvatures > 0, 1 / np.sqrt(curvatures), 0.0)
