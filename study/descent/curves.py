"""Exact curves of gradient descent on a quadratic, direction by direction, without running it.

References
----------
Goh, "Why Momentum Really Works", Distill, 2017.
Golub & Meurant, "Matrices, Moments and Quadrature with Applications", 2010 (for `spectrum_at`).
"""

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

from study.descent.quadratic import Objective
from study.descent.rules import RULES

DENSE_SPECTRUM = 400
"""Largest number of coordinates whose eigenvalues are all computed; Lanczos beyond."""

LANCZOS_STEPS = 40


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
    def condition(self):
        """κ = L/μ over the directions that the data determine."""
        return self.L / self.eigenvalues[0] if len(self.eigenvalues) else 1.0


def spectrum_at(objective, theta):
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
    loss, penalty = objective.loss, objective.penalty[:, 0]
    gradient = objective.gradient(theta, loss(theta)[1]).astype(np.float64)
    if len(gradient) <= DENSE_SPECTRUM:
        hessian = objective.hessian()
        if not np.isfinite(hessian).all():
            return Spectrum(np.empty(0), np.empty(0), math.inf)
        eigenvalues, vectors = scipy.linalg.eigh(hessian)
        energy = np.sum((vectors.T @ gradient) ** 2, axis=1)
        return _determined(eigenvalues, energy, max(eigenvalues[-1], 0.0))

    def product(direction):
        return loss.hessian_product(direction).astype(np.float64) + penalty * direction

    start = np.ones(len(gradient))  # fixed, so that a fit repeats itself
    scale, height = np.linalg.norm(product(start)), np.abs(gradient).max(initial=0.0)
    if not (np.isfinite(scale) and np.isfinite(height)):
        return Spectrum(np.empty(0), np.empty(0), math.inf)
    if scale == 0 or height == 0:
        return Spectrum(np.empty(0), np.empty(0), float(scale))

    def scaled(direction):  # to a size whose squares neither overflow nor vanish
        return product(direction) / scale

    operator = LinearOperator((len(start),) * 2, matvec=lambda v: scaled(v.ravel()), dtype=np.float64)
    nodes, energy = zip(*(_lanczos(scaled, column / height) for column in gradient.T), strict=True)
    try:
        largest = float(eigsh(operator, k=1, which="LA", tol=1e-4, return_eigenvectors=False, v0=start)[0])
    except ArpackError:
        largest = max(float(part.max(initial=0.0)) for part in nodes)
    order = np.argsort(np.concatenate(nodes))
    found = _determined(np.concatenate(nodes)[order], np.concatenate(energy)[order], max(largest, 0.0))
    return Spectrum(found.eigenvalues * scale, found.excess * (height / scale) * height, found.L * scale)


def _determined(eigenvalues, energy, largest):
    """Leave out directions that are flat up to rounding: nothing moves there."""
    kept = eigenvalues > largest * len(eigenvalues) * np.finfo(float).eps
    return Spectrum(eigenvalues[kept], energy[kept] / (2 * eigenvalues[kept]), largest)


def _lanczos(product, start):
    """Nodes and weights of the Gauss quadrature of startᵀ f(H) start."""
    norm = np.linalg.norm(start)
    if norm == 0:
        return np.empty(0), np.empty(0)
    steps = min(LANCZOS_STEPS, len(start))
    basis = np.empty((steps + 1, len(start)))
    basis[0] = start / norm
    diagonal, beside = [], []
    for step in range(steps):
        image = product(basis[step])
        diagonal.append(basis[step] @ image)
        known = basis[: step + 1]
        for _ in range(2):  # once more, because one pass of Gram-Schmidt loses orthogonality
            image -= known.T @ (known @ image)
        rest = np.linalg.norm(image)
        if rest <= 1e-10 * max(diagonal):
            break
        beside.append(rest)
        basis[step + 1] = image / rest
    nodes, vectors = scipy.linalg.eigh_tridiagonal(diagonal, beside[: len(diagonal) - 1])
    return nodes, norm**2 * vectors[0] ** 2


def excess_curves(spectrum, betas, etas, max_iter, solver="momentum", stride=32):
    """Exact excess of the objective over its minimum after each epoch, for pairs (β, η).

    Parameters
    ----------
    spectrum : Spectrum
    betas, etas : ndarray of shape (m,)
    max_iter : int
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}
    stride : int
        Epochs that are computed at a time.

    Yields
    ------
    ndarray of shape (at most stride, m)
        The next epochs' excess, from epoch 0, as a share of the start's.

    Notes
    -----
    The first epochs run the rule itself on the diagonal problem. A rule advances (w, v) by a constant
    2×2 matrix M in each direction, so by Cayley-Hamilton
    e_{t+2s} = tr(Mˢ) e_{t+s} − det(Mˢ) e_t: later epochs cost three operations for a whole stride.
    """
    share = spectrum.excess / spectrum.excess.sum()
    advance = _advance(solver, spectrum.eigenvalues, betas, etas)
    shape = (len(betas), len(share))
    w, v = np.ones(shape), np.zeros(shape)
    errors = np.empty((2 * stride, *shape))
    for epoch in range(min(2 * stride, max_iter + 1)):
        errors[epoch] = w
        w, v = advance(w, v)
    trace, determinant = _stride_invariants(advance, shape, stride)
    older, newer = errors[:stride], errors[stride:]
    spare = np.empty_like(older)
    for start in range(0, max_iter + 1, stride):
        yield (np.square(older, out=spare) @ share)[: max_iter + 1 - start]
        np.multiply(newer, trace, out=spare)
        older *= determinant
        older, newer = newer, np.subtract(spare, older, out=older)


