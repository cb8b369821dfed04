"""From a problem's columns to the numbers that a linear model reads.

Everything that is learned from rows (medians, means, deviations, categories) is learned by scikit-learn's transformers
when they are fitted, so that each fold learns it from its own training rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from study.problems.dates import date_part_names, date_parts
from study.problems.gaps import as_nan
from study.problems.problem import Problem

if TYPE_CHECKING:
    import pandas as pd

    from study.config import Data

MOST_CATEGORIES = 30
"""Columns that are made of one column of categories; the rarest share one."""

RARE = 0.01
"""Share of the rows below which a category is rare."""

FEWEST = 2
"""Rows that every category which is not rare has at least."""


def preparation(problem: Problem, data: Data, n_rows: int) -> ColumnTransformer:
    """Return the transformer that makes numbers of a problem's columns, not fitted.

    Numbers, and the parts of dates, are imputed by their median and standardised if the config scales. Booleans become
    0 and 1. Categories are one-hot, and rare ones share a column. Columns without a role are ignored, so that a table may
    be given as it is.

    Parameters
    ----------
    problem : Problem
    data : Data
    n_rows : int
        How many rows it will be fitted on, which decides which categories are rare.
    """
    roles = problem.roles
    number_steps: list[tuple[str, Any]] = [
        ("impute", SimpleImputer(strategy="median", keep_empty_features=True))
    ]
    if data.scale:
        number_steps.append(("scale", StandardScaler()))
    dates = FunctionTransformer(
        date_parts, feature_names_out=date_part_names, kw_args={"dates": dict(roles.dates)}
    )
    zero_one = OrdinalEncoder(dtype=np.float64, handle_unknown="use_encoded_value", unknown_value=np.nan)
    gaps = FunctionTransformer(as_nan, feature_names_out="one-to-one")
    encoder = OneHotEncoder(
        dtype=np.float64,
        handle_unknown="infrequent_if_exist",
        min_frequency=max(FEWEST, round(RARE * n_rows)),
        max_categories=MOST_CATEGORIES,
    )
    steps = [
        ("numbers", Pipeline(number_steps), list(roles.numbers)),
        ("dates", Pipeline([("parts", dates), *number_steps]), list(roles.dates)),
        (
            "booleans",
            Pipeline([("encode", zero_one), ("impute", SimpleImputer(strategy="most_frequent"))]),
            list(roles.booleans),
        ),
        (
            "categories",
            Pipeline([("gaps", gaps), ("encode", encoder)]),
            list(roles.categories),
        ),
    ]
    return ColumnTransformer([step for step in steps if step[2]])


def pipeline(problem: Problem, data: Data, n_rows: int, model: Any) -> Pipeline:
    """Return the pipeline of the preparation and a model behind it, not fitted."""
    return Pipeline([("prepare", preparation(problem, data, n_rows)), ("model", model)])


def prepared(preparation: ColumnTransformer, X: pd.DataFrame) -> Any:
    """Return a fitted preparation's numbers of some rows: a C-ordered float64 array, or a CSR matrix where most are 0."""
    values = preparation.transform(X)
    if scipy.sparse.issparse(values):
        return values.tocsr().astype(np.float64)
    return np.ascontiguousarray(values, dtype=np.float64)


def feature_names(preparation: ColumnTransformer) -> list[str]:
    """Return the names of a fitted preparation's columns: a number's own, and ``city_Paris`` of a category.

    Where two columns would have one name, the later has a number behind it.
    """
    names: dict[str, None] = {}
    for full in preparation.get_feature_names_out():
        name = full.partition("__")[2]
        count = 2
        while name in names:
            name = f"{full.partition('__')[2]} ({count})"
            count += 1
        names[name] = None
    return list(names)


def scaling(preparation: ColumnTransformer) -> tuple[np.ndarray, np.ndarray]:
    """Return what a fitted preparation subtracts from each of its columns, and what it then divides by.

    Returns
    -------
    shift, scale : ndarray of shape (d,)
        0 and 1 where a column is not scaled.
    """
    d = len(preparation.get_feature_names_out())
    shift, scale = np.zeros(d), np.ones(d)
    for name, columns in preparation.output_indices_.items():
        step = preparation.named_transformers_.get(name)
        if isinstance(step, Pipeline) and "scale" in step.named_steps:
            shift[columns] = step.named_steps["scale"].mean_
            scale[columns] = step.named_steps["scale"].scale_
    return shift, scale


def in_original_units(
    preparation: ColumnTransformer, coef: np.ndarray, intercept: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights per unit of the original columns that predict the same.

    With z = (x − m)/s, w·z + b = (w/s)·x + (b − (w/s)·m).

    Parameters
    ----------
    preparation : ColumnTransformer
        Fitted.
    coef : ndarray of shape (k, d)
    intercept : ndarray of shape (k,)

    Returns
    -------
    coef, intercept : ndarray of shape (k, d) and (k,)
    """
    shift, scale = scaling(preparation)
    original = coef / scale
    return original, intercept - original @ shift
