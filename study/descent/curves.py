"""Exact curves of gradient descent on a quadratic, direction by direction, without running it.

In the basis of the Hessian's eigenvectors each coordinate descends on its own. There a linear rule multiplies
the pair (w, v) of a coordinate by a constant 2×2 matrix M(β, η, λ) an epoch, which is what all functions here
work with. They serve every solver whose update is linear; `study.descent.closed_form` has formulas for the
note's form alone (docs/theory.md, "Response surface").

References
----------
Goh, "Why Momentum Really Works", Distill, 2017.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from study.descent.quadratic import GramLoss, Objective
from study.descent.solvers import SOLVERS
from study.descent.spectrum import Spectrum, size_of

PAIRS_AT_A_TIME = 512
"""Pairs (β, η) whose errors are advanced together: few enough to stay in the processor's cache."""

Entries: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""The entries a, b, c, d of many 2×2 matrices [[a, b], [c, d]], each of shape (pairs, directions)."""

Advance: TypeAlias = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
"""One epoch of a rule: (w, v) → the new (w, v), both of shape (pairs, directions)."""


def excess_curves(
    spectrum: Spectrum,
    betas: np.ndarray,
    etas: np.ndarray,
    max_iter: int,
    solver: str = "momentum",
    stride: int = 32,
) -> Iterator[np.ndarray]:
    """Exact excess of the objective over its minimum after each epoch, for pairs (β, η).

    Parameters
    ----------
    spectrum : Spectrum
    betas, etas : ndarray of shape (m,)
    max_iter : int
    solver : str
        One whose update is linear (`Solver.is_linear`).
    stride : int
        Epochs that are computed at a time.

    Yields
    ------
    ndarray of shape (at most stride, m)
        The next epochs' excess, from epoch 0, as a share of the start's.

    Notes
    -----
    See `_error_blocks`.
    """
    share = spectrum.excess / spectrum.excess.sum()
    blocks = _error_blocks(solver, spectrum.eigenvalues, betas, etas, stride)
    for start, errors in zip(range(0, max_iter + 1, stride), blocks, strict=False):
        yield (np.square(errors) @ share)[: max_iter + 1 - start]


def _error_blocks(
    solver: str, lam: np.ndarray, betas: np.ndarray, etas: np.ndarray, stride: int
) -> Iterator[np.ndarray]:
    """Share of the start's error that is left in each direction, from epoch 0, `stride` epochs at a time.

    Yields arrays of shape (stride, pairs, directions) without end, each of which the next but one is written over.
    `stride` is a power of 2.

    A rule advances (w, v) by a constant 2×2 matrix M in each direction, so by Cayley-Hamilton
    e_{t+2s} = tr(Mˢ) e_{t+s} − det(Mˢ) e_t: s epochs cost three operations for them all. The first two strides are
    built so too, by doubling s.
    """
    shape = len(betas), len(lam)
    matrix = _matrix(_advance(solver, lam, betas, etas), shape)
    determinant = matrix[0] * matrix[3] - matrix[1] * matrix[2]
    errors = np.empty((2 * stride, *shape))
    errors[0], errors[1] = 1.0, matrix[0]
    known, step = 2, 1
    while known < 2 * stride:
        trace = matrix[0] + matrix[3]
        for _ in range(2):
            before, last, ahead = (errors[known + k * step :][:step] for k in (-2, -1, 0))
            np.multiply(trace, last, out=ahead)
            ahead -= determinant * before
            known += step
        matrix, determinant, step = _squared(*matrix), determinant * determinant, 2 * step
    trace = matrix[0] + matrix[3]
    older, newer, spare = errors[:stride], errors[stride:], np.empty_like(errors[:stride])
    while True:
        yield older
        np.multiply(newer, trace, out=spare)
        older *= determinant
        older, newer = newer, np.subtract(spare, older, out=older)


def _advance(solver: str, lam: np.ndarray, betas: np.ndarray, etas: np.ndarray) -> Advance:
    """One epoch of a rule for every pair (β, η), in every direction on its own, where the gradient is λw."""
    rule = SOLVERS[solver].rule
    beta, eta = np.asarray(betas)[:, None], np.asarray(etas)[:, None]
    return lambda w, v: rule(w, v, None, lam * w, 1, eta, beta, None, None)[:2]


def _matrix(advance: Advance, shape: tuple[int, int]) -> Entries:
    """The entries a, b, c, d of the 2×2 matrix that a rule multiplies (w, v) by."""
    one, zero = np.ones(shape), np.zeros(shape)
    (a, c), (b, d) = advance(one, zero), advance(zero, one)
    return a, b, c, d


def _squared(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> Entries:
    """The entries of the square of [[a, b], [c, d]]."""
    return a * a + b * c, b * (a + d), c * (a + d), d * d + b * c


def excess_after(
    spectrum: Spectrum, betas: np.ndarray, etas: np.ndarray, epoch: int, solver: str = "momentum"
) -> np.ndarray:
    """Return what `excess_curves` yields for one epoch, shape (m,), without the epochs before it."""
    left, _ = _state_after(solver, spectrum.eigenvalues, betas, etas, epoch)
    return np.square(left) @ (spectrum.excess / spectrum.excess.sum())


def _state_after(
    solver: str, lam: np.ndarray, betas: np.ndarray, etas: np.ndarray, epoch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Error and velocity in each direction, from an error of 1 and no velocity, by powers of the rule's 2×2 matrix.

    The matrix is squared again and again; the squares that the binary digits of `epoch` name are applied.
    """
    w, v = np.ones((len(betas), len(lam))), np.zeros((len(betas), len(lam)))
    matrix = _matrix(_advance(solver, lam, betas, etas), w.shape)
    while epoch:
        if epoch & 1:
            a, b, c, d = matrix
            w, v = a * w + b * v, c * w + d * v
        matrix = _squared(*matrix)
        epoch >>= 1
    return w, v


