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

from study.descent.quadratic import Objective, ResidualLoss

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
    loss, coordinates = objective.loss, len(objective.penalty)
    if coordinates > DENSE_SPECTRUM and isinstance(loss, ResidualLoss) and not objective.penalty.any():
        products = loss.row_products()
        if products is not None:
            # The Hessian's eigenvalues that are not 0 are those of 2K, K the products of the rows, and the excess in
            # the direction of an eigenvector of K is the square of the weighed residuals along it.
            return _lanczos_spectrum(lambda row: 2 * (products @ row), loss.weighed_residuals(theta))
    gradient = objective.gradient_at(theta).astype(np.float64)
    if coordinates <= DENSE_SPECTRUM:
        return _dense_spectrum(*objective.eigenbasis, gradient)

    def product(direction: np.ndarray) -> np.ndarray:
        return loss.hessian_product(direction).astype(np.float64) + objective.penalty[:, 0] * direction

    return _lanczos_spectrum(product, gradient, is_gradient=True)


def _dense_spectrum(eigenvalues: np.ndarray, vectors: np.ndarray, gradient: np.ndarray) -> Spectrum:
    """The spectrum by the eigendecomposition of the Hessian."""
    if not np.isfinite(eigenvalues).all():
        return Spectrum(np.empty(0), np.empty(0), math.inf)
    size = size_of(gradient)
    squares = np.sum((vectors.T @ (gradient / size)) ** 2, axis=1)
    found = _determined(eigenvalues, squares, max(eigenvalues[-1], 0.0), is_gradient=True)
    return Spectrum(found.eigenvalues, found.excess * size * size, found.L)


def size_of(values: np.ndarray) -> float:
    """Return a power of 2 about as large as the largest value.

    To divide by it rounds nothing, and the squares of what is left do not overflow.
    """
    exponent = int(np.frexp(np.abs(values).max(initial=0.0))[1])
    return float(np.ldexp(1.0, exponent - 1))


def _lanczos_spectrum(
    product: Callable[[np.ndarray], np.ndarray], starts: np.ndarray, *, is_gradient: bool = False
) -> Spectrum:
    """The spectrum by products with a matrix alone: Lanczos from each of the starts, and from anywhere for L.

    The starts may have no part in the steepest direction; a direction that is drawn has a part in every one.

    Parameters
    ----------
    product : callable
        Vector → the matrix times it. Its eigenvalues are the Hessian's.
    starts : ndarray of shape (m, k)
        For each target the gradient, or what the matrix's eigenvectors part into the excesses themselves.
    is_gradient : bool
    """
    # Fixed, so that a fit repeats itself. Not ones: the Hessian of columns that sum to 0 maps these to 0.
    drawn = np.random.default_rng(0).normal(size=len(starts))
    scale, height = float(np.linalg.norm(product(drawn))), np.abs(starts).max(initial=0.0)
    if not (np.isfinite(scale) and np.isfinite(height)):
        return Spectrum(np.empty(0), np.empty(0), math.inf)
    if scale == 0:
        return Spectrum(np.empty(0), np.empty(0), 0.0)

    def scaled(direction: np.ndarray) -> np.ndarray:  # to a size whose squares neither overflow nor vanish
        return product(direction) / scale

    # Without a start there is no excess to stand for; the nodes are then those of any direction.
    directions = starts.T / height if height > 0 else drawn[None]
    nodes, weights, bounds = zip(*(_lanczos(scaled, direction) for direction in directions), strict=True)
    largest = max(*bounds, _lanczos(scaled, drawn, accuracy=CLOSE)[2])
    order = np.argsort(np.concatenate(nodes))
    found = _determined(
        np.concatenate(nodes)[order], np.concatenate(weights)[order], largest, is_gradient=is_gradient
    )
    excess = found.excess * height * (height / scale if is_gradient else height)
    return Spectrum(found.eigenvalues * scale, excess, found.L * scale)


def _determined(
    eigenvalues: np.ndarray, squares: np.ndarray, largest: float, *, is_gradient: bool
) -> Spectrum:
    """Leave out directions that are flat up to rounding: nothing moves there.

    The `squares` are the excesses, or those of the gradient: a direction whose gradient is g holds the excess g²/2λ.
    """
    kept = eigenvalues > largest * len(eigenvalues) * np.finfo(float).eps
    squares = squares[kept] / (2 * eigenvalues[kept]) if is_gradient else squares[kept]
    return Spectrum(eigenvalues[kept], squares, largest)


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
