"""Moments of a design: weighted means and covariances, gathered a block of rows at a time.

Nothing here holds a copy of X, and nothing subtracts large numbers from each other: columns are centred
before they are squared (docs/theory.md, "The loss about a reference point").
"""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
import scipy.linalg
import scipy.sparse

Matrix: TypeAlias = Any
"""An ndarray, or a CSR or CSC matrix or array of scipy.sparse."""

BLOCK_BYTES = 2e6
"""Rows of X are converted, centred and weighed this many bytes at a time: what a core's cache holds."""

NEARLY_DEPENDENT = 1e-6
"""Share of a column's variance, left when the columns before it are known, from which Cholesky's factor is used."""


def factorize(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a factor R of a covariance C = RᵀR, and S with S Sᵀ the inverse of C.

    Directions in which C is 0 up to rounding are left out of both: S Sᵀ is then the pseudo-inverse. Columns are
    scaled to unit variance first, so that the scale of one does not decide what counts as 0 in another.
    The factor is Cholesky's, or that of the eigenvectors, many times slower, where a column is nearly a sum of others.
    """
    scale = np.sqrt(np.diag(covariance))
    scale = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
    # Rounding may leave a covariance with others to a column that has no variance.
    is_flat = np.diag(covariance) <= 0
    scaled = np.where(is_flat | is_flat[:, None], 0.0, covariance / scale / scale[:, None])
    if not np.isfinite(scaled).all():
        scaled = np.zeros_like(scaled)
    root, failed = scipy.linalg.lapack.dpotrf(scaled)
    if not failed and np.diag(root).min(initial=1.0) ** 2 > NEARLY_DEPENDENT:
        inverse, _ = scipy.linalg.lapack.dtrtri(root)
        return np.ascontiguousarray(root * scale), inverse / scale[:, None]
    eigenvalues, vectors = scipy.linalg.eigh(scaled)
    kept = eigenvalues > len(scaled) * np.finfo(float).eps * max(eigenvalues[-1], 0.0)
    roots, vectors = np.sqrt(eigenvalues[kept]), vectors[:, kept]
    return np.ascontiguousarray((vectors * roots * scale[:, None]).T), vectors / roots / scale[:, None]


def _exact_sum(intercept: np.ndarray, mean: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return b + m·w rounded to floats, and the part that this rounding leaves out, each of shape (1, k).

    Without that part every residual would be wrong by the same amount.
    """
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


def _is_central(mean: np.ndarray, rows: np.ndarray) -> bool:
    """Whether every column's mean is small beside its spread.

    Then squares of the column lose at most one bit, and centring it is not worth a pass over X.
    """
    return bool((2 * len(rows) * mean**2 <= np.einsum("ij,ij->j", rows, rows)).all())


def row_blocks(X: Matrix, least: int = 64) -> Iterator[slice]:
    """Slices of at least `least` rows, which take about `BLOCK_BYTES` each in double precision if that is more."""
    rows = max(int(BLOCK_BYTES // (8 * max(X.shape[1], 1))), least)
    for start in range(0, X.shape[0], rows):
        yield slice(start, min(start + rows, X.shape[0]))


def moments(
    X: Matrix, y: np.ndarray, sample_weight: np.ndarray | None, total: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the weighted moments of X and y, from one pass over X.

    Returns
    -------
    targets : ndarray of shape (1, k)
        Means of y.
    mean : ndarray of shape (d, 1)
        Means of the columns of X.
    covariance : ndarray of shape (d, d)
        Of X.
    cross : ndarray of shape (d, k)
        Covariances of X with y.
    """
    if scipy.sparse.issparse(X):
        return _sparse_moments(X, y, sample_weight, total)
    d = X.shape[1]
    # To add the products of fewer rows than columns to a (d, d) matrix would take longer than to multiply them.
    blocks = list(row_blocks(X, least=max(d, 64)))
    first = blocks[0]
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
    for block in blocks:
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


def _sparse_moments(
    X: Matrix, y: np.ndarray, sample_weight: np.ndarray | None, total: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What `moments` returns, of a sparse X."""
    share = np.full(len(y), 1 / total) if sample_weight is None else sample_weight / total
    weighted = scipy.sparse.diags_array(share) @ X.astype(np.float64)
    mean = np.asarray(weighted.sum(axis=0)).reshape(-1, 1)
    targets = (share @ y)[None].astype(np.float64)
    covariance = (X.T.astype(np.float64) @ weighted).toarray() - mean * mean.T
    cross = weighted.T @ y - mean * targets
    return targets, mean, covariance, cross


def residual_moments(
    X: Matrix,
    y: np.ndarray,
    sample_weight: np.ndarray | None,
    total: float,
    mean: np.ndarray | None,
    weights: np.ndarray,
    intercept: np.ndarray,
) -> tuple[float, np.ndarray, np.ndarray, float]:
    """Return the loss at given weights, from its residuals on X, in one pass over X.

    Parameters
    ----------
    X : {ndarray, CSR or CSC matrix} of shape (n, d)
    y : ndarray of shape (n, k)
    sample_weight : ndarray of shape (n,) or None
    total : float
        Sum of the weights.
    mean : ndarray of shape (d, 1) or None
        Column means, about which a dense X is read, so that a large offset of X does not round the residuals.
        None reads X as it is.
    weights : ndarray of shape (d, k)
    intercept : ndarray of shape (1, k)

    Returns
    -------
    loss : float
        J, the mean over targets.
    gradient : ndarray of shape (d, k)
    intercept_gradient : ndarray of shape (1, k)
    mean_square_target : float
        Weighted mean of y².
    """
    if scipy.sparse.issparse(X):
        mean = None
    centre, rest = (intercept, 0.0) if mean is None else _exact_sum(intercept, mean, weights)
    k = y.shape[1]
    loss = mean_square_target = 0.0
    gradient = np.zeros(weights.shape)
    total_residual = np.zeros(k)
    buffer = np.empty((0 if mean is None else next(row_blocks(X)).stop, X.shape[1]))
    for block in [slice(0, X.shape[0])] if scipy.sparse.issparse(X) else row_blocks(X):
        if scipy.sparse.issparse(X):
            rows = X
            residual = rows @ weights + intercept - y
        else:
            rows = X[block]
            if mean is not None:
                rows = np.subtract(rows, mean[:, 0], out=buffer[: block.stop - block.start])
            residual = rows @ weights + ((centre - y[block]) + rest)
        share = 1 / total if sample_weight is None else sample_weight[block, None] / total
        weighted = share * residual
        loss += np.vdot(residual, weighted) / k
        mean_square_target += np.sum(share * np.square(y[block], dtype=np.float64)) / k
        gradient += rows.T @ weighted
        total_residual += weighted.sum(axis=0)
    if mean is not None:
        gradient += mean * total_residual
    return loss, 2 * gradient, 2 * total_residual[None], float(mean_square_target)
