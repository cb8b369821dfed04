"""The mean squared error of a linear model, as the full batch sees it.

``mse(X, y, ...)`` returns the data term J(θ) = Σ wᵢ (yᵢ − x̃ᵢ·θ)² / Σ wᵢ as a callable that gives J
and ∇J at any θ. Two classes do it, with the same results:

- `GramLoss` reads X twice, whatever the number of epochs, and then works on d×d moments;
- `ResidualLoss` reads X once forward and once back at every call, for designs that are wide,
  large in d, or sparse.

θ stacks the weights over the intercept, if there is one: shape (p, k) for k targets, the intercept
in the last row. J is the mean over targets; ∇J is each target's own, so targets do not interact.
"""

from fractions import Fraction

import numpy as np
import scipy.linalg
import scipy.sparse

GRAM_BYTES = 256e6
"""Largest d×d matrix that is formed."""

BLOCK_BYTES = 2e6
"""Rows of X are converted, centred and weighed this many bytes at a time: what a core's cache holds."""


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

    def __init__(self, loss, alpha, dtype):
        self.loss = loss
        self.penalty = np.zeros((loss.n_features + loss.fit_intercept, 1), dtype=dtype)
        self.penalty[: loss.n_features] = 2 * alpha

    def gradient(self, theta, data_gradient):
        """∇ of the objective at θ, given ∇J there."""
        return data_gradient + self.penalty * theta

    def hessian(self):
        """∇² of the objective, shape (p, p), in double precision."""
        hessian = self.loss.hessian().astype(np.float64)
        np.fill_diagonal(hessian, np.diag(hessian) + self.penalty[:, 0])
        return hessian

    def value(self, theta):
        """The objective at θ, as a mean over targets."""
        return self.loss.value(theta) + self.penalty_value(theta)

    def penalty_value(self, theta):
        """alpha‖w‖² at θ, as a mean over targets."""
        return 0.5 * float(np.sum(self.penalty * theta**2)) / theta.shape[1]


