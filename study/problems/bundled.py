"""The tables that scikit-learn brings with it, as regression problems.

Importing this module does not import scikit-learn.
"""

import numpy as np

from study.problems.problem import Problem, frame, numeric

Columns = dict[str, np.ndarray]
"""A table's columns by name, each of shape (n,)."""


def columns(table: str) -> tuple[Columns, Columns]:
    """Return a bundled table's features and its targets, column by column.

    Parameters
    ----------
    table : str
        The name behind scikit-learn's ``load_``, such as ``"breast_cancer"``.

    Returns
    -------
    features, targets : dict of str to ndarray of shape (n,)
        Diabetes comes in its original units and has the target "progression"; linnerud has three targets;
        the target of a classification table is named "class".
    """
    from sklearn import datasets

    arguments = {"scaled": False} if table == "diabetes" else {}
    bunch = getattr(datasets, f"load_{table}")(**arguments)
    features = {str(name): column for name, column in zip(bunch.feature_names, bunch.data.T, strict=True)}
    if bunch.target.ndim == 2:
        return features, dict(zip(bunch.target_names, bunch.target.T, strict=True))
    return features, {"progression" if table == "diabetes" else "class": bunch.target}


def diabetes() -> Problem:
    """Predict the progression of the disease after one year from ten measurements at the start."""
    features, targets = columns("diabetes")
    return numeric(
        "diabetes",
        "disease progression after one year from age, sex, bmi, bp and six blood serum measurements",
        frame(np.column_stack([*features.values()]), features),
        frame(np.column_stack([*targets.values()]), targets),
    )


def linnerud() -> Problem:
    """Predict weight, waist and pulse from chins, sit-ups and jumps."""
    features, targets = columns("linnerud")
    return numeric(
        "linnerud",
        "weight, waist and pulse from chins, situps and jumps",
        frame(np.column_stack([*features.values()]), features),
        frame(np.column_stack([*targets.values()]), targets),
    )


def wine() -> Problem:
    """Predict alcohol from the other twelve constituents."""
    return _one_column("wine", "alcohol")


def iris() -> Problem:
    """Predict the petal width from the other three lengths."""
    return _one_column("iris", "petal width (cm)")


def breast_cancer() -> Problem:
    """Predict the mean radius from the other twenty-nine measurements of the cell nuclei."""
    return _one_column("breast_cancer", "mean radius")


def _one_column(table: str, target: str) -> Problem:
    """Predict one column of a bundled table from all the others."""
    features, _ = columns(table)
    whole = frame(np.column_stack([*features.values()]), features)
    others = whole.drop(columns=target)
    return numeric(table, f"{target} from the other {others.shape[1]} measurements", others, whole[[target]])
