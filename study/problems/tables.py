"""A person's own table as a problem: read from a file, or given as a frame."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import scipy.sparse
from pandas.api import types

from study.errors import TableError
from study.problems.dates import parse
from study.problems.files import check_names, read_table
from study.problems.problem import Problem
from study.problems.roles import date_format, described, find_roles, is_number, joined

if TYPE_CHECKING:
    from study.config import Data

FEWEST_ROWS = 10
"""Rows that a table must have."""


def from_file(data: Data) -> Problem:
    """Return the problem of a config's `data.path`.

    Raises
    ------
    TableError
        If the file cannot be read, or the table not be used.
    """
    path = Path(data.path or "")
    table, source = read_table(path)
    try:
        problem = from_table(
            table,
            data.target or [],
            drop=data.drop or [],
            group=data.group,
            time=data.time,
            name=path.stem,
        )
    except TableError as error:
        raise TableError(f"{path}: {error}") from None
    description = f"{problem.description} of {source.name}"
    return dataclasses.replace(problem, description=description, source=source)


def from_arrays(
    X: Any,
    y: Any,
    name: str = "data",
    *,
    drop: Sequence[str] = (),
    group: str | None = None,
    time: str | None = None,
) -> Problem:
    """Return the problem of features and targets in memory.

    Parameters
    ----------
    X : DataFrame or array-like of shape (n, d)
        Columns of an array are named x0, x1, …
    y : Series, DataFrame or array-like of shape (n,) or (n, k)
        Columns of an array are named y, or y0, y1, …
    name : str
    drop, group, time
        Columns of `X`, as `from_table` takes them.

    Raises
    ------
    TableError
        If they do not have the same rows, or cannot be used.
    """
    features, targets = _as_frame(X, "x"), _as_frame(y, "y")
    if len(features) != len(targets):
        raise TableError(f"X has {len(features)} rows and y has {len(targets)}")
    check_names("X and y", [*features.columns, *targets.columns])
    table = pd.concat([features, targets], axis=1)
    return from_table(table, list(targets.columns), drop=drop, group=group, time=time, name=name)


def as_table(X: Any) -> pd.DataFrame:
    """Return features in memory as the frame that a pipeline of `from_arrays` reads."""
    return _with_plain_types(_as_frame(X, "x"))


def _as_frame(values: Any, letter: str) -> pd.DataFrame:
    """Return a frame with the index 0, 1, … and names that are text."""
    if isinstance(values, pd.Series):
        values = values.to_frame(letter if values.name is None else values.name)
    if not isinstance(values, pd.DataFrame):
        array = _as_array(values, letter)
        numbered = [f"{letter}{j}" for j in range(array.shape[1])]
        names = ["y"] if letter == "y" and array.shape[1] == 1 else numbered
        values = pd.DataFrame(array, columns=names).infer_objects()
    return values.rename(columns=str).reset_index(drop=True)


def _as_array(values: Any, letter: str) -> np.ndarray:
    """Return an array of shape (n, d); raise TableError if the values have no rows and columns."""
    shown = {"x": "X", "y": "y"}[letter]
    if scipy.sparse.issparse(values):
        raise TableError(
            f"{shown} is a sparse matrix, which a study cannot split and scale; give "
            "a frame or an array, or fit MomentumRegressor, which takes sparse X, yourself"
        )
    try:
        array = np.asarray(values)
    except ValueError:
        raise TableError(f"{shown} has rows of different lengths") from None
    if array.ndim not in (1, 2):
        what = f"of shape {array.shape}" if array.ndim else f"of type {type(values).__name__}"
        raise TableError(f"{shown} is {what}; give a frame or an array of shape (n, columns)")
    return array.reshape(len(array), -1)


def from_table(
    table: pd.DataFrame,
    target: Sequence[str],
    *,
    drop: Sequence[str] = (),
    group: str | None = None,
    time: str | None = None,
    name: str = "data",
) -> Problem:
    """Return the problem of a table's columns.

    Parameters
    ----------
    table : DataFrame
        With the index 0, 1, …
    target : sequence of str
        Columns to predict.
    drop : sequence of str
        Columns to leave out.
    group : str, optional
        Column whose equal values must not be parted between training and held-out rows. It is no feature.
    time : str, optional
        Column by which the rows are ordered. It is no feature.
    name : str

    Raises
    ------
    TableError
        If a column is missing, a target is not made of finite numbers or does not vary, or nothing is left to predict from.
    """
    table = _with_plain_types(table)
    known = list(table.columns)
    asked = {"data.target": target, "data.drop": drop, "data.group": [group], "data.time": [time]}
    for key, columns in asked.items():
        for column in columns:
            if column is not None and column not in known:
                raise TableError(f"there is no column {column!r} ({key}){_nearest(column, known)}")
    aside = [*target, *drop, *(column for column in (group, time) if column is not None)]
    twice = [column for column in dict.fromkeys(aside) if aside.count(column) > 1]
    if twice:
        raise TableError(f"column {twice[0]!r} is named twice, as target, drop, group or time; name it once")
    if len(table) < FEWEST_ROWS:
        raise TableError(f"has {len(table)} rows; a study needs at least {FEWEST_ROWS}")
    if time is not None:
        table = _in_order(table, time)
    y = pd.DataFrame({column: _target(column, table[column]) for column in target})
    roles = find_roles(table.drop(columns=aside), y)
    groups = None if group is None else _groups(group, table[group])
    return Problem(
        name,
        f"{joined(target)} from {described(roles)}",
        table[roles.used],
        y,
        roles,
        groups,
        is_ordered=time is not None,
    )


def _with_plain_types(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({name: plain(table[name]) for name in table.columns}, index=table.index)


def plain(column: pd.Series) -> pd.Series:
    """Return a column of Parquet or of pandas' own types as one of NumPy's types, or as objects with NaN where it has gaps.

    NumPy's numbers stay as they are: a logged model takes a table of the types that it was fitted on.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if types.is_timedelta64_dtype(column):
        return column.dt.total_seconds()
    if types.is_datetime64_any_dtype(column):
        return column.dt.tz_convert(None) if column.dt.tz is not None else column
    if is_number(column):
        if isinstance(column.dtype, np.dtype):
            return column
        return column.astype(
            np.int64 if types.is_integer_dtype(column) and not column.hasnans else np.float64
        )
    values = column.dropna()
    first = values.iloc[0] if len(values) else None
    if isinstance(first, decimal.Decimal):
        return column.astype(np.float64)
    if isinstance(first, datetime.date):
        return pd.to_datetime(column, errors="coerce", utc=True).dt.tz_localize(None)
    if types.is_bool_dtype(column) and not column.hasnans:
        return column.astype(bool)
    # One kind of gap, which scikit-learn knows: neither None nor pandas.NA.
    return column.astype(object).where(column.notna(), np.nan)


