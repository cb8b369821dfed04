"""What a fit reads: X, y and weights, validated, split where early stopping asks for it, and made a loss."""

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils.validation import _check_sample_weight, validate_data

from study.descent import quadratic
from study.descent.quadratic import GramLoss, Matrix, ResidualLoss

if TYPE_CHECKING:
    from study.estimator.regressor import MomentumRegressor

Rows: TypeAlias = tuple[Matrix, np.ndarray, np.ndarray | None]
"""X, y of shape (n, k), and sample_weight of shape (n,) or None."""

TOO_LARGE = "X is too large: the squares of its columns overflow. Scale the features (StandardScaler)."

TOO_SMALL = "X is too small: the squares of its columns vanish. Scale the features (StandardScaler)."

MODERATE = 1e9
"""Weights whose largest is above it, or below its reciprocal, are scaled."""


def validate(
    estimator: "MomentumRegressor", X: Any, y: Any, sample_weight: Any, *, reset: bool, in_batches: bool
) -> Rows:
    """Return X, y of shape (n, k) and sample_weight, all of the dtype of X, float32 or float64.

    Parameters
    ----------
    estimator : MomentumRegressor
        Learns the number and names of features, and whether y has one dimension.
    X, y, sample_weight : array-like
        As `fit` takes them.
    reset : bool
        Whether features are learned anew, or compared with those of the last chunk.
    in_batches : bool
        Whether rows are read one by one, which a CSR matrix or a C-ordered array serves best.
    """
    X, y = validate_data(
        estimator,
        X,
        y,
        accept_sparse="csr" if in_batches else ("csr", "csc"),
        dtype=[np.float64, np.float32],
        order="C" if in_batches else None,
        multi_output=True,
        y_numeric=True,
        reset=reset,
    )
    estimator._flat_target = y.ndim == 1
    with np.errstate(over="ignore"):
        y = y.astype(X.dtype, copy=False).reshape(len(y), -1)
    if not np.isfinite(y).all():
        raise ValueError(f"y is too large for {X.dtype}: divide it by its scale, or give X in float64.")
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        sample_weight = in_range(sample_weight).astype(X.dtype, copy=False)
    return X, y, sample_weight


def in_range(sample_weight: np.ndarray) -> np.ndarray:
    """Return weights whose sums and products neither overflow nor vanish.

    Only their ratios matter, so extreme ones are multiplied by a power of 4, which rounds nothing. The root of
    such a power is a power of 2, so that the roots of the weights are not rounded either.
    """
    largest = sample_weight.max()
    if not largest > 0 or 1 / MODERATE < largest < MODERATE:
        return sample_weight
    half = int(np.frexp(largest)[1]) // 2
    return np.ldexp(np.ldexp(sample_weight, -half), -half)


def data_term(
    X: Matrix, y: np.ndarray, sample_weight: np.ndarray | None, *, fit_intercept: bool, max_iter: int
) -> GramLoss | ResidualLoss:
    """Return the mean squared error on the rows, in the form that `max_iter` epochs make the cheaper."""
    with np.errstate(all="ignore"):
        loss = quadratic.mse(X, y, sample_weight, fit_intercept=fit_intercept, max_iter=max_iter)
    check_squares(loss, X, y, sample_weight)
    return loss


def check_squares(
    loss: GramLoss | ResidualLoss, X: Matrix, y: np.ndarray, sample_weight: np.ndarray | None
) -> None:
    """Raise ValueError where squares of y, or of columns of X of which moments are formed, leave floating point's range.

    Without moments the squares of X are not known yet; a fit that fails looks at them.
    """
    tiny = np.finfo(np.float64).tiny
    counted = slice(None) if sample_weight is None else np.flatnonzero(sample_weight)
    if not np.isfinite(loss.mean_square_target):
        raise ValueError("y is too large: the mean of its squares overflows. Divide it by its scale.")
    if loss.mean_square_target < tiny and y[counted].any():
        raise ValueError("y is too small: the mean of its squares vanishes. Divide it by its scale.")
    if isinstance(loss, GramLoss):
        if not np.isfinite(loss.mean_squares).all():
            raise ValueError(TOO_LARGE)
        for column in np.flatnonzero(loss.mean_squares < tiny):
            if abs(X[:, [column]]).max() > 0 and abs(X[counted][:, [column]]).max() > 0:
                raise ValueError(TOO_SMALL)


def hold_out(rows: Rows, fraction: float, random_state: np.random.RandomState) -> tuple[Rows, Rows]:
    """Split rows into those to fit and the share that early stopping watches.

    Raises
    ------
    ValueError
        If all samples of a part have weight 0.
    """
    X, y, sample_weight = rows
    train, test = train_test_split(np.arange(X.shape[0]), test_size=fraction, random_state=random_state)
    weights = [None, None] if sample_weight is None else [sample_weight[train], sample_weight[test]]
    if any(part is not None and not part.any() for part in weights):
        raise ValueError("early_stopping drew a part whose sample weights are all 0; change random_state.")
    return (X[train], y[train], weights[0]), (X[test], y[test], weights[1])
