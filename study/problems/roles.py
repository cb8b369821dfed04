"""Which role each column of a table plays, and which columns cannot be used."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from study.errors import TableError
from study.problems.dates import FORMATS, PARTS, parse
from study.problems.problem import Roles

LEAKS = 1 - 1e-9
"""A column whose correlation with the target is at least so large, in absolute value, is the target in other units."""

FEWEST_TO_LEAK = 10
"""Rows below which a correlation of 1 may be chance."""

MOST_DISTINCT = 0.5
"""Share of the rows; a column of text with more different values than that names the rows and does not group them."""

BOOLEANS = ({"true", "false"}, {"yes", "no"}, {"t", "f"}, {"y", "n"}, {"是", "否"})
"""The pairs of words that are booleans, in lower case."""

MOSTLY = 0.8
"""Share of a column of text that must be numbers for a message to say what is not."""

LOOKED_AT = 200
"""Values in which a date is looked for before the whole column is parsed."""


def find_roles(X: pd.DataFrame, y: pd.DataFrame) -> Roles:
    """Return the role of every column of `X`, and the columns that are dropped with the reason.

    Parameters
    ----------
    X : DataFrame of shape (n, d)
    y : DataFrame of shape (n, k)
        Numbers.

    Raises
    ------
    TableError
        If a column holds an infinite number, or no column is left.
    """
    numbers: list[str] = []
    booleans: list[str] = []
    categories: list[str] = []
    dates: dict[str, tuple[str, tuple[str, ...]]] = {}
    dropped: dict[str, str] = {}
    for name in X.columns:
        column = X[name]
        reason = _why_useless(column) or _why_id(name, column)
        if reason is None and is_number(column):
            values = column.to_numpy(dtype=float, na_value=np.nan)
            _check_finite(name, values)
            reason = _why_leak(values, y)
            if reason is None:
                numbers.append(name)
        elif reason is None and _is_boolean(column):
            booleans.append(name)
        elif reason is None and (format := date_format(column)) is not None:
            parts = _varying_parts(parse(column, format))
            dates[name] = format, parts
        elif reason is None:
            reason = _why_no_category(column)
            if reason is None:
                categories.append(name)
        if reason is not None:
            dropped[name] = reason
    roles = Roles(tuple(numbers), tuple(booleans), tuple(categories), dates, dropped)
    if not roles.used:
        reasons = "; ".join(f"{name!r} {reason}" for name, reason in [*dropped.items()][:3])
        more = f"; and {len(dropped) - 3} more" if len(dropped) > 3 else ""
        raise TableError(
            f"no column is left to predict from: {reasons or 'there is none beside the target'}{more}"
        )
    return roles


def is_number(column: pd.Series) -> bool:
    """Whether a column holds real numbers, with or without gaps."""
    return (
        types.is_numeric_dtype(column)
        and not types.is_bool_dtype(column)
        and not types.is_complex_dtype(column)
    )


def date_format(column: pd.Series) -> str | None:
    """Return the format in which all of a column's values are dates; None if there is none."""
    if types.is_datetime64_any_dtype(column):
        return FORMATS[0]
    values = column.dropna()
    sample = values.iloc[:LOOKED_AT]
    if not len(sample) or not all(isinstance(value, str) and _may_be_date(value) for value in sample):
        return None
    for format in FORMATS:
        try:
            if parse(sample, format).notna().all() and parse(values, format).notna().all():
                return format
        except (ValueError, OverflowError):
            continue
    return None


def _may_be_date(text: str) -> bool:
    return 6 <= len(text) <= 40 and any(char.isdigit() for char in text) and not text.isdigit()


def _varying_parts(dates: pd.Series) -> tuple[str, ...]:
    """Return the parts that are not the same in all rows; the year if all are, as of dates within one day."""
    return tuple(part for part in PARTS if getattr(dates.dt, part).nunique() > 1) or PARTS[:1]


