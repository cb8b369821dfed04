"""The problems that claims are measured on: real tables with several targets each, and ladders in κ.

A problem is a table or a generator; a seed draws all that is random in it. Of a real table that is the
split and the start, of a ladder the data.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn import datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from study.descent.curves import Spectrum, spectrum_at
from study.descent.quadratic import GramLoss, Objective
from study.guidance.claim import Budget
from study.provenance import derive_seed

TEST_SIZE = 0.2

TARGETS = {
    "linnerud": ("Weight", "Waist", "Pulse"),
    "iris": ("petal width (cm)", "petal length (cm)"),
    "wine": ("alcohol", "flavanoids", "proline"),
    "digits": ("class", "pixel_4_4"),
    "diabetes": ("progression", "bmi", "s1"),
    "breast cancer": ("mean radius", "mean texture"),
    "breast cancer, worst": ("worst texture", "worst smoothness", "worst symmetry"),
}
"""The bundled tables and the columns predicted, each from the table's other columns."""

LADDER = (
    # κ, rows, features, noise, density, rotated: every condition once, the rest varied beside it
    (1, 200, 10, 0.1, 1.0, False),
    (3, 100, 5, 0.3, 1.0, True),
    (10, 400, 20, 0.1, 0.1, False),
    (30, 200, 10, 1.0, 1.0, True),
    (100, 1000, 20, 0.3, 1.0, False),
    (300, 60, 20, 0.1, 1.0, True),
    (700, 400, 10, 0.3, 0.2, True),
    (1000, 200, 10, 0.1, 1.0, False),
    (1442, 300, 20, 0.1, 1.0, True),
    (2000, 100, 5, 1.0, 1.0, False),
    (3000, 500, 20, 0.3, 0.1, False),
    (10_000, 200, 10, 0.1, 1.0, True),
    (100_000, 400, 20, 0.1, 1.0, False),
    (1_000_000, 200, 10, 0.1, 1.0, True),
)
"""The synthetic problems."""

CELLS_ON = (
    "linnerud: Waist", "wine: alcohol", "digits: class", "diabetes: progression",
    "κ = 1, n", "κ = 100, n", "κ = 1,000, n", "κ = 10,000, n",
)  # fmt: skip
"""How the names begin of the problems on which a claim with several cells a problem is measured."""


@dataclass(frozen=True)
class Table:
    """A real table, split by a seed and standardised by what its training rows know.

    Attributes
    ----------
    name : str
        The table and the column predicted.
    condition : float
        κ of the whole table, so that a problem lies on the same side of a cut whatever the seed.
    X, y : ndarray of shape (n, d) and (n,)
        To train on; y is standardised too.
    X_test, y_test : ndarray of shape (m, d) and (m,)
        Held out.
    """

    name: str
    condition: float
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray


@dataclass(frozen=True)
class Quadratic:
    """The training loss of a linear model and where its descent starts.

    Attributes
    ----------
    name : str
    condition : float
        κ, the same for every seed: the ladder's, or that of the whole table.
    spectrum : Spectrum
        Of the training loss, intercept included, with the start's excess in every eigen-direction.
    X, y : ndarray of shape (n, d) and (n,)
    start : ndarray of shape (d + 1,)
        Weights, then the intercept.
    loss : GramLoss
    """

    name: str
    condition: float
    spectrum: Spectrum
    X: np.ndarray
    y: np.ndarray
    start: np.ndarray
    loss: GramLoss


def seeds(budget: Budget) -> list[int]:
    """Return the seeds that problems are drawn with, one a repeat; the same for every claim."""
    return [derive_seed(budget.seed, "guidance", repeat) for repeat in range(budget.n_seeds)]


@lru_cache(maxsize=32)
def tables(seed: int) -> tuple[Table, ...]:
    """Return the real tables, each under every one of its targets."""
    return tuple(_table(*column, seed) for column in _columns())


@lru_cache(maxsize=32)
def quadratics(seed: int) -> tuple[Quadratic, ...]:
    """Return the real tables from standard normal starts, as the note's example has, and the ladder."""
    real = []
    for table in tables(seed):
        draw = np.random.default_rng(derive_seed(seed, table.name, "start"))
        start = draw.normal(size=table.X.shape[1] + 1)
        real.append(_quadratic(table.name, table.condition, table.X, table.y, start))
    return (*real, *(ladder(*step, seed) for step in LADDER))


