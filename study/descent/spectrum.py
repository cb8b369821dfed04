"""The eigenvalues of an objective's Hessian, and how much of the starting excess lies in each direction.

References
----------
Golub & Meurant, "Matrices, Moments and Quadrature with Applications", 2010 (for the Lanczos quadrature).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from study.descent.quadratic import Objective

DENSE_SPECTRUM = 400
"""Largest number of coordinates whose eigenvalues are all computed; Lanczos beyond."""

LANCZOS_STEPS = 40
"""Directions by which Lanczos stands for a larger spectrum."""

CLOSE = 1e-3
"""Relative accuracy of L beyond `DENSE_SPECTRUM` coordinates."""


@dataclass(frozen=True)
class Spectrum:
    """The eigen-directions of a quadratic, as far as its start and its data know them.

    Attributes
    ----------
    eigenvalues : ndarray of shape (m,)
        Of the Hessian, ascending, positive. All of them, or the nodes of a Gauss quadrature
        that stands for them.
    excess : ndarray of shape (m,)
        How much of the starting loss above the minimum each direction holds.
    L : float
        Largest eigenvalue.
    """

    eigenvalues: np.ndarray
    excess: np.ndarray
    L: float

    @property
    def condition(self) -> float:
        """κ = L/μ over the directions that the data determine."""
        return self.L / self.eigenvalues[0] if len(self.eigenvalues) else 1.0


def spectrum_at(objective: Objective, theta: np.ndarray) -> Spectrum:
    """Eigenvalues of the objective's Hessian and the excess of θ in each of their directions.

    Parameters
    ----------
    objective : Objective
    theta : ndarray of shape (p, k)
        The start.

    Returns
    -------
    Spectrum
        From the eigendecomposition where there are few coordinates; otherwise from Lanczos started
        at the gradient, whose Gauss quadrature reproduces the excess.
    """
    gradient = objective.gradient_at(theta).astype(np.float64)
    if len(gradient) <= DENSE_SPECTRUM:
        return _dense_spectrum(*objective.eigenbasis, gradient)
    return _lanczos_spectrum(objective, gradient)


def _dense_spectrum(eigenvalues: np.ndarray, vectors: np.ndarray, gradient: np.ndarray) -> Spectrum:
    """The spectrum by the eigendecomposition of the Hessian."""
    if not np.isfinite(eigenvalues).all():
        return Spectrum(np.empty(0), np.empty(0), math.inf)
    energy = np.sum((vectors.T @ gradient) ** 2, axis=1)
    return _determined(eigenvalues, energy, max(eigenvalues[-1], 0.0))


def _lanczos_spectrum(objective: Objective, gradient: np.ndarray) -> Spectrum:
    """The spectrum by products with the Hessian alone: Lanczos from each target's gradient, and from anywhere for L.

    The gradient may have no part in the steepest direction; a direction that is drawn has a part in every one.
    """
    penalty = objective.penalty[:, 0]

    def product(direction: np.ndarray) -> np.ndarray:
        return objective.loss.hessian_product(direction).astype(np.float64) + penalty * direction

    # Fixed, so that a fit repeats itself. Not ones: the Hessian of columns that sum to 0 maps these to 0.
    drawn = np.random.default_rng(0).normal(size=len(gradient))
    scale, height = float(np.linalg.norm(product(drawn))), np.abs(gradient).max(initial=0.0)
    if not (np.isfinite(scale) and np.isfinite(height)):
        return Spectrum(np.empty(0), np.empty(0), math.inf)
    if scale == 0:
        return Spectrum(np.empty(0), np.empty(0), 0.0)

    def scaled(direction: np.ndarray) -> np.ndarray:  # to a size whose squares neither overflow nor vanish
        return product(direction) / scale

    # Without a gradient there is no excess to stand for; the nodes are then those of any direction.
    directions = gradient.T / height if height > 0 else drawn[None]
    nodes, energy, bounds = zip(*(_lanczos(scaled, direction) for direction in directions), strict=True)
    largest = max(*bounds, _lanczos(scaled, drawn, accuracy=CLOSE)[2])
    order = np.argsort(np.concatenate(nodes))
    found = _determined(np.concatenate(nodes)[order], np.concatenate(energy)[order], largest)
    return Spectrum(found.eigenvalues * scale, found.excess * (height / scale) * height, found.L * scale)


def _determined(eigenvalues: np.ndarray, energy: np.ndarray, largest: float) -> Spectrum:
    """Leave out directions that are flat up to rounding: nothing moves there.

    A direction whose gradient has the square g² (its `energy`) holds the excess g²/2λ.
    """
    kept = eigenvalues > largest * len(eigenvalues) * np.finfo(float).eps
    return Spectrum(eigenvalues[kept], energy[kept] / (2 * eigenvalues[kept]), largest)


def _lanczos(
    product: Callable[[np.ndarray], np.ndarray], start: np.ndarray, accuracy: float = 0.0
) -> tuple[np.ndarray, np.ndarray, float]:
    """Nodes and weights of the Gauss quadrature of startᵀ f(H) start, and a bound on the eigenvalue near the largest node.

    It ends early where the bound is so close to the node, as a share of it.
    """
    norm = np.linalg.norm(start)
    if norm == 0:
        return np.empty(0), np.empty(0), 0.0
    steps = min(LANCZOS_STEPS, len(start))
    basis = np.empty((steps + 1, len(start)))
    basis[0] = start / norm
    diagonal: list[float] = []
    beside: list[float] = []
    for step in range(steps):
        image = product(basis[step])
        diagonal.append(float(basis[step] @ image))
        known = basis[: step + 1]
        for _ in range(2):  # once more, because one pass of Gram-Schmidt loses orthogonality
            image -= known.T @ (known @ image)
        rest = float(np.linalg.norm(image))
        nodes, vectors = scipy.linalg.eigh_tridiagonal(diagonal, beside)
        distance = rest * abs(vectors[-1, -1])
        if rest <= 1e-10 * max(diagonal) or distance <= accuracy * nodes[-1]:
            break
        beside.append(rest)
        basis[step + 1] = image / rest
    return nodes, norm**2 * vectors[0] ** 2, max(float(nodes[-1]), 0.0) + distance
