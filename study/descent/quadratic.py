"""The mean squared error of a linear model, as the full batch sees it.

``mse(X, y, ...)`` returns the data term J(θ) = Σ wᵢ (yᵢ − x̃ᵢ·θ)² / Σ wᵢ as a callable that gives J
and ∇J at any θ. Two classes do it, with the same results:

- `GramLoss` reads X twice, whatever the number of epochs, and then works on d×d moments;
- `ResidualLoss` reads X once forward and once back at every call, for designs that are wide,
  large in d, or sparse.

θ stacks the weights over the intercept, if there is one: shape (p, k) for k targets, the intercept
in the last row. J is the mean over targets; ∇J is each target's own, so targets do not interact. docs/theory.md,
"The loss about a reference point", derives the form of `GramLoss`.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import scipy.linalg
import scipy.sparse
from numpy.typing import DTypeLike

from study.descent.moments import Matrix, factorize, moments, residual_moments, row_blocks

GRAM_BYTES = 256e6
"""Bytes of the largest d×d matrix that is formed."""

MOST_ROWS = 1000
"""Up to so many rows, fewer than the columns, their products are formed to find the spectrum."""

PRODUCT_SPEED = 16
"""Multiplications of a product of two matrices in the time of one of a pass over X, which waits for memory."""


class Objective:
    """What a descent minimises: J(θ) + alpha‖w‖², the intercept free.

    Parameters
    ----------
    loss : GramLoss or ResidualLoss
        J, the data term.
    alpha : float
    dtype : dtype
        Of θ.
    """

    def __init__(self, loss: "GramLoss | ResidualLoss", alpha: float, dtype: DTypeLike) -> None:
        self.loss = loss
        self.penalty = np.zeros((loss.n_features + loss.fit_intercept, 1), dtype=dtype)
        self.penalty[: loss.n_features] = 2 * alpha

    def gradient(self, theta: np.ndarray, data_gradient: np.ndarray) -> np.ndarray:
        """∇ of the objective at θ, given ∇J there."""
        return data_gradient + self.penalty * theta

    def gradient_at(self, theta: np.ndarray) -> np.ndarray:
        """∇ of the objective at θ, shape (p, k)."""
        return self.gradient(theta, self.loss(theta)[1])

    def hessian(self) -> np.ndarray:
        """∇² of the objective, shape (p, p), in double precision."""
        hessian = self.loss.hessian().astype(np.float64)
        np.fill_diagonal(hessian, np.diag(hessian) + self.penalty[:, 0])
        return hessian

    @cached_property
    def eigenbasis(self) -> tuple[np.ndarray, np.ndarray]:
        """Eigenvalues of ∇² of the objective, ascending, shape (p,), and its eigenvectors, a column each.

        The eigenvalues are infinite where the Hessian overflows.
        """
        hessian = self.hessian()
        if not np.isfinite(hessian).all():
            return np.full(len(hessian), np.inf), np.eye(len(hessian))
        eigenvalues, vectors = scipy.linalg.eigh(hessian)
        return eigenvalues, vectors

    def curvatures(self) -> np.ndarray:
        """The diagonal of ∇² of the objective, shape (p,), in double precision."""
        curvatures = 2 * self.loss.mean_squares
        if self.loss.fit_intercept:
            curvatures = np.append(curvatures, 2.0)
        return curvatures + self.penalty[:, 0]

    def value(self, theta: np.ndarray) -> float:
        """The objective at θ, as a mean over targets."""
        return self.loss.value(theta) + self.penalty_value(theta)

    def penalty_value(self, theta: np.ndarray) -> float:
        """alpha‖w‖² at θ, as a mean over targets."""
        # Not penalty · θ²: that is 0 · ∞ for weights whose squares overflow.
        return (
            0.5 * float(np.sum(np.square(np.sqrt(self.penalty, dtype=np.float64) * theta))) / theta.shape[1]
        )


def mse(
    X: Matrix,
    y: np.ndarray,
    sample_weight: np.ndarray | None = None,
    *,
    fit_intercept: bool = True,
    max_iter: int = 1000,
) -> "GramLoss | ResidualLoss":
    """Choose the cheaper of the two forms of the mean squared error.

    Parameters
    ----------
    X : {ndarray, CSR or CSC matrix} of shape (n, d)
    y : ndarray of shape (n, k)
    sample_weight : ndarray of shape (n,) or None
    fit_intercept : bool
    max_iter : int
        How many gradients will be asked for.

    Returns
    -------
    GramLoss or ResidualLoss
    """
    n, d = X.shape
    if scipy.sparse.issparse(X):
        entries, products = X.nnz, X.nnz**2 / n
    else:
        entries, products = n * d, n * d * d / PRODUCT_SPEED
    # The moments, their factor, the residuals at least squares, and two products with the factor, in the
    # processor's cache, an epoch; against a pass forward and a pass back over X an epoch.
    gram = products + d**3 / PRODUCT_SPEED + 2 * entries + max_iter * d * d
    gram_pays = gram < 2 * entries * max_iter
    if gram_pays and scipy.sparse.issparse(X):
        # Sparse columns cannot be centred before they are squared, so beside a large offset digits would be lost.
        gram_pays = not _is_offset(X)
    form = GramLoss if gram_pays and 8 * d * d <= GRAM_BYTES else ResidualLoss
    return form(X, y, sample_weight, fit_intercept=fit_intercept)


class GramLoss:
    """The mean squared error on its second moments: O(d²) a call, whatever n.

    The loss is expanded about a reference θᵣ near least squares, whose residuals are computed on X:
    J(θ) = J(θᵣ) + ∇J(θᵣ)·δ + δᵀGδ with δ = θ − θᵣ. Expanded about 0 instead it would be a difference of
    large numbers, and could even come out negative.

    For the same reason G is held as the column means m and a factor R of the centred moments, C = RᵀR,
    with δᵀGδ = ‖Rδₓ‖² + (m·δₓ + δ_b)². This changes how sums are rounded and nothing else: the descent
    itself sees X as it is.

    Attributes
    ----------
    factor : ndarray of shape (rank, d)
        R, where C is the weighted mean of (x − m)(x − m)ᵀ.
    mean : ndarray of shape (d, 1)
        m, the weighted column means of X.
    reference : ndarray of shape (p, k)
        θᵣ.
    least_squares : float
        J(θᵣ), the smallest loss that any θ can reach, up to rounding.
    mean_square_target : float
        Weighted mean of y²: the loss of a model that predicts 0.
    mean_squares : ndarray of shape (d,)
        Weighted means of the squares of X's columns.
    """

    def __init__(
        self,
        X: Matrix,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        *,
        fit_intercept: bool = True,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.n_features, self.n_targets = X.shape[1], y.shape[1]
        self.dtype = np.dtype(np.float64)
        total = len(y) if sample_weight is None else float(sample_weight.sum(dtype=np.float64))
        targets, self.mean, covariance, cross = moments(X, y, sample_weight, total)
        self.mean_squares = np.diag(covariance) + self.mean[:, 0] ** 2
        self.factor, inverse = factorize(covariance)
        if fit_intercept:
            weights = inverse @ (inverse.T @ cross)
            intercept = targets - self.mean.T @ weights
        else:
            _, inverse = factorize(covariance + self.mean @ self.mean.T)
            weights = inverse @ (inverse.T @ (cross + self.mean @ targets))
            intercept = np.zeros_like(targets)
        is_central = X.dtype == np.float64 and bool((self.mean[:, 0] ** 2 <= np.diag(covariance)).all())
        centre = None if is_central and not scipy.sparse.issparse(X) else self.mean
        self.least_squares, gradient, intercept_gradient, self.mean_square_target = residual_moments(
            X, y, sample_weight, total, centre, weights, intercept
        )
        self.reference = np.vstack([weights, intercept]) if fit_intercept else weights
        self._gradient = np.vstack([gradient, intercept_gradient]) if fit_intercept else gradient

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return J(θ), a float, and ∇J(θ), an array of shape (p, k)."""
        delta = theta - self.reference
        weights = delta[: self.n_features]
        image = self.factor @ weights
        shift = self.mean.T @ weights
        if self.fit_intercept:
            shift += delta[-1:]
        gradient = self._gradient.copy()
        gradient[: self.n_features] += 2 * (self.factor.T @ image + self.mean * shift)
        if self.fit_intercept:
            gradient[-1:] += 2 * shift
        rise = np.vdot(self._gradient, delta) + np.vdot(image, image) + np.vdot(shift, shift)
        return max(self.least_squares + rise / self.n_targets, 0.0), gradient

    def value(self, theta: np.ndarray) -> float:
        """Return J(θ)."""
        return self(theta)[0]

    def hessian(self) -> np.ndarray:
        """Return ∇²J = 2G, shape (p, p)."""
        hessian = np.empty((len(self.reference),) * 2)
        d = self.n_features
        hessian[:d, :d] = self.factor.T @ self.factor + self.mean * self.mean.T
        if self.fit_intercept:
            hessian[d:, :d] = self.mean.T
            hessian[:d, d:] = self.mean
            hessian[d, d] = 1.0
        return 2 * hessian

    def rise_bound(self) -> float:
        """Return a bound on the rise of J when no coordinate is more than 1 off its minimum."""
        return float(np.abs(self.hessian()).sum()) / 2

    def hessian_product(self, direction: np.ndarray) -> np.ndarray:
        """Return ∇²J · direction, of the direction's shape, (p,) or (p, k)."""
        d, columns = self.n_features, direction.reshape(len(direction), -1)
        shift = self.mean.T @ columns[:d]
        if self.fit_intercept:
            shift += columns[d:]
        product = self.factor.T @ (self.factor @ columns[:d]) + self.mean * shift
        return 2 * (np.vstack([product, shift]) if self.fit_intercept else product).reshape(direction.shape)


