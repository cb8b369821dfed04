"""Gaps of text. A logged model carries this file, so it imports nothing else of this package."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


def as_nan(X: "pd.DataFrame") -> "pd.DataFrame":
    """Return columns in which every gap is NaN; None and NaN would be two categories.

    Parameters
    ----------
    X : DataFrame of shape (n, d)
    """
    return X.astype(object).where(X.notna(), np.nan)
