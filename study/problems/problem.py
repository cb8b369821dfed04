"""The shape of a regression problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Problem:
    """A regression problem.

    Attributes
    ----------
    name : str
    description : str
        Which columns are predicted from which.
    X : DataFrame of shape (n, d)
    y : DataFrame of shape (n, k)
    """

    name: str
    description: str
    X: pd.DataFrame
    y: pd.DataFrame


def frame(values: Any, columns: Any) -> pd.DataFrame:
    """Return values of shape (n,) or (n, d) as a DataFrame of float64 with these column names."""
    import pandas as pd

    values = np.asarray(values, dtype=np.float64)
    return pd.DataFrame(values.reshape(len(values), -1), columns=[str(column) for column in columns])