def mse(X, y, sample_weight=None, *, fit_intercept=True, max_iter=1000):
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
        # Sparse moments cannot be centred on the way, so a large offset would cost them their digits.
        gram_pays = X.nnz**2 / n + max_iter * d * d < 2 * X.nnz * max_iter and not _is_offset(X)
    else:
        gram_pays = d * (n + max_iter) < 2 * n * max_iter
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
    power : float
        Weighted mean of y².
    """

    def __init__(self, X, y, sample_weight=None, *, fit_intercept=True):
        self.fit_intercept = fit_intercept
        self.n_features, self.n_targets = X.shape[1], y.shape[1]
        self.dtype = np.dtype(np.float64)
        total = len(y) if sample_weight is None else float(sample_weight.sum(dtype=np.float64))
        targets, self.mean, covariance, cross = _moments(X, y, sample_weight, total)
        self.factor, inverse = _factorize(covariance)
        if fit_intercept:
            weights = inverse @ (inverse.T @ cross)
            intercept = targets - self.mean.T @ weights
        else:
            _, inverse = _factorize(covariance + self.mean @ self.mean.T)
            weights = inverse @ (inverse.T @ (cross + self.mean @ targets))
            intercept = np.zeros_like(targets)
        is_central = X.dtype == np.float64 and bool((self.mean[:, 0] ** 2 <= np.diag(covariance)).all())
        centre = None if is_central and not scipy.sparse.issparse(X) else self.mean
        self.least_squares, gradient, intercept_gradient, self.power = _residual_moments(
            X, y, sample_weight, total, centre, weights, intercept
        )
        self.reference = np.vstack([weights, intercept]) if fit_intercept else weights
        self._gradient = np.vstack([gradient, intercept_gradient]) if fit_intercept else gradient

    def __call__(self, theta):
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

    def value(self, theta):
        """Return J(θ)."""
        return self(theta)[0]

    def hessian(self):
        """Return ∇²J = 2G, shape (p, p)."""
        hessian = np.empty((len(self.reference),) * 2)
        d = self.n_features
        hessian[:d, :d] = self.factor.T @ self.factor + self.mean * self.mean.T
        if self.fit_intercept:
            hessian[d:, :d] = self.mean.T
            hessian[:d, d:] = self.mean
            hessian[d, d] = 1.0
        return 2 * hessian

    def reach(self):
        """Return a bound on the rise of J when no coordinate is more than 1 off its minimum."""
        return float(np.abs(self.hessian()).sum()) / 2

    def hessian_product(self, direction):
        """Return ∇²J · direction, shape (p,)."""
        d = self.n_features
        shift = self.mean[:, 0] @ direction[:d] + (direction[d] if self.fit_intercept else 0.0)
        product = self.factor.T @ (self.factor @ direction[:d]) + self.mean[:, 0] * shift
        return 2 * (np.append(product, shift) if self.fit_intercept else product)


class ResidualLoss:
    """The mean squared error by one pass forward and one back over X: O(non-zeros) a call.

    Attributes
    ----------
    power : float
        Weighted mean of y².
    """

    def __init__(self, X, y, sample_weight=None, *, fit_intercept=True):
        self.fit_intercept = fit_intercept
        self.n_features, self.n_targets = X.shape[1], y.shape[1]
        self.dtype = X.dtype
        self._X, self._y = X, y.astype(X.dtype, copy=False)
        if sample_weight is None:
            self._share = X.dtype.type(1 / len(y))
        else:
            self._share = (sample_weight / sample_weight.sum(dtype=np.float64)).astype(X.dtype)[:, None]
        self.power = float(np.sum(self._share * self._y**2, dtype=np.float64) / y.shape[1])

    def value(self, theta):
        """Return J(θ): one pass instead of two."""
        residual = self._forward(theta) - self._y
        return _sum_of_squares(residual, self._share * residual) / theta.shape[1]

    def __call__(self, theta):
        """Return J(θ), a float, and ∇J(θ), an array of shape (p, k)."""
        residual = self._forward(theta) - self._y
        weighted = self._share * residual
        return _sum_of_squares(residual, weighted) / theta.shape[1], 2 * self._back(weighted)

    def hessian(self):
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

    def reach(self):
        """Return a bound on the rise of J when no coordinate is more than 1 off its minimum."""
        bound = 0.0
        for rows, share in self._weighed_blocks():
            lengths = np.asarray(abs(rows).sum(axis=1)).reshape(-1, 1) + self.fit_intercept
            bound += float(np.sum(share * lengths**2))
        return bound

    def _weighed_blocks(self):
        """Rows of X in double precision with their shares of the weight, a cache's worth at a time."""
        X = self._X.tocsr() if scipy.sparse.issparse(self._X) else self._X
        for block in _blocks(X):
            share = (
                self._share[block]
                if np.ndim(self._share)
                else np.full((block.stop - block.start, 1), self._share)
            )
            yield X[block].astype(np.float64), share.astype(np.float64)

    def hessian_product(self, direction):
        """Return ∇²J · direction, shape (p,)."""
        return 2 * self._back(self._share * self._forward(direction[:, None]))[:, 0]

    def _forward(self, theta):
        image = self._X @ theta[: self.n_features]
        return image + theta[self.n_features :] if self.fit_intercept else image

    def _back(self, weighted):
        gradient = self._X.T @ weighted
        return np.vstack([gradient, weighted.sum(axis=0)]) if self.fit_intercept else gradient


def _factorize(moments):
    """R with C = RᵀR, and S with S Sᵀ the inverse of C, both without what rounding makes of C's null space."""
    scale = np.sqrt(np.diag(moments))
    scale = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
    scaled = moments / scale / scale[:, None]
    if not np.isfinite(scaled).all():
        scaled = np.zeros_like(scaled)
    eigenvalues, vectors = scipy.linalg.eigh(scaled)
    kept = eigenvalues > len(scaled) * np.finfo(float).eps * max(eigenvalues[-1], 0.0)
    roots, vectors = np.sqrt(eigenvalues[kept]), vectors[:, kept]
    return np.ascontiguousarray((vectors * roots * scale[:, None]).T), vectors / roots / scale[:, None]


def _exact_sum(intercept, mean, weights):
    """b + m·w as a float and what rounding it left out, which would shift every residual alike."""
    centre = intercept + mean.T @ weights
    rest = np.zeros_like(centre)
    if not np.isfinite(centre).all():
        return centre, rest
    for k in range(weights.shape[1]):
        terms = [Fraction(float(intercept[0, k]))]
        terms += [
            Fraction(float(m)) * Fraction(float(w)) for m, w in zip(mean[:, 0], weights[:, k], strict=True)
        ]
        total = sum(terms)
        centre[0, k] = float(total)
        rest[0, k] = float(total - Fraction(centre[0, k]))
    return centre, rest


def _sum_of_squares(residual, weighted):
    """Their product, summed in double precision."""
    return float(np.einsum("ij,ij->", residual, weighted, dtype=np.float64))