def _nearest(column: str, known: Sequence[str]) -> str:
    """Return the end of a message: the column whose name is nearest, or all of them."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(column.casefold(), folded, n=1)
    return f"; did you mean {folded[close[0]]!r}?" if close else f"; there are {joined(known)}"


def _target(name: str, column: pd.Series) -> np.ndarray:
    """Return a target as float64; raise TableError if it is not made of finite numbers that vary."""
    missing = column.isna().to_numpy()
    if not is_number(column) and not types.is_bool_dtype(column):
        numbers = pd.to_numeric(column, errors="coerce")
        text = np.flatnonzero(numbers.isna().to_numpy() & ~missing)
        row = text[0] if text.size else 0
        raise TableError(
            f"target {name!r} holds {column.iloc[row]!r} in row {row + 1} of the data, which is not a number; "
            "mend or remove such rows"
        )
    if missing.any():
        raise TableError(
            f"target {name!r} is missing in {missing.sum()} of {len(column)} rows, first in row "
            f"{np.flatnonzero(missing)[0] + 1} of the data; remove those rows"
        )
    values = column.to_numpy(dtype=np.float64)
    with np.errstate(over="ignore"):
        infinite = np.flatnonzero(~np.isfinite(values**2))
    if infinite.size:
        raise TableError(
            f"target {name!r} holds {values[infinite[0]]:g} in row {infinite[0] + 1} of the data; mend or remove it"
        )
    if values.min() == values.max():
        raise TableError(f"target {name!r} is {values[0]:g} in all rows; there is nothing to predict")
    return values


def _groups(name: str, column: pd.Series) -> pd.Series:
    """Return the groups of the rows as text; a missing group is a group of its own."""
    groups = column.map(str)
    if groups.nunique() < 3:
        raise TableError(
            f"data.group: column {name!r} has {groups.nunique()} groups; a study needs at least 3"
        )
    return groups


def _in_order(table: pd.DataFrame, time: str) -> pd.DataFrame:
    """Return the rows by time, those of one time in the table's order."""
    column = table[time]
    if not is_number(column):
        format = date_format(column)
        if format is None:
            raise TableError(f"data.time: column {time!r} holds neither numbers nor dates")
        column = parse(column, format)
    if column.isna().any():
        raise TableError(
            f"data.time: column {time!r} is missing in {column.isna().sum()} rows; remove those rows"
        )
    return table.iloc[np.argsort(column.to_numpy(), kind="stable")].reset_index(drop=True)
