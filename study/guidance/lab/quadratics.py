"""The problems that claims are measured on: bundled tables with several targets each, and a synthetic ladder in κ.

A seed draws all that is random in a problem: of a table the split and the start, of a ladder's step the data.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from study.descent.quadratic import GramLoss, Objective
from study.descent.spectrum import Spectrum, spectrum_at
from study.guidance.claim import Budget
from study.problems import bundled
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
"""The bundled tables and the columns predicted, each from the table's other columns.

Of the table whose name ends in "worst" only the columns that begin so are used.
"""

N_TABLE_TARGETS = sum(len(columns) for columns in TARGETS.values())
"""Number of problems that are a table with one of its targets."""

LADDER = (
    # κ, rows, features, noise, density, rotated; every κ once, the others vary along with it.
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
"""The synthetic problems: one step for each κ, the arguments of `ladder`."""

REPRESENTATIVES = (
    "linnerud: Waist", "wine: alcohol", "digits: class", "diabetes: progression",
    "κ = 1, n", "κ = 100, n", "κ = 1,000, n", "κ = 10,000, n",
)  # fmt: skip
"""How the names of eight problems of different kinds begin: claims with several cells for each problem use these."""


@dataclass(frozen=True)
class Table:
    """A bundled table with one target, split by a seed and standardised with its training rows' means and deviations.

    Attributes
    ----------
    name : str
        The table and the column predicted.
    condition : float
        κ of the whole table, so that a problem is on the same side of a separator's cut under every seed.
    X, y : ndarray of shape (n, d) and (n,)
        The training rows; y is standardised too.
    X_test, y_test : ndarray of shape (m, d) and (m,)
        The rows held out.
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
        κ, the same for every seed: that of the ladder's step, or of the whole table.
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
    """Return the seeds that problems are drawn with, one for each repetition; the same for every claim."""
    return [derive_seed(budget.seed, "guidance", repeat) for repeat in range(budget.n_seeds)]


@lru_cache(maxsize=32)
def tables(seed: int) -> tuple[Table, ...]:
    """Return the bundled tables, each with every one of its targets."""
    return tuple(_table(*column, seed) for column in _columns())


@lru_cache(maxsize=32)
def quadratics(seed: int) -> tuple[Quadratic, ...]:
    """Return the tables, from standard normal starts as in the note's example, and then the ladder."""
    on_tables = []
    for table in tables(seed):
        draw = np.random.default_rng(derive_seed(seed, table.name, "start"))
        start = draw.normal(size=table.X.shape[1] + 1)
        loss = GramLoss(table.X, table.y[:, None])
        on_tables.append(_quadratic(table.name, table.condition, table.X, table.y, loss, start))
    return (*on_tables, *(ladder(*step, seed) for step in LADDER))


def representatives(seed: int) -> list[Quadratic]:
    """Return the eight problems of `REPRESENTATIVES`, tables first."""
    return [problem for problem in quadratics(seed) if problem.name.startswith(REPRESENTATIVES)]


def is_synthetic(problem: str) -> bool:
    """Return whether a problem of this name is a step of the ladder."""
    return problem.startswith("κ")


def cell_name(problem: Quadratic, eta_L: float) -> str:
    """Return the name of a cell: a problem at one ηL."""
    return f"{problem.name}, ηL = {eta_L:g}"


