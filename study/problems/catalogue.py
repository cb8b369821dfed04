"""Problems by name, and how they are split and scaled."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.model_selection import KFold, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from study.config import Data, Synthetic
from study.errors import ConfigError
from study.provenance import derive_seed


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


@dataclass(frozen=True)
class Fold:
    """A fold's two parts, scaled by what the training part knows.

    Attributes
    ----------
    X, y : ndarray of shape (n, d) and (n, k)
        To train on.
    X_held, y_held : ndarray of shape (m, d) and (m, k)
        Held out.
    """

    X: np.ndarray
    y: np.ndarray
    X_held: np.ndarray
    y_held: np.ndarray


def note(seed: int) -> Problem:
    """The note's own example; always its data, whatever the seed."""
    draw = np.random.RandomState(42)
    x = 2 * draw.rand(100, 1)
    y = 4 + 3 * x + draw.randn(100, 1)
    return Problem("note", "y = 4 + 3x + noise from x", _frame(x, ["x"]), _frame(y, ["y"]))


def diabetes(seed: int) -> Problem:
    """Disease progression a year on (target) from ten measurements at the start."""
    bunch = datasets.load_diabetes(scaled=False)
    return Problem(
        "diabetes",
        "disease progression after one year from age, sex, bmi, bp and six blood serum measurements",
        _frame(bunch.data, bunch.feature_names),
        _frame(bunch.target, ["progression"]),
    )


def linnerud(seed: int) -> Problem:
    """Weight, waist and pulse from chins, sit-ups and jumps."""
    bunch = datasets.load_linnerud()
    return Problem(
        "linnerud",
        "weight, waist and pulse from chins, situps and jumps",
        _frame(bunch.data, bunch.feature_names),
        _frame(bunch.target, bunch.target_names),
    )


def wine(seed: int) -> Problem:
    """Alcohol from the other twelve constituents."""
    return _one_column(datasets.load_wine(), "wine", "alcohol")


def iris(seed: int) -> Problem:
    """Petal width from the other three lengths."""
    return _one_column(datasets.load_iris(), "iris", "petal width (cm)")


def breast_cancer(seed: int) -> Problem:
    """Mean radius from the other twenty-nine measurements of the cell nuclei."""
    return _one_column(datasets.load_breast_cancer(), "breast_cancer", "mean radius")


def synthetic(seed: int, spec: Synthetic) -> Problem:
    """A linear problem whose covariance has log-spaced eigenvalues with exactly the ratio asked for.

    Parameters
    ----------
    seed : int
    spec : Synthetic
        Size, condition, noise and sparsity.
    """
    draw = np.random.default_rng(derive_seed(seed, "synthetic"))
    n, d = spec.n, spec.d
    raw = draw.normal(size=(n, d))
    left, _ = np.linalg.qr(raw - raw.mean(axis=0))
    right, _ = np.linalg.qr(draw.normal(size=(d, d)))
    spread = np.geomspace(1, 1 / spec.condition, d)
    X = (left * np.sqrt(n * spread * d / spread.sum())) @ right.T
    weights = draw.normal(size=d)
    weights[draw.permutation(d)[: round(spec.sparsity * d)]] = 0.0
    y = X @ weights + spec.noise * draw.normal(size=n)
    description = f"y from {d} features, κ = {spec.condition:g}, noise {spec.noise:g}"
    return Problem("synthetic", description, _frame(X, [f"x{j}" for j in range(d)]), _frame(y, ["y"]))


BY_NAME: dict[str, Callable[[int], Problem]] = {
    "note": note,
    "diabetes": diabetes,
    "linnerud": linnerud,
    "wine": wine,
    "iris": iris,
    "breast_cancer": breast_cancer,
}


def load(config: Data, seed: int) -> Problem:
    """Return the problem that a config names."""
    if config.problem == "synthetic":
        return synthetic(seed, config.synthetic)
    return BY_NAME[config.problem](seed)


def split(problem: Problem, config: Data, seed: int):
    """Set the test part aside.

    Returns
    -------
    X, X_test, y, y_test : DataFrame
    """
    try:
        return train_test_split(
            problem.X, problem.y, test_size=config.test_size, random_state=derive_seed(seed, "test split")
        )
    except ValueError:
        raise ConfigError(
            f"data.test_size = {config.test_size:g} leaves no rows of {len(problem.X)} to train or to test on"
        ) from None


def folds(X: pd.DataFrame, y: pd.DataFrame, config: Data, seed: int) -> list[Fold]:
    """Return the K folds of the training part, each scaled by its own training rows."""
    cv = KFold(config.n_splits, shuffle=True, random_state=derive_seed(seed, "folds"))
    result = []
    for rows, held in cv.split(X):
        scaler = pipeline(config).fit(X.iloc[rows])
        result.append(
            Fold(
                np.ascontiguousarray(scaler.transform(X.iloc[rows]), dtype=np.float64),
                y.iloc[rows].to_numpy(),
                np.ascontiguousarray(scaler.transform(X.iloc[held]), dtype=np.float64),
                y.iloc[held].to_numpy(),
            )
        )
    return result


def pipeline(config: Data, model=None) -> Pipeline:
    """Return what stands before the model, and the model behind it if one is given."""
    steps = [("scale", StandardScaler() if config.scale else "passthrough")]
    return Pipeline(steps if model is None else [*steps, ("model", model)])


def _frame(values, columns) -> pd.DataFrame:
    values = np.asarray(values, dtype=np.float64)
    return pd.DataFrame(values.reshape(len(values), -1), columns=[str(c) for c in columns])


def _one_column(bunch, name: str, target: str) -> Problem:
    """Predict one column of a bundled table from all the others."""
    table = _frame(bunch.data, bunch.feature_names)
    others = table.drop(columns=target)
    return Problem(name, f"{target} from the other {others.shape[1]} measurements", others, table[[target]])