def _why_useless(column: pd.Series) -> str | None:
    """Return why a column says nothing, whatever its role."""
    values = column.dropna()
    if not len(values):
        return "is empty"
    try:
        different = values.nunique()
    except TypeError:
        return f"holds values of type {type(values.iloc[0]).__name__}"
    if different == 1:
        is_whole = len(values) == len(column)
        return f"is constant, {_short(values.iloc[0])}" + ("" if is_whole else " or missing")
    return None


def _why_id(name: str, column: pd.Series) -> str | None:
    """Return why a column names the rows: whole numbers that count them, or that all differ and are called an id."""
    is_whole = is_number(column) and not column.hasnans
    if is_whole and not types.is_integer_dtype(column):
        values = column.to_numpy(dtype=float)
        is_whole = bool(np.isfinite(values).all() and (values == np.round(values)).all())
    if not is_whole or column.nunique() < len(column):
        return None
    least, most = column.min(), column.max()
    if least in (0, 1) and most - least == len(column) - 1:
        return f"counts the rows from {least:g} to {most:g}"
    words = name.lower().replace("-", "_").replace(" ", "_").split("_")
    if "id" in words or name.endswith("Id") or name.endswith("ID") or name.startswith("Unnamed:"):
        return "is an id: whole numbers that all differ"
    return None


def _why_leak(values: np.ndarray, y: pd.DataFrame) -> str | None:
    """Return which target a column of numbers determines."""
    known = np.isfinite(values)
    if known.sum() < FEWEST_TO_LEAK:
        return None
    x = values[known] / max(np.abs(values[known]).max(), np.finfo(float).tiny)
    x = x - x.mean()
    for target in y.columns:
        t = y[target].to_numpy(dtype=float)[known]
        t = t / max(np.abs(t).max(), np.finfo(float).tiny)
        t = t - t.mean()
        lengths = np.sqrt((x @ x) * (t @ t))
        if lengths > 0 and abs(x @ t) >= LEAKS * lengths:
            return f"is the target {target!r} in other units: their correlation is {np.sign(x @ t):.0f}"
    return None


def _check_finite(name: str, values: np.ndarray) -> None:
    """Raise TableError if numbers are infinite, or their squares are."""
    with np.errstate(over="ignore"):
        bad = np.flatnonzero(~np.isnan(values) & ~np.isfinite(values**2))
    if bad.size:
        raise TableError(
            f"column {name!r} holds {values[bad[0]]:g} in row {bad[0] + 1} of the data; mend or remove it"
        )


def _is_boolean(column: pd.Series) -> bool:
    """Whether a column holds two values that are booleans, or two words that stand for them."""
    if types.is_bool_dtype(column):
        return not column.hasnans
    values = column.dropna().unique()
    if column.hasnans or len(values) != 2:
        return False
    return {str(value).strip().lower() for value in values} in BOOLEANS


def _why_no_category(column: pd.Series) -> str | None:
    """Return why a column of text cannot be grouped by its values."""
    values = column.dropna()
    kinds = sorted({type(value).__name__ for value in values})
    if len(kinds) > 1:
        return f"mixes values of types {' and '.join(kinds)}"
    different = values.nunique()
    if different <= MOST_DISTINCT * len(values):
        return None
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().mean() >= MOSTLY:
        text = values[numbers.isna()].iloc[0]
        return f"would be numbers but for {_short(text)} in {numbers.isna().sum()} rows; leave those empty to use it"
    return f"names the rows: {different} different values in {len(values)} rows"


def _short(value: Any) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 30 else f"{text[:27]}..."


def described(roles: Roles) -> str:
    """Return how many columns there are of each role, such as ``8 numbers, 2 categories``."""
    return ", ".join(
        f"{len(columns)} {_singular(name) if len(columns) == 1 else name}"
        for name, columns in roles.by_name.items()
    )


def _singular(name: str) -> str:
    return {"categories": "category"}.get(name, name.removesuffix("s"))


def joined(names: Sequence[str], most: int = 8) -> str:
    """Return names with commas between, the first ones of many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"