def ladder(
    condition: float, n: int, d: int, noise: float, density: float, rotated: bool, seed: int
) -> Quadratic:
    """Return a linear problem whose Hessian has exactly the condition number asked for.

    The Hessian's eigenvalues are 2λ with λ those of the covariance. The extreme λ have the ratio asked for,
    those between are drawn log-uniformly, and their mean is 1, so that the intercept's, which is 1, lies
    among them. The start, which is 0 up to the noise, has the same excess in every eigen-direction, and its
    whole excess is 1.

    Parameters
    ----------
    condition : float
        κ ≥ 1, over the directions that the data determine.
    n, d : int
        Rows and features; n may be below d where the design is dense and rotated.
    noise : float
        Standard deviation of y's noise.
    density : float
        Share of X that is not zero. The features are divided into blocks, each with rows of its own, so that
        features of different blocks are exactly uncorrelated. The smallest block is one feature.
    rotated : bool
        Whether the eigen-directions mix the features of a block or are the features themselves.
    seed : int

    Returns
    -------
    Quadratic

    Raises
    ------
    ValueError
        If n ≤ d and the design is not dense and rotated.
    """
    name = f"κ = {condition:,.10g}, n {n}, d {d}, noise {noise:g}, density {density:g}, "
    name += "rotated" if rotated else "axis-aligned"
    draw = np.random.default_rng(derive_seed(seed, name))
    rank = min(n - 1, d)
    if rank < d and not (rotated and density == 1):
        raise ValueError("with n ≤ d the design must be dense and rotated")
    variances = _variances(draw, condition, rank)
    X = _design(draw, variances, n, d, density, rotated)
    error = noise * draw.normal(size=n)
    # Half the Hessian: the covariance, with the intercept's direction beside it.
    lam, vectors = np.linalg.eigh(np.pad(X.T @ X / n, (0, 1)) + np.diag([*np.zeros(d), 1.0]))
    determined = lam > lam[-1] * len(lam) * np.finfo(float).eps
    n_determined = determined.sum()
    signs = draw.choice([-1.0, 1.0], n_determined)
    # An offset of 1/√(λ·number of directions) in each direction makes all shares of the excess equal.
    truth = vectors[:, determined] @ (signs / np.sqrt(lam[determined] * n_determined))
    y = X @ truth[:d] + truth[d] + error
    loss = GramLoss(X, y[:, None])
    return _quadratic(name, condition, X, y, loss, loss.reference[:, 0] - truth)


def _variances(draw: np.random.Generator, condition: float, rank: int) -> np.ndarray:
    """Return the covariance's eigenvalues that are not 0, in random order, with mean 1 and the extremes' ratio κ."""
    between = np.exp(draw.uniform(-np.log(condition), 0, max(rank - 2, 0)))
    variances = np.concatenate([[1.0, 1 / condition][:rank], between])
    draw.shuffle(variances)
    variances *= rank / variances.sum()
    return variances


def _design(
    draw: np.random.Generator, variances: np.ndarray, n: int, d: int, density: float, rotated: bool
) -> np.ndarray:
    """Return X, centred, whose covariance has these eigenvalues."""
    X = np.zeros((n, d))
    width = d if density == 1 else max(round(density * d), 1)
    blocks = [np.arange(j, min(j + width, d)) for j in range(0, d, width)]
    for rows, columns in zip(np.array_split(np.arange(n), len(blocks)), blocks, strict=True):
        size = min(len(columns), len(variances))
        raw = draw.normal(size=(len(rows), size))
        left, _ = np.linalg.qr(raw - raw.mean(axis=0))
        block = left * np.sqrt(n * variances[columns[:size]])
        if rotated:
            right, _ = np.linalg.qr(draw.normal(size=(len(columns), len(columns))))
            block = block @ right[:size]
        X[np.ix_(rows, columns)] = block
    return X


def _quadratic(
    name: str, condition: float, X: np.ndarray, y: np.ndarray, loss: GramLoss, start: np.ndarray
) -> Quadratic:
    # Claims share the arrays, so none may change them.
    for array in (X, y, start):
        array.flags.writeable = False
    spectrum = spectrum_at(Objective(loss, 0.0, np.float64), start[:, None])
    return Quadratic(name, condition, spectrum, X, y, start, loss)


def _table(name: str, condition: float, X: np.ndarray, y: np.ndarray, seed: int) -> Table:
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
    """Return each target's name, its table's κ, the columns that it is predicted from, and the target."""
    found = []
    for table, names in TARGETS.items():
        source, _, part = table.partition(", ")
        features, targets = bundled.columns(source.replace(" ", "_"))
        features = {name: column for name, column in features.items() if name.startswith(part)}
        for target in names:
            X = np.column_stack([column for name, column in features.items() if name != target])
            X = X[:, X.std(axis=0) > 0]
            lam = np.linalg.eigvalsh(np.corrcoef(X, rowvar=False))
            # With the intercept, whose eigenvalue is 1.
            condition = max(lam[-1], 1) / min(lam[0], 1)
            found.append((f"{table}: {target}", condition, X, (features | targets)[target]))
    return tuple(found)
