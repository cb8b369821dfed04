"""The data of the benchmarks: problems that the defaults were chosen on, and others that nothing was chosen on."""

import numpy as np
import statsmodels.api
from sklearn.preprocessing import StandardScaler

from study.guidance.lab.quadratics import ladder, quadratics, tables
from study.problems import bundled

MOST_KAPPA = 1e5
"""Condition number above which a problem is left out: least squares itself is then uncertain."""

OTHER_TARGETS = {
    "iris": ("sepal length (cm)", "sepal width (cm)"),
    "wine": ("malic_acid", "hue", "color_intensity"),
    "diabetes": ("bp", "s5", "s6"),
    "breast_cancer": ("mean smoothness", "area error", "worst concavity"),
    "digits": ("pixel_3_3", "pixel_5_2"),
}
"""Columns of scikit-learn's tables that no study, claim or test of this project predicts."""

STATSMODELS = {
    "anes96": "PID", "ccard": "AVGEXP", "committee": "BILLS104", "copper": "WORLDCONSUMPTION", "cpunish": "EXECUTIONS",
    "fair": "affairs", "grunfeld": "invest", "longley": "TOTEMP", "modechoice": "choice", "randhie": "mdvis",
    "scotland": "YES", "spector": "GRADE", "stackloss": "STACKLOSS", "star98": "NABOVE", "statecrime": "murder",
}  # fmt: skip
"""Tables that come with statsmodels, and the column predicted from all other numbers."""

HEAVY_TAILS = {
    "t, 4 d.f., 200×5": (200, 5),
    "t, 4 d.f., 500×10": (500, 10),
    "t, 4 d.f., 2,000×20": (2000, 20),
}
"""Rows and features of synthetic problems whose features and noise are Student's t with 4 degrees of freedom."""

MANY_ROWS, LARGE_KAPPA = 100_000, (10, 100, 1000)
"""Rows and condition numbers of the large problems."""

Data = dict[str, tuple[np.ndarray, np.ndarray]]
"""X of shape (n, d), standardised, and y of shape (n,), by name."""


def known() -> Data:
    """The bundled tables with the targets of the guidance, and its synthetic ladder."""
    found = {table.name: (table.X, table.y) for table in tables(0)}
    for problem in quadratics(0):
        if problem.name not in found and problem.condition <= MOST_KAPPA:
            found[problem.name] = problem.X, problem.y
    return found


def fresh() -> Data:
    """statsmodels' tables, scikit-learn's under other targets, and rows with heavy tails."""
    found = {}
    for name, target in STATSMODELS.items():
        table = getattr(statsmodels.api.datasets, name).load_pandas().data.select_dtypes("number").dropna()
        found[f"{name}: {target}"] = table.drop(columns=target).to_numpy(float), table[target].to_numpy(float)
    for name, targets in OTHER_TARGETS.items():
        features, others = bundled.columns(name)
        for target in targets:
            X = np.column_stack([column for other, column in features.items() if other != target])
            found[f"{name}: {target}"] = X, (features | others)[target]
    for name, (n, d) in HEAVY_TAILS.items():
        draw = np.random.default_rng(n)
        X = draw.standard_t(4, size=(n, d)) @ draw.normal(size=(d, d))
        found[name] = X, X @ draw.normal(size=d) / d + draw.standard_t(4, size=n)
    standardised = {name: _standardised(*data) for name, data in found.items()}
    return {
        name: (X, y)
        for name, (X, y) in standardised.items()
        if len(y) > X.shape[1] + 1 and np.linalg.cond(X) ** 2 <= MOST_KAPPA
    }


def large() -> Data:
    """Problems of the ladder's kind with many rows."""
    steps = [ladder(kappa, MANY_ROWS, 20, 0.3, 1.0, True, 0) for kappa in LARGE_KAPPA]
    return {step.name: (step.X, step.y) for step in steps}


def _standardised(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    varies = X.std(axis=0) > 0
    scale = StandardScaler()
    return scale.fit_transform(X[:, varies]), scale.fit_transform(y[:, None])[:, 0]