@dataclass(frozen=True)
class Path:
    """A full batch from θ₀, in the eigenbasis of its objective's Hessian.

    Attributes
    ----------
    eigenvalues : ndarray of shape (p,)
        0 where the objective is flat up to rounding: nothing moves there.
    vectors : ndarray of shape (p, p)
    theta : ndarray of shape (p, k)
        θ₀.
    start : ndarray of shape (p, k)
        From the minimum to θ₀, along each eigenvector.
    value_at_minimum : float
        Of the objective.
    bend : ndarray of shape (p,)
        What the error of the start in each direction adds to the objective.
    """

    eigenvalues: np.ndarray
    vectors: np.ndarray
    theta: np.ndarray
    start: np.ndarray
    value_at_minimum: float
    bend: np.ndarray

    @classmethod
    def of(cls, objective: Objective, theta: np.ndarray) -> "Path":
        """Return the path of an objective on moments from θ."""
        lam, vectors = objective.eigenbasis
        slope = vectors.T @ objective.gradient_at(theta)
        flat = lam <= lam[-1] * len(lam) * np.finfo(float).eps
        start = np.where(flat[:, None], 0.0, slope / np.where(flat, 1.0, lam)[:, None])
        lam = np.where(flat, 0.0, lam)
        size = size_of(start)
        bend = 0.5 * lam * size * np.sum((start / size) ** 2, axis=1) * size / theta.shape[1]
        return cls(lam, vectors, theta, start, objective.value(theta - vectors @ start), bend)

    @classmethod
    def from_zero(cls, train: GramLoss, alpha: float) -> "Path":
        """Return the path of a mean squared error with alpha‖w‖² from 0."""
        objective = Objective(train, alpha, np.float64)
        return cls.of(objective, np.zeros((len(objective.penalty), train.n_targets)))

    @property
    def minimum(self) -> np.ndarray:
        """θ at the minimum, shape (p, k)."""
        return self.theta - self.vectors @ self.start

    def at(self, epoch: int, solver: str, beta: float, eta: float) -> tuple[np.ndarray, np.ndarray]:
        """Return θ and the velocity after an epoch, both of shape (p, k)."""
        left, velocity = _state_after(solver, self.eigenvalues, np.array([beta]), np.array([eta]), epoch)
        theta = self.theta + self.vectors @ ((left[0] - 1)[:, None] * self.start)
        return theta, self.vectors @ (velocity[0][:, None] * self.start)

    def losses(
        self, loss: GramLoss, solver: str, beta: float, eta: float, stride: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The data term and the objective after each epoch from 0, the start, `stride` epochs at a time, without end.

        Yields two arrays of shape (stride,), infinite or NaN where the descent has left the floating-point range.
        `stride` is a power of 2.
        """
        loss_of = _LossOfError(loss, self)
        for errors in _error_blocks(solver, self.eigenvalues, np.array([beta]), np.array([eta]), stride):
            left = errors[:, 0]
            yield loss_of(left), self.value_at_minimum + np.square(left) @ self.bend


def objective_after(
    train: GramLoss,
    betas: np.ndarray,
    etas: np.ndarray,
    epoch: int,
    *,
    alpha: float = 0.0,
    solver: str = "momentum",
) -> np.ndarray:
    """Return the exact training objective, penalty included, after one epoch of a full batch from zero.

    Parameters
    ----------
    train : GramLoss
        The mean squared error that the descent minimises, with alpha‖w‖².
    betas, etas : ndarray of shape (m,)
    epoch : int
    alpha : float
    solver : str
        One whose update is linear (`Solver.is_linear`).

    Returns
    -------
    ndarray of shape (m,)
        Infinite or NaN where the descent has left the floating-point range.
    """
    path = Path.from_zero(train, alpha)
    with np.errstate(over="ignore", invalid="ignore"):
        left, _ = _state_after(solver, path.eigenvalues, betas, etas, epoch)
        return path.value_at_minimum + np.square(left) @ path.bend


def losses_after(
    train: GramLoss,
    betas: np.ndarray,
    etas: np.ndarray,
    epoch: int,
    *,
    held_out: GramLoss | None = None,
    alpha: float = 0.0,
    solver: str = "momentum",
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return what `loss_curves` yields for one epoch, without the epochs before it."""
    path = Path.from_zero(train, alpha)
    losses_of = [_LossOfError(loss, path) for loss in (train, held_out) if loss is not None]
    found = np.empty((len(losses_of), len(betas)))
    with np.errstate(over="ignore", invalid="ignore"):
        for first in range(0, len(betas), PAIRS_AT_A_TIME):
            part = slice(first, first + PAIRS_AT_A_TIME)
            left, _ = _state_after(solver, path.eigenvalues, betas[part], etas[part], epoch)
            for losses, loss_of in zip(found, losses_of, strict=True):
                losses[part] = loss_of(left)
    return found[0], None if held_out is None else found[1]


def loss_curves(
    train: GramLoss,
    betas: np.ndarray,
    etas: np.ndarray,
    max_iter: int,
    *,
    held_out: GramLoss | None = None,
    alpha: float = 0.0,
    solver: str = "momentum",
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
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
    solver : str
        One whose update is linear (`Solver.is_linear`).

    Yields
    ------
    train_loss, held_out_loss : ndarray of shape (m,)
        After the next epoch, from the first; infinite where the descent has left the floating-point
        range. The second is None without `held_out`.
    """
    path = Path.from_zero(train, alpha)
    train_loss_of = _LossOfError(train, path)
    held_out_loss_of = None if held_out is None else _LossOfError(held_out, path)
    shape = len(betas), len(path.eigenvalues)
    a, b, c, d = _matrix(_advance(solver, path.eigenvalues, betas, etas), shape)
    trace, determinant = a + d, a * d - b * c
    older, newer = np.ones(shape), a
    parts = [slice(first, first + PAIRS_AT_A_TIME) for first in range(0, len(betas), PAIRS_AT_A_TIME)]
    spare = np.empty((min(PAIRS_AT_A_TIME, len(betas)), shape[1]))
    for _ in range(max_iter):
        train_loss = np.empty(len(betas))
        held_out_loss = np.empty(len(betas))
        with np.errstate(over="ignore", invalid="ignore"):
            for part in parts:
                left = newer[part]
                train_loss[part] = train_loss_of(left)
                if held_out_loss_of is not None:
                    held_out_loss[part] = held_out_loss_of(left)
                # e_{t+1} = tr(M) e_t − det(M) e_{t−1}, written over e_{t−1}.
                older[part] *= determinant[part]
                ahead = np.multiply(trace[part], left, out=spare[: len(left)])
                np.subtract(ahead, older[part], out=older[part])
        yield train_loss, None if held_out_loss_of is None else held_out_loss
        older, newer = newer, older


class _LossOfError:
    """A mean squared error as a function of how much of the start's error is left in each direction."""

    def __init__(self, loss: GramLoss, path: Path) -> None:
        vectors, start = path.vectors, path.start
        self._constant, gradient = loss(path.minimum)
        self._linear = np.sum((vectors.T @ gradient) * start, axis=1) / loss.n_targets
        curvature = vectors.T @ loss.hessian() @ vectors / 2
        size = size_of(start)
        self._quadratic = curvature * size * (start / size @ (start / size).T) * size / loss.n_targets
        diagonal = np.diag(self._quadratic)
        off_diagonal = np.abs(self._quadratic - np.diag(diagonal)).max(initial=0.0)
        is_diagonal = off_diagonal <= 1e-13 * np.abs(diagonal).max(initial=0.0)
        # The training loss is diagonal in its own eigenbasis, the held-out loss is not.
        self._diagonal = diagonal.copy() if is_diagonal else None

    def __call__(self, left: np.ndarray) -> np.ndarray:
        """The loss of each pair, shape (m,), from its errors, shape (m, directions)."""
        if self._diagonal is not None:
            bend = np.square(left) @ self._diagonal
        else:
            bend = np.einsum("mi,mi->m", left @ self._quadratic, left)
        loss = self._constant + left @ self._linear + bend
        return np.where(np.isfinite(loss), np.maximum(loss, 0.0), np.inf)
