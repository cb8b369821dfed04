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
    y = y.astype(X.dtype, copy=False).reshape(len(y), -1)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
    return X, y, sample_weight


def data_term(
    X: Matrix, y: np.ndarray, sample_weight: np.ndarray | None, *, fit_intercept: bool, max_iter: int
) -> GramLoss | ResidualLoss:
    """Return the mean squared error on the rows, in the form that `max_iter` epochs make the cheaper."""
    with np.errstate(all="ignore"):
        loss = quadratic.mse(X, y, sample_weight, fit_intercept=fit_intercept, max_iter=max_iter)
    if not np.isfinite(loss.mean_square_target):
        raise ValueError("y is too large: the mean of its squares overflows. Divide it by its scale.")
    return loss


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