class ResidualLoss:
    """The mean squared error by one pass forward and one back over X: O(non-zeros) a call.

    Attributes
    ----------
    mean_square_target : float
        Weighted mean of y²: the loss of a model that predicts 0.
    mean_squares : ndarray of shape (d,)
        Weighted means of the squares of X's columns.
    """

    def __init__(
        self,
        X: Matrix,
        y: np.ndarray,
        sample_weight: np.ndarray | None = None,
        *,
        fit_intercept: bool = True,
    ) -> None:
        self.fit_intercept = fit_intercept
        self.n_features, self.n_targets = X.shape[1], y.shape[1]
        self.dtype = X.dtype
        self._X, self._y = X, y.astype(X.dtype, copy=False)
        if sample_weight is None:
            self._share = X.dtype.type(1 / len(y))
        else:
            self._share = (sample_weight / sample_weight.sum(dtype=np.float64)).astype(X.dtype)[:, None]
        squares = self._share * np.square(self._y, dtype=np.float64)
        self.mean_square_target = float(np.sum(squares) / y.shape[1])

    def value(self, theta: np.ndarray) -> float:
        """Return J(θ): one pass instead of two."""
        residual = self._forward(theta) - self._y
        return _sum_of_squares(residual, self._share * residual) / theta.shape[1]

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return J(θ), a float, and ∇J(θ), an array of shape (p, k)."""
        residual = self._forward(theta) - self._y
        weighted = self._share * residual
        return _sum_of_squares(residual, weighted) / theta.shape[1], 2 * self._back(weighted)

    def hessian(self) -> np.ndarray:
        """Return ∇²J, shape (p, p), a block of rows at a time."""
        d = self.n_features
        hessian = np.zeros((d + self.fit_intercept,) * 2)
        for rows, share in self._weighed_blocks():
            weighed = rows.multiply(share).tocsr() if scipy.sparse.issparse(rows) else share * rows
            square = rows.T @ weighed
            hessian[:d, :d] += square.toarray() if scipy.sparse.issparse(square) else square
            if self.fit_intercept:
                sums = np.asarray(weighed.sum(axis=0)).ravel()
                hessian[d, :d] += sums
                hessian[:d, d] += sums
                hessian[d, d] += share.sum()
        return 2 * hessian

    def rise_bound(self) -> float:
        """Return a bound on the rise of J when no coordinate is more than 1 off its minimum."""
        bound = 0.0
        for rows, share in self._weighed_blocks():
            lengths = np.asarray(abs(rows).sum(axis=1)).reshape(-1, 1) + self.fit_intercept
            bound += float(np.sum(share * lengths**2))
        return bound

    def _weighed_blocks(self) -> Iterator[tuple[Matrix, np.ndarray]]:
        """Rows of X in double precision with their shares of the weight, a cache's worth at a time."""
        X = self._X.tocsr() if scipy.sparse.issparse(self._X) else self._X
        for block in row_blocks(X):
            share = (
                self._share[block]
                if np.ndim(self._share)
                else np.full((block.stop - block.start, 1), self._share)
            )
            yield X[block].astype(np.float64), share.astype(np.float64)

    @cached_property
    def mean_squares(self) -> np.ndarray:
        """Weighted means of the squares of X's columns, shape (d,), from one pass over X."""
        total = np.zeros(self.n_features)
        for rows, share in self._weighed_blocks():
            squares = rows.power(2).multiply(share) if scipy.sparse.issparse(rows) else share * rows**2
            total += np.asarray(squares.sum(axis=0)).ravel()
        return total

    def hessian_product(self, direction: np.ndarray) -> np.ndarray:
        """Return ∇²J · direction, of the direction's shape, (p,) or (p, k)."""
        columns = direction.reshape(len(direction), -1)
        return 2 * self._back(self._share * self._forward(columns)).reshape(direction.shape)

    def row_products(self) -> np.ndarray | None:
        """Return √sᵢ√sⱼ x̃ᵢ·x̃ⱼ, s the rows' shares of the weight, shape (n, n); None where that is no small part of a fit."""
        n, d = self._X.shape
        if scipy.sparse.issparse(self._X) or not n < min(d, MOST_ROWS):
            return None
        products = self._X @ self._X.T + self.fit_intercept
        root = np.broadcast_to(np.sqrt(self._share), (n, 1))
        return (root * products * root.T).astype(np.float64)

    def weighed_residuals(self, theta: np.ndarray) -> np.ndarray:
        """Return √sᵢ times each residual at θ, shape (n, k), in double precision."""
        return (np.sqrt(self._share) * (self._forward(theta) - self._y)).astype(np.float64)

    def _forward(self, theta: np.ndarray) -> np.ndarray:
        image = self._X @ theta[: self.n_features]
        return image + theta[self.n_features :] if self.fit_intercept else image

    def _back(self, weighted: np.ndarray) -> np.ndarray:
        gradient = self._X.T @ weighted
        return np.vstack([gradient, weighted.sum(axis=0)]) if self.fit_intercept else gradient


def _sum_of_squares(residual: np.ndarray, weighted: np.ndarray) -> float:
    """Σ residual · weighted residual, summed in double precision."""
    return float(np.einsum("ij,ij->", residual, weighted, dtype=np.float64))


def _is_offset(X: Matrix) -> bool:
    """Whether a column of a sparse X lies much further from 0 than it spreads."""
    means = np.asarray(X.mean(axis=0)).ravel()
    squares = np.asarray(X.power(2).mean(axis=0)).ravel()
    return bool((means**2 > 0.999 * squares).any() and X.shape[0] > 1)