def _is_central(mean, rows):
    """Whether no column lies further from 0 than it spreads: then centring saves at most a bit, for a pass."""
    return bool((2 * len(rows) * mean**2 <= np.einsum("ij,ij->j", rows, rows)).all())


def _is_offset(X):
    """Whether a column of a sparse X lies much further from 0 than it spreads."""
    means = np.asarray(X.mean(axis=0)).ravel()
    squares = np.asarray(X.power(2).mean(axis=0)).ravel()
    return bool((means**2 > 0.999 * squares).any() and X.shape[0] > 1)


def _blocks(X):
    rows = max(int(BLOCK_BYTES // (8 * max(X.shape[1], 1))), 64)
    for start in range(0, X.shape[0], rows):
        yield slice(start, min(start + rows, X.shape[0]))


def _moments(X, y, sample_weight, total):
    """Weighted means of y and X, covariance of X, and covariance of X with y, in one pass over X."""
    if scipy.sparse.issparse(X):
        return _sparse_moments(X, y, sample_weight, total)
    d = X.shape[1]
    first = next(_blocks(X))
    origin = np.asarray(np.mean(X[first], axis=0, dtype=np.float64))
    as_is = X.dtype == np.float64 and sample_weight is None and _is_central(origin, X[first])
    if as_is:
        origin = np.zeros(d)
    target_origin = np.mean(y[first], axis=0, dtype=np.float64)
    second = np.zeros((d, d))
    first_and_cross = np.zeros((d, 1 + y.shape[1]))
    target_sum = np.zeros(y.shape[1])
    buffer = np.empty((0 if as_is else first.stop, d))
    aside = np.empty((first.stop, 1 + y.shape[1]))
    for block in _blocks(X):
        size = block.stop - block.start
        rows, beside = X[block] if as_is else buffer[:size], aside[:size]
        if not as_is:
            np.subtract(X[block], origin, out=rows)
        beside[:, 0] = 1.0
        np.subtract(y[block], target_origin, out=beside[:, 1:])
        if sample_weight is not None:
            root = np.sqrt(sample_weight[block, None], dtype=np.float64)
            rows *= root
            beside *= root
        second += rows.T @ rows
        first_and_cross += rows.T @ beside
        target_sum += beside[:, 0] @ beside[:, 1:]
    offset = first_and_cross[:, :1] / total
    target_offset = target_sum / total
    covariance = second / total - offset * offset.T
    cross = first_and_cross[:, 1:] / total - offset * target_offset
    return (target_origin + target_offset)[None], origin[:, None] + offset, covariance, cross


def _sparse_moments(X, y, sample_weight, total):
    share = np.full(len(y), 1 / total) if sample_weight is None else sample_weight / total
    weighted = scipy.sparse.diags_array(share) @ X.astype(np.float64)
    mean = np.asarray(weighted.sum(axis=0)).reshape(-1, 1)
    targets = (share @ y)[None].astype(np.float64)
    covariance = (X.T.astype(np.float64) @ weighted).toarray() - mean * mean.T
    cross = weighted.T @ y - mean * targets
    return targets, mean, covariance, cross


def _residual_moments(X, y, sample_weight, total, mean, weights, intercept):
    """J and its gradient from the residuals on X, and the mean of y², in one pass over X."""
    sparse = scipy.sparse.issparse(X)
    k = y.shape[1]
    # About the column means, so that a large offset of X does not round the residuals.
    as_is = mean is None
    centre, rest = (intercept, 0.0) if as_is else _exact_sum(intercept, mean, weights)
    loss = power = 0.0
    gradient = np.zeros(weights.shape)
    total_residual = np.zeros(k)
    buffer = np.empty((0 if sparse or as_is else next(_blocks(X)).stop, X.shape[1]))
    for block in [slice(0, X.shape[0])] if sparse else _blocks(X):
        if sparse:
            rows = X
            residual = rows @ weights + intercept - y
        else:
            rows = (
                X[block]
                if as_is
                else np.subtract(X[block], mean[:, 0], out=buffer[: block.stop - block.start])
            )
            residual = rows @ weights + ((centre - y[block]) + rest)
        share = 1 / total if sample_weight is None else sample_weight[block, None] / total
        weighted = share * residual
        loss += np.vdot(residual, weighted) / k
        power += np.sum(share * np.square(y[block], dtype=np.float64)) / k
        gradient += rows.T @ weighted
        total_residual += weighted.sum(axis=0)
    if not sparse and not as_is:
        gradient += mean * total_residual
    return loss, 2 * gradient, 2 * total_residual[None], float(power)
