"""Problems in three parts: rows to train on, rows to choose a setting on, and rows to grade it on.

The claims on regularisation share these problems, the linear model's minimum in closed form, and the picture of
the test loss over n/d, the rows per feature.

References
----------
Hoerl & Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from study.figures.panel import Panel, Series
from study.guidance.claim import ROWS_PER_COLUMN, Budget, Unit
from study.guidance.lab.quadratics import ladder, seeds, tables
from study.guidance.lab.summaries import separator_value
from study.guidance.lab.two_arms import points_by_group
from study.provenance import derive_seed

Source = tuple[str, float | None]
"""A table's target or `SYNTHETIC`, and how many rows a feature are trained on; None is `TRAIN_SHARE` of all."""

SYNTHETIC = "ladder"
SYNTHETIC_PROBLEM = (30, 1000, 20, 1.0, 1.0, True)
"""The synthetic problem's κ, rows, features, noise, density, and whether it is rotated."""

TRAIN_SHARE = 0.6

LINEAR: tuple[Source, ...] = (
    ("linnerud: Pulse", None),
    ("wine: alcohol", 2),
    ("diabetes: progression", 2),
    ("breast cancer: mean texture", 1.5),
    ("breast cancer, worst: worst symmetry", 3),
    (SYNTHETIC, 0.8),
    (SYNTHETIC, 2),
    ("iris: petal width (cm)", None),
    ("wine: flavanoids", None),
    ("diabetes: progression", None),
    ("breast cancer: mean texture", None),
    ("breast cancer, worst: worst symmetry", None),
    (SYNTHETIC, 6),
    (SYNTHETIC, 25),
)
"""The problems of the linear model."""

Rows = tuple[np.ndarray, np.ndarray]
"""X of shape (n, d) and y of shape (n,)."""


@dataclass(frozen=True)
class Parts:
    """A problem in three parts that share no row, standardised by what the rows to train on know.

    Attributes
    ----------
    name : str
    train, validation, test : tuple of ndarray
        X and y of each.
    """

    name: str
    train: Rows
    validation: Rows
    test: Rows

    @property
    def rows_per_column(self) -> float:
        """n/d of the rows to train on."""
        n, d = self.train[0].shape
        return n / d

    @property
    def group(self) -> str:
        """The separator's group."""
        return ROWS_PER_COLUMN.side(self.rows_per_column)


def all_parts(sources: Sequence[Source], budget: Budget, claim_id: str) -> Iterator[list[Parts]]:
    """Yield each problem, split anew with each of the budget's seeds."""
    for source, rows_per_column in sources:
        yield [
            split(
                source, rows_per_column, seed, derive_seed(budget.seed, claim_id, source, rows_per_column, i)
            )
            for i, seed in enumerate(seeds(budget))
        ]


def split(source: str, rows_per_column: float | None, seed: int, split_seed: int) -> Parts:
    """Split a problem: a third as many rows to validate as to train on, and the rest to test.

    Parameters
    ----------
    source, rows_per_column
        As in `Source`.
    seed : int
        Draws the data.
    split_seed : int
        Draws which row is in which part.
    """
    if source == SYNTHETIC:
        drawn = ladder(*SYNTHETIC_PROBLEM, seed)
        X, y, source = drawn.X, drawn.y, drawn.name
    else:
        table = next(table for table in tables(seed) if table.name == source)
        X, y = np.vstack([table.X, table.X_test]), np.concatenate([table.y, table.y_test])
    d = X.shape[1]
    n = round(TRAIN_SHARE * len(y)) if rows_per_column is None else max(round(rows_per_column * d), 4)
    order = np.random.default_rng(split_seed).permutation(len(y))
    parts = np.split(order, [n, n + max(n // 3, 2)])
    centre, scale = X[parts[0]].mean(axis=0), X[parts[0]].std(axis=0)
    X = (X - centre) / np.where(scale > 0, scale, 1.0)
    train, validation, test = ((np.ascontiguousarray(X[part]), y[part]) for part in parts)
    return Parts(f"{source}, n/d {n / d:.2g}", train, validation, test)


def minimum(train: Rows, penalty: ArrayLike) -> np.ndarray:
    """Return the minimum of mean((y − Xw − b)²) + Σⱼ penaltyⱼ wⱼ².

    Without a penalty and with fewer rows than features, it is the minimum with the least ‖w‖, to which a
    descent from 0 converges.

    Parameters
    ----------
    train : tuple of ndarray
        X of shape (n, d) and y of shape (n,).
    penalty : float or array-like of shape (d,)

    Returns
    -------
    ndarray of shape (d + 1,)
        The weights w, then the intercept b.
    """
    X, y = train
    centred = X - X.mean(axis=0)
    moments = centred.T @ centred / len(y) + np.diag(np.broadcast_to(penalty, X.shape[1]))
    weights = np.linalg.pinv(moments, hermitian=True, rcond=1e-12) @ (centred.T @ y / len(y))
    return np.append(weights, y.mean() - X.mean(axis=0) @ weights)


def mean_squared_error(theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the mean squared error of each row of weights and intercept.

    Parameters
    ----------
    theta : ndarray of shape (..., d + 1)
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,)

    Returns
    -------
    ndarray of shape (...)
    """
    return np.mean((theta[..., :-1] @ X.T + theta[..., -1:] - y) ** 2, axis=-1)


def panel_of_test_loss(units: Sequence[Unit], arm: str, base: str) -> Panel:
    """Return the picture of one arm's test loss over another's, by n/d."""
    points = points_by_group(units, separator_value, lambda unit: unit.arms[arm] / unit.arms[base])
    ratios = [separator_value(unit) for unit in units]
    equal = Series("equal", np.array([min(ratios), max(ratios)]), np.ones(2), "reference")
    return Panel("Test loss", "n/d", f"{arm} / {base}", [*points, equal], x_log=True, y_log=True)
