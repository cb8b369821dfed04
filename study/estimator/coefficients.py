"""θ of shape (p, k), in which a descent works, from coefficients as scikit-learn shapes them, and back."""

import numpy as np
from numpy.typing import ArrayLike, DTypeLike


def to_theta(
    coef: ArrayLike | None,
    intercept: ArrayLike | None,
    *,
    n_features: int,
    n_targets: int,
    fit_intercept: bool,
    is_flat: bool,
    dtype: DTypeLike,
) -> np.ndarray:
    """Return θ at the start: the weights over the intercept, one column a target.

    Parameters
    ----------
    coef : array-like of shape (n_features,) or (n_targets, n_features), or None
        None is zeros.
    intercept : float or array-like of shape (n_targets,), or None
    n_features, n_targets : int
    fit_intercept : bool
        Whether there is a row for the intercept.
    is_flat : bool
        Whether y has one dimension, and so `coef` too.
    dtype : dtype

    Returns
    -------
    ndarray of shape (n_features + fit_intercept, n_targets)

    Raises
    ------
    ValueError
        If a shape is wrong, or a number is not finite.
    """
    theta = np.zeros((n_features + fit_intercept, n_targets), dtype=dtype)
    if coef is not None:
        coef = np.asarray(coef, dtype=dtype)
        expected = (n_features,) if is_flat else (n_targets, n_features)
        if coef.shape != expected:
            raise ValueError(f"coef_init has shape {coef.shape}; expected {expected}.")
        theta[:n_features] = coef.reshape(n_targets, n_features).T
    if intercept is not None and fit_intercept:
        intercept = np.ravel(np.asarray(intercept, dtype=dtype))
        if len(intercept) not in (1, n_targets):
            raise ValueError(f"intercept_init has {len(intercept)} values; expected {n_targets}.")
        theta[n_features] = intercept
    if not np.isfinite(theta).all():
        raise ValueError("coef_init and intercept_init must be finite.")
    return theta


def from_theta(
    theta: np.ndarray, *, n_features: int, fit_intercept: bool, is_flat: bool, dtype: DTypeLike
) -> dict[str, np.ndarray]:
    """Return `coef_` and `intercept_` by these names.

    Raises
    ------
    ValueError
        If a weight is beyond the range of the dtype, or all of them are too small for it.
    """
    with np.errstate(over="ignore", under="ignore"):
        rounded = theta.astype(dtype)
    if not np.isfinite(rounded).all():
        raise ValueError(f"the weights overflow {np.dtype(dtype)}; scale X or y, or use float64.")
    if theta.any() and not rounded.any():
        raise ValueError(f"the weights vanish in {np.dtype(dtype)}; scale X or y, or use float64.")
    coef = np.array(rounded[:n_features].T, order="C")
    intercept = rounded[n_features] if fit_intercept else np.zeros(len(coef), dtype=dtype)
    if is_flat:
        return {"coef_": coef[0], "intercept_": intercept[0]}
    return {"coef_": coef, "intercept_": intercept}