def _stride_invariants(advance, shape, stride):
    """Trace and determinant of the rule's 2×2 matrix to the power of `stride`."""
    a, b, c, d = matrix = _matrix(advance, shape)
    determinant = np.power(np.broadcast_to(a * d - b * c, shape), stride)
    power = 1
    while power < stride:
        matrix = _squared(*matrix)
        power *= 2
    return matrix[0] + matrix[3], determinant


def _advance(solver, lam, betas, etas):
    """One epoch of a rule for every pair (β, η), in every direction on its own: (w, v) → (w, v)."""
    rule = RULES[solver]
    beta, eta = np.asarray(betas)[:, None], np.asarray(etas)[:, None]
    return lambda w, v: rule(w, v, None, lam * w, 1, eta, beta, None, None)[:2]


def _matrix(advance, shape):
    """The entries a, b, c, d of the 2×2 matrix that a rule multiplies (w, v) by."""
    one, zero = np.ones(shape), np.zeros(shape)
    (a, c), (b, d) = advance(one, zero), advance(zero, one)
    return a, b, c, d


def _squared(a, b, c, d):
    return a * a + b * c, b * (a + d), c * (a + d), d * d + b * c


def excess_after(spectrum, betas, etas, epoch, solver="momentum"):
    """What `excess_curves` yields for one epoch, by powers of the rule's 2×2 matrix."""
    w, v = np.ones((len(betas), len(spectrum.eigenvalues))), np.zeros((len(betas), len(spectrum.eigenvalues)))
    matrix = _matrix(_advance(solver, spectrum.eigenvalues, betas, etas), w.shape)
    while epoch:
        if epoch & 1:
            a, b, c, d = matrix
            w, v = a * w + b * v, c * w + d * v
        matrix = _squared(*matrix)
        epoch >>= 1
    return np.square(w) @ (spectrum.excess / spectrum.excess.sum())


def loss_curves(train, betas, etas, max_iter, *, held_out=None, alpha=0.0, solver="momentum"):
    """The exact loss after every epoch of a full batch from zero, for pairs (β, η), without a fit.

    Parameters
    ----------
    train : GramLoss
        The mean squared error that the descent minimises, with alpha‖w‖².
    betas, etas : ndarray of shape (m,)
    max_iter : int
    held_out : GramLoss, optional
        The mean squared error on other data: a second quadratic in the same weights, so exact too.
    alpha : float
    solver : {"momentum", "nesterov", "heavy_ball", "sgd"}

    Yields
    ------
    train_loss, held_out_loss : ndarray of shape (m,)
        After the next epoch, from the first; infinite where the descent has left the floating-point
        range. The second is None without `held_out`.
    """
    objective = Objective(train, alpha, np.float64)
    theta = np.zeros((len(objective.penalty), train.n_targets))
    lam, vectors = scipy.linalg.eigh(objective.hessian())
    slope = vectors.T @ objective.gradient(theta, train(theta)[1])
    flat = lam <= lam[-1] * len(lam) * np.finfo(float).eps
    start = np.where(flat[:, None], 0.0, slope / np.where(flat, 1.0, lam)[:, None])
    minimum = theta - vectors @ start
    along = _Along(train, minimum, vectors, start)
    along_held_out = None if held_out is None else _Along(held_out, minimum, vectors, start)
    shape = (len(betas), len(lam))
    advance = _advance(solver, np.where(flat, 0.0, lam), betas, etas)
    older, newer = np.ones(shape), advance(np.ones(shape), np.zeros(shape))[0]
    trace, determinant = _stride_invariants(advance, shape, 1)
    parts = [slice(first, first + 512) for first in range(0, len(betas), 512)]
    spare = np.empty((min(512, len(betas)), len(lam)))
    for _ in range(max_iter):
        train_loss = np.empty(len(betas))
        held_out_loss = np.empty(len(betas))
        with np.errstate(over="ignore", invalid="ignore"):
            for part in parts:
                left = newer[part]
                train_loss[part] = along(left)
                if along_held_out is not None:
                    held_out_loss[part] = along_held_out(left)
                older[part] *= determinant[part]
                ahead = np.multiply(trace[part], left, out=spare[: len(left)])
                np.subtract(ahead, older[part], out=older[part])
        yield train_loss, None if along_held_out is None else held_out_loss
        older, newer = newer, older


class _Along:
    """A mean squared error as a function of how much of the start's error is left in each direction."""

    def __init__(self, loss, minimum, vectors, start):
        self._constant, gradient = loss(minimum)
        self._linear = np.sum((vectors.T @ gradient) * start, axis=1) / loss.n_targets
        curvature = vectors.T @ loss.hessian() @ vectors / 2
        self._quadratic = curvature * (start @ start.T) / loss.n_targets
        diagonal = np.diag(self._quadratic)
        aside = np.abs(self._quadratic - np.diag(diagonal)).max(initial=0.0)
        self._diagonal = diagonal.copy() if aside <= 1e-13 * np.abs(diagonal).max(initial=0.0) else None

    def __call__(self, left):
        if self._diagonal is not None:
            bend = np.square(left) @ self._diagonal
        else:
            bend = np.einsum("mi,mi->m", left @ self._quadratic, left)
        loss = self._constant + left @ self._linear + bend
        return np.where(np.isfinite(loss), np.maximum(loss, 0.0), np.inf)
