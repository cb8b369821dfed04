"""Dates as numbers. A logged model carries this file, so it imports nothing else of this package."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.preprocessing import FunctionTransformer

FORMATS = (
    "ISO8601",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%Y年%m月%d日",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %I:%M:%S %p",
    "%d.%m.%Y %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
)
"""The formats in which text is looked for dates, as `pandas.to_datetime` names them. The first one that reads all is used."""

PARTS = ("year", "month", "day", "day_of_week", "hour")
"""What is made of a date, by pandas' names."""

Dates = Mapping[str, tuple[str, tuple[str, ...]]]
"""By column: the format of its text, and the parts that are used."""


def parse(column: "pd.Series", format: str) -> "pd.Series":
    """Return a column as dates without a time zone. What is no date in the format becomes missing."""
    import pandas as pd

    dates = pd.to_datetime(column, format=format, errors="coerce", utc=True)
    return dates.dt.tz_localize(None)


def date_parts(X: "pd.DataFrame", dates: Dates) -> np.ndarray:
    """Return parts of dates as numbers; those of a missing date are NaN.

    Parameters
    ----------
    X : DataFrame of shape (n, number of columns)
        Dates, or text in the columns' formats.
    dates : mapping of str to tuple (format, parts)
        By column.

    Returns
    -------
    ndarray of shape (n, number of parts of all columns)
    """
    values = []
    for column in X.columns:
        format, parts = dates[column]
        parsed = parse(X[column], format)
        values += [getattr(parsed.dt, part).to_numpy(dtype=np.float64, na_value=np.nan) for part in parts]
    return np.column_stack(values)


def date_part_names(transformer: "FunctionTransformer", columns: Any) -> list[str]:
    """Return the names of `date_parts`' columns, as `FunctionTransformer` asks for them."""
    dates: Dates = transformer.kw_args["dates"]
    return [f"{column} {part}" for column in columns for part in dates[column][1]]
