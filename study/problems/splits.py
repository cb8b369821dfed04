"""How a problem's rows are parted: the test part, the folds, and the scaling that each training part decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.model_selection import KFold, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from study.errors import ConfigError
from study.problems.problem import Problem
from study.provenance import derive_seed

if TYPE_CHECKING:
    from study.config import Data


@dataclass(frozen=True)
class Fold:
    """The two parts of a fold, both scaled by the mean and the deviation of the training part.

    Attributes
    ----------
    X, y : ndarray of shape (n, d) and (n, k)
        The rows to train on.
    X_held, y_held : ndarray of shape (m, d) and (m, k)
        The rows held out.
    """

    X: np.ndarray
    y: np.ndarray
    X_held: np.ndarray
    y_held: np.ndarray


def train_test(
    problem: Problem, data: Data, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Set the test part aside.

    Returns
    -------
    X, X_test, y, y_test : DataFrame

    Raises
    ------
    ConfigError
        If `test_size` leaves one of the two parts without a row.
    """
    try:
        X, X_test, y, y_test = train_test_split(
            problem.X, problem.y, test_size=data.test_size, random_state=derive_seed(seed, "test split")
        )
    except ValueError:
        raise ConfigError(
            f"data.test_size = {data.test_size:g} leaves no rows of {len(problem.X)} to train or to test on"
        ) from None
    return X, X_test, y, y_test


def k_folds(X: pd.DataFrame, y: pd.DataFrame, data: Data, seed: int) -> list[Fold]:
    """Return the K folds of the training part, each scaled by its own training rows."""
    cv = KFold(data.n_splits, shuffle=True, random_state=derive_seed(seed, "folds"))
    folds = []
    for rows, held in cv.split(X):
        scaler = scaling_pipeline(data).fit(X.iloc[rows])
        folds.append(
            Fold(
                np.ascontiguousarray(scaler.transform(X.iloc[rows]), dtype=np.float64),
                y.iloc[rows].to_numpy(),
                np.ascontiguousarray(scaler.transform(X.iloc[held]), dtype=np.float64),
                y.iloc[held].to_numpy(),
            )
        )
    return folds


def scaling_pipeline(data: Data, model: Any = None) -> Pipeline:
    """Return the pipeline that scales as the config says, with a model behind the scaling if one is given."""
    steps = [("scale", StandardScaler() if data.scale else "passthrough")]
    return Pipeline(steps if model is None else [*steps, ("model", model)])