def ladder(
    condition: float, n: int, d: int, noise: float, density: float, rotated: bool, seed: int
) -> Quadratic:
    """A linear problem whose Hessian has exactly the condition number asked for.

    The eigenvalues are 2λ with λ the covariance's: the extremes in the ratio asked for, those between
    drawn log-uniformly, the mean 1 (so that the intercept's, 1, lies among them). The start, which is 0
    up to the noise, has equal excess in every eigen-direction; its excess is 1 in all.

    Parameters
    ----------
    condition : float
        κ ≥ 1, over the directions that the data determine.
    n, d : int
        Rows and features; n may be below d where the design is dense and rotated.
    noise : float
        Standard deviation of y's noise.
    density : float
        Share of X that is not zero. Features form blocks that share their rows, and the smallest block that
        keeps the share is one feature: columns of a sparse design stay exactly uncorrelated across blocks.
    rotated : bool
        Whether eigen-directions mix the features (of a block) or are the features.
    seed : int

    Returns
    -------
    Quadratic
    """
    name = f"κ = {condition:,.10g}, n {n}, d {d}, noise {noise:g}, density {density:g}, "
    name += "rotated" if rotated else "axis-aligned"
    draw = np.random.default_rng(derive_seed(seed, name))
    rank = min(n - 1, d)
    if rank < d and not (rotated and density == 1):
        raise ValueError("with n ≤ d the design must be dense and rotated")
    between = np.exp(draw.uniform(-np.log(condition), 0, max(rank - 2, 0)))
    spread = np.concatenate([[1.0, 1 / condition][:rank], between])
    draw.shuffle(spread)
    spread *= rank / spread.sum()
    X = np.zeros((n, d))
    width = d if density == 1 else max(round(density * d), 1)
    blocks = [np.arange(j, min(j + width, d)) for j in range(0, d, width)]
    for rows, columns in zip(np.array_split(np.arange(n), len(blocks)), blocks, strict=True):
        size = min(len(columns), rank)
        raw = draw.normal(size=(len(rows), size))
        left, _ = np.linalg.qr(raw - raw.mean(axis=0))
        block = left * np.sqrt(n * spread[columns[:size]])
        if rotated:
            right, _ = np.linalg.qr(draw.normal(size=(len(columns), len(columns))))
            block = block @ right[:size]
        X[np.ix_(rows, columns)] = block
    error = noise * draw.normal(size=n)
    lam, vectors = np.linalg.eigh(np.pad(X.T @ X / n, (0, 1)) + np.diag([*np.zeros(d), 1.0]))
    known = lam > lam[-1] * len(lam) * np.finfo(float).eps
    signs = draw.choice([-1.0, 1.0], known.sum())
    truth = vectors[:, known] @ (signs / np.sqrt(lam[known] * known.sum()))
    y = X @ truth[:d] + truth[d] + error
    return _quadratic(name, condition, X, y, offset=truth)


def _quadratic(name, condition, X, y, start=None, offset=None) -> Quadratic:
    """Start at a place, or at an offset below the minimum."""
    loss = GramLoss(X, y[:, None])
    start = loss.reference[:, 0] - offset if start is None else start
    for array in (X, y, start):
        array.flags.writeable = False  # they are shared between claims
    return Quadratic(
        name, condition, spectrum_at(Objective(loss, 0.0, np.float64), start[:, None]), X, y, start, loss
    )


def _table(name, condition, X, y, seed) -> Table:
    X, X_test, y, y_test = train_test_split(
        X, y, test_size=TEST_SIZE, random_state=derive_seed(seed, name, "split")
    )
    varies = X.std(axis=0) > 0
    scaler, target = StandardScaler().fit(X[:, varies]), StandardScaler().fit(y[:, None])
    X, X_test = (np.ascontiguousarray(scaler.transform(part[:, varies])) for part in (X, X_test))
    y, y_test = (target.transform(part[:, None])[:, 0] for part in (y, y_test))
    for array in (X, X_test, y, y_test):
        array.flags.writeable = False
    return Table(name, condition, X, y, X_test, y_test)


@lru_cache(maxsize=1)
def _columns() -> tuple[tuple[str, float, np.ndarray, np.ndarray], ...]:
    """Each target by name, its table's κ, the columns it is predicted from, and the target."""
    found = []
    for table, targets in TARGETS.items():
        features, others = _load(table)
        for target in targets:
            X = np.column_stack([column for name, column in features.items() if name != target])
            X = X[:, X.std(axis=0) > 0]
            lam = np.linalg.eigvalsh(np.corrcoef(X, rowvar=False))
            found.append(
                (f"{table}: {target}", max(lam[-1], 1) / min(lam[0], 1), X, (features | others)[target])
            )
    return tuple(found)


def _load(table: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """A bundled table's features, and its targets, by name."""
    source = table.split(",")[0].replace(" ", "_")
    bunch = getattr(datasets, f"load_{source}")(**({"scaled": False} if source == "diabetes" else {}))
    features = {str(name): column for name, column in zip(bunch.feature_names, bunch.data.T, strict=True)}
    if table.endswith("worst"):
        features = {name: column for name, column in features.items() if name.startswith("worst")}
    if source == "linnerud":
        return features, dict(zip(bunch.target_names, bunch.target.T, strict=True))
    return features, {"progression" if source == "diabetes" else "class": bunch.target}
