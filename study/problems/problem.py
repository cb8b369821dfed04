"""The shape of a regression problem."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Roles:
    """What each column of a table is used as.

    Attributes
    ----------
    numbers, booleans, categories : tuple of str
        Columns by their role.
    dates : mapping of str to tuple (format, parts)
        By column: the format in which its text is a date, of `study.problems.dates.FORMATS`, and the parts that vary.
    dropped : mapping of str to str
        Columns that are not used, with the reason.
    """

    numbers: tuple[str, ...] = ()
    booleans: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    dates: Mapping[str, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)

    @property
    def by_name(self) -> dict[str, tuple[str, ...]]:
        """The columns of each role that has any."""
        named = {
            "numbers": self.numbers,
            "booleans": self.booleans,
            "categories": self.categories,
            "dates": tuple(self.dates),
        }
        return {name: columns for name, columns in named.items() if columns}

    @property
    def used(self) -> list[str]:
        """All columns that are used."""
        return [column for columns in self.by_name.values() for column in columns]


@dataclass(frozen=True)
class Source:
    """The file that a table was read from.

    Attributes
    ----------
    name : str
        The file's name without its folders, which may name a person.
    how : str
        How it was read: the encoding and the delimiter, or that it is Parquet.
    hash : str
        SHA-256 of its bytes, in hexadecimal.
    """

    name: str
    how: str
    hash: str


@dataclass(frozen=True)
class Problem:
    """A regression problem.

    Attributes
    ----------
    name : str
    description : str
        Which columns are predicted from which.
    X : DataFrame of shape (n, d)
        The columns that are used, as they were read. Its index counts the rows from 0.
    y : DataFrame of shape (n, k)
    roles : Roles
    groups : Series of shape (n,) or None
        Rows of one group are never parted between training and held-out rows.
    is_ordered : bool
        Whether the rows are in order of time, so that held-out rows must come after those to train on.
    source : Source or None
        None for a problem that was not read from a file.
    """

    name: str
    description: str
    X: pd.DataFrame
    y: pd.DataFrame
    roles: Roles
    groups: pd.Series | None = None
    is_ordered: bool = False
    source: Source | None = None


def numeric(name: str, description: str, X: pd.DataFrame, y: pd.DataFrame) -> Problem:
    """Return a problem all of whose columns are numbers, without gaps."""
    return Problem(name, description, X, y, Roles(numbers=tuple(X.columns)))


def frame(values: Any, columns: Any) -> pd.DataFrame:
    """Return values of shape (n,) or (n, d) as a DataFrame of float64 with these column names."""
    import pandas as pd

    values = np.asarray(values, dtype=np.float64)
    return pd.DataFrame(values.reshape(len(values), -1), columns=[str(column) for column in columns])
