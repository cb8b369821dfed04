"""How a problem's rows are parted: the test part and the folds, by chance, by groups or by time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    TimeSeriesSplit,
    train_test_split,
)

from study.errors import ConfigError
from study.problems.preparation import feature_names, preparation, prepared
from study.problems.problem import Problem
from study.provenance import derive_seed

if TYPE_CHECKING:
    from study.config import Data


@dataclass(frozen=True)
class Fold:
    """The two parts of a fold, both prepared by what the training part decides.

    Attributes
    ----------
    X, y : {ndarray, CSR matrix} of shape (n, d), and ndarray of shape (n, k)
        The rows to train on.
    X_held, y_held : {ndarray, CSR matrix} of shape (m, d), and ndarray of shape (m, k)
        The rows held out.
    feature_names : list of str
        Of the columns of `X`. Folds differ where a category is rare, or absent, in the training part of one.
    """

    X: Any
    y: np.ndarray
    X_held: Any
    y_held: np.ndarray
    feature_names: list[str]


def train_test(
    problem: Problem, data: Data, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Set the test part aside: by chance, whole groups, or the last rows in time.

    Returns
    -------
    X, X_test, y, y_test : DataFrame

    Raises
    ------
    ConfigError
        If `test_size` leaves one of the two parts without a row.
    """
    random_state = derive_seed(seed, "test split")
    try:
        if problem.groups is not None:
            split = GroupShuffleSplit(1, test_size=data.test_size, random_state=random_state)
            rows, test = next(split.split(problem.X, groups=problem.groups))
            parts = [problem.X.iloc[rows], problem.X.iloc[test], problem.y.iloc[rows], problem.y.iloc[test]]
        elif problem.is_ordered:
            parts = train_test_split(problem.X, problem.y, test_size=data.test_size, shuffle=False)
        else:
            parts = train_test_split(
                problem.X, problem.y, test_size=data.test_size, random_state=random_state
            )
    except ValueError:
        of_what = f"{len(problem.X)}" if problem.groups is None else f"{problem.groups.nunique()} groups"
        raise ConfigError(
            f"data.test_size = {data.test_size:g} leaves no rows of {of_what} to train or to test on"
        ) from None
    X, X_test, y, y_test = parts
    return X, X_test, y, y_test


def fold_count(problem: Problem, X: pd.DataFrame, data: Data) -> int:
    """Return how many folds the rows to tune on are parted into: what the config says, or up to 5 where it says nothing."""
    if "n_splits" in data.model_fields_set:
        return data.n_splits
    parts = len(X) // 2 if problem.groups is None else problem.groups.loc[X.index].nunique()
    return int(min(data.n_splits, max(parts, 2)))


def k_folds(problem: Problem, X: pd.DataFrame, y: pd.DataFrame, data: Data, seed: int) -> list[Fold]:
    """Return the K folds of the training part, each prepared by its own training rows.

    Parameters
    ----------
    problem : Problem
    X, y : DataFrame
        The rows of the problem to tune on.
    data : Data
    seed : int

    Raises
    ------
    ConfigError
        If there are fewer groups than folds, or a fold would have too few rows.
    """
    groups = None if problem.groups is None else problem.groups.loc[X.index]
    if groups is not None and groups.nunique() < data.n_splits:
        raise ConfigError(
            f"data.n_splits = {data.n_splits}: the training rows are of {groups.nunique()} groups; lower it"
        )
    if len(X) < 2 * data.n_splits:
        raise ConfigError(f"data.n_splits = {data.n_splits}: {len(X)} training rows are too few; lower it")
    folds = []
    for rows, held in _cross_validator(problem, data, seed).split(X, groups=groups):
        fitted = preparation(problem, data, len(rows)).fit(X.iloc[rows])
        folds.append(
            Fold(
                prepared(fitted, X.iloc[rows]),
                y.iloc[rows].to_numpy(),
                prepared(fitted, X.iloc[held]),
                y.iloc[held].to_numpy(),
                feature_names(fitted),
            )
        )
    return folds


def _cross_validator(problem: Problem, data: Data, seed: int) -> BaseCrossValidator:
    random_state = derive_seed(seed, "folds")
    if problem.groups is not None:
        return GroupKFold(data.n_splits, shuffle=True, random_state=random_state)
    if problem.is_ordered:
        return TimeSeriesSplit(data.n_splits)
    return KFold(data.n_splits, shuffle=True, random_state=random_state)
