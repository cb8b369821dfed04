"""Against overfitting: L2 and dropout, on linear models and on a small network.

References
----------
Hoerl & Kennard, "Ridge regression: biased estimation for nonorthogonal problems", 1970.
Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014 (§9.1: what
dropout of the inputs is to a linear model).
"""

from dataclasses import dataclass

import numpy as np

from study.descent import curves
from study.descent.quadratic import GramLoss
from study.estimator.regressor import MomentumRegressor
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.lab import network
from study.guidance.lab.quadratics import ladder, seeds, tables
from study.provenance import derive_seed

CUT = 5
FEW, MANY = f"n/d < {CUT}", f"n/d ≥ {CUT}"
NOISY = (30, 1000, 20, 1.0, 1.0, True)  # a ladder: κ, rows, features, noise, density, rotated

LINEAR = (
    ("linnerud: Pulse", None),
    ("wine: alcohol", 2),
    ("diabetes: progression", 2),
    ("breast cancer: mean texture", 1.5),
    ("breast cancer, worst: worst symmetry", 3),
    ("ladder", 0.8),
    ("ladder", 2),
    ("iris: petal width (cm)", None),
    ("wine: flavanoids", None),
    ("diabetes: progression", None),
    ("breast cancer: mean texture", None),
    ("breast cancer, worst: worst symmetry", None),
    ("ladder", 6),
    ("ladder", 25),
)
"""Problems, and how many rows a feature are trained on; None is 60 % of all."""

NETWORKS = (
    ("wine: alcohol", 2),
    ("diabetes: progression", 3),
    ("breast cancer, worst: worst symmetry", 3),
    ("wine: flavanoids", 8),
    ("diabetes: bmi", 8),
    ("breast cancer, worst: worst texture", 8),
)

ALPHAS = np.geomspace(1e-4, 1e2, 25)
CHANCES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5])
BETA = 0.9
EPOCHS, RATE, NOISE_RATE = 600, 10, 1 / 8  # of the fits with dropout
EARLY_EPOCHS, EARLY_RATE = 500, 1

HIDDEN, NETWORK_EPOCHS = 8, 600
NETWORK_RATES = np.array([0.5, 2.0])
NETWORK_CHANCES = np.array([0.0, 0.1, 0.2, 0.35, 0.5])


@dataclass(frozen=True)
class Parts:
    """Rows to train on, to tune on and to grade on, standardised by the first.

    Attributes
    ----------
    name : str
    train, validation, test : tuple of ndarray
        X and y of each.
    """

    name: str
    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    test: tuple[np.ndarray, np.ndarray]

    @property
    def ratio(self) -> float:
        """n/d."""
        return self.train[0].shape[0] / self.train[0].shape[1]

    @property
    def group(self) -> str:
        return FEW if self.ratio < CUT else MANY


def l2_helps(budget: Budget) -> Measurement:
    """Test loss of a linear model at convergence, α tuned on validation against α = 0, in closed form.

    Without a penalty and with fewer rows than features, the descent from 0 converges to the least squares of
    least norm. Stopping at the epoch that is best on validation is shown beside it.
    """
    units, curves = [], []
    for problem in _all_parts(LINEAR, budget, "l2-helps"):
        along = []
        for seed, parts in enumerate(problem):
            weights = np.array([_minimum(parts.train, alpha) for alpha in (0.0, *ALPHAS)])
            validation, test = _loss(weights, *parts.validation), _loss(weights, *parts.test)
            best = 1 + np.argmin(validation[1:])
            arms = {
                "no penalty": float(test[0]),
                "L2": float(test[best]),
                "α": float(ALPHAS[best - 1]),
                "no penalty, epochs tuned": _early_stopped(parts),
            }
            effect = float(np.log(test[0] / test[best]))
            units.append(Unit(parts.name, seed, effect, parts.ratio, parts.group, arms))
            along.append(test)
        mean = np.exp(np.log(along).mean(axis=0))
        curves.append(Curve(parts.name, "L2", ALPHAS, mean[1:]))
        curves.append(Curve(parts.name, "no penalty", ALPHAS, np.full(len(ALPHAS), mean[0])))

    def gain(other, group):
        arms = [u.arms for u in units if u.group == group]
        return float(np.mean([np.log(raw["no penalty"] / raw[other]) for raw in arms]))

    shown = {
        f"log ratio of test loss, no penalty over {other}, {group}": gain(other, group)
        for other in ("L2", "no penalty, epochs tuned")
        for group in (FEW, MANY)
    }
    return Measurement(units, curves, [_gain_panel(units, "L2", "no penalty")], shown, exact=True)


def dropout_helps(budget: Budget) -> Measurement:
    """Test loss at convergence, dropout's p tuned on validation against p = 0: linear models and a network.

    Dropout of a linear model's inputs is, in expectation, ridge with penalty p/(1 − p)·mean(x_j²) on w_j
    (GUIDANCE §3), so p is tuned by that identity, exactly; what is graded is `MomentumRegressor` fitted
    with the p so found. Its converged fit at p = 0 is least squares. The gap is between the fit's test loss and
    the identity's. The network drops hidden units; its η and p are tuned together on validation.
    """
    units, curves, pairs = [], [], []
    for problem in _all_parts(LINEAR, budget, "dropout-helps"):
        along = []
        for seed, parts in enumerate(problem):
            ridge = np.array([_minimum(parts.train, _penalty(parts, p)) for p in (0.0, *CHANCES)])
            validation, expected = _loss(ridge, *parts.validation), _loss(ridge, *parts.test)
            best = 1 + np.argmin(validation[1:])
            chance = float(CHANCES[best - 1])
            fitted = _fit(parts, chance, derive_seed(budget.seed, "dropout-helps", parts.name, seed, "masks"))
            test = float(_loss(fitted, *parts.test))
            arms = {"no dropout": float(expected[0]), "dropout": test, "p": chance}
            arms["dropout, ridge identity"] = float(expected[best])
            effect = float(np.log(expected[0] / test))
            units.append(Unit(parts.name, seed, effect, parts.ratio, parts.group, arms))
            pairs.append((expected[best], test))
            along.append(expected)
        mean = np.exp(np.log(along).mean(axis=0))
        curves.append(Curve(parts.name, "dropout", CHANCES, mean[1:]))
        curves.append(Curve(parts.name, "no dropout", CHANCES, np.full(len(CHANCES), mean[0])))
    for problem in _all_parts(NETWORKS, budget, "dropout-helps"):
        found, lines = _train_networks(problem, budget)
        units += found
        curves += lines
    points = np.array(pairs)
    ends = np.array([points.min(), points.max()])
    identity = Panel(
        "Linear model: dropout and the ridge identity",
        "test loss of the ridge",
        "test loss with dropout",
        [
            Series("fitted", points[:, 0], points[:, 1], "measured"),
            Series("identity", ends, ends, "theory"),
        ],
        x_log=True,
        y_log=True,
    )
    effects: dict[str, list] = {}
    for unit in units:
        kind = "network" if "p, network" in unit.arms else "linear"
        effects.setdefault(f"{kind}, {unit.group}", []).append(unit.effect)
    shown = {"log ratio of test loss": {name: float(np.mean(found)) for name, found in effects.items()}}
    gap = float(np.median(np.abs(points[:, 1] / points[:, 0] - 1)))
    return Measurement(units, curves, [_gain_panel(units, "dropout", "no dropout"), identity], shown, gap)


def _all_parts(problems, budget, claim):
    """Each problem as one Parts a seed."""
    for source, rows in problems:
        yield [
            _parts(source, rows, seed, derive_seed(budget.seed, claim, source, rows, i))
            for i, seed in enumerate(seeds(budget))
        ]


def _parts(source, rows, seed, split_seed):
    if source == "ladder":
        drawn = ladder(*NOISY, seed)
        X, y, source = drawn.X, drawn.y, drawn.name
    else:
        table = next(t for t in tables(seed) if t.name == source)
        X, y = np.vstack([table.X, table.X_test]), np.concatenate([table.y, table.y_test])
    n = round(0.6 * len(y)) if rows is None else max(round(rows * X.shape[1]), 4)
    order = np.random.default_rng(split_seed).permutation(len(y))
    parts = np.split(order, [n, n + max(n // 3, 2)])
    centre, scale = X[parts[0]].mean(axis=0), X[parts[0]].std(axis=0)
    X = (X - centre) / np.where(scale > 0, scale, 1.0)
    split = [(np.ascontiguousarray(X[part]), y[part]) for part in parts]
    return Parts(f"{source}, n/d {n / X.shape[1]:.2g}", *split)


def _minimum(train, penalty):
    """Weights, then the intercept, that minimise mean((y − Xw − b)²) + Σ penalty·w²: of least norm at 0."""
    X, y = train
    centred = X - X.mean(axis=0)
    moments = centred.T @ centred / len(y) + np.diag(np.broadcast_to(penalty, X.shape[1]))
    weights = np.linalg.pinv(moments, hermitian=True, rcond=1e-12) @ (centred.T @ y / len(y))
    return np.append(weights, y.mean() - X.mean(axis=0) @ weights)


def _penalty(parts, chance):
    return chance / (1 - chance) * np.mean(parts.train[0] ** 2, axis=0)


def _loss(theta, X, y):
    """Mean squared error of each row of weights and intercept."""
    return np.mean((theta[..., :-1] @ X.T + theta[..., -1:] - y) ** 2, axis=-1)


def _fit(parts, chance, seed):
    """A descent with masks anew each epoch and a cosine schedule, which lets their noise die out."""
    X, y = parts.train
    L = 2 * np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[-1]
    # Well below 38/L, where β = 0.9 diverges, and below where the masks' noise, of variance
    # p/(1 − p) · d/n to the curvature 2 of a standardised feature, would make it diverge.
    eta = min(RATE / L, NOISE_RATE * parts.ratio * (1 - chance) / chance)
    fitted = MomentumRegressor(
        eta, BETA, dropout=chance, schedule="cosine", max_iter=EPOCHS, tol=None, random_state=seed
    ).fit(X, y)
    return np.append(fitted.coef_, fitted.intercept_)


def _early_stopped(parts):
    """Test loss at the epoch whose validation loss is the least."""
    train = GramLoss(parts.train[0], parts.train[1][:, None])
    L = np.linalg.eigvalsh(train.hessian())[-1]

    def curve(X, y):
        held_out = GramLoss(X, y[:, None])
        surface = curves.loss_curves(train, [BETA], [EARLY_RATE / L], EARLY_EPOCHS, held_out=held_out)
        return np.array([loss[0] for _, loss in surface])

    return float(curve(*parts.test)[np.argmin(curve(*parts.validation))])


def _train_networks(problem, budget):
    """Units and curves of a problem for the network: every seed, η and p trained side by side."""
    X, y = (np.stack([p.train[i] for p in problem])[:, None, None] for i in (0, 1))
    draw = np.random.default_rng(derive_seed(budget.seed, "dropout-helps", problem[0].name, "network"))
    net = network.Network(X.shape[-1], HIDDEN)
    # Axes: seed, η, p.
    lanes = (len(problem), len(NETWORK_RATES), len(NETWORK_CHANCES))
    theta = np.broadcast_to(net.start(draw, len(problem))[:, None, None], (*lanes, net.size))
    chance, eta = np.broadcast_to(NETWORK_CHANCES, lanes), np.broadcast_to(NETWORK_RATES[:, None], lanes)
    held = {part: [getattr(p, part) for p in problem] for part in ("validation", "test")}

    def losses(part, theta):
        found = [net.loss(theta[s], *rows) for s, rows in enumerate(held[part])]
        return np.where(np.isfinite(found), found, np.inf)

    tests = []
    descent = network.descend(
        net, theta, X, y, solver="momentum", eta=eta, beta=BETA, max_iter=NETWORK_EPOCHS,
        hidden_dropout=chance, draw=draw,
    )  # fmt: skip
    for epoch, theta in enumerate(descent, start=1):
        if epoch % (NETWORK_EPOCHS // 100) == 0:
            tests.append(losses("test", theta))
    path, validation = np.array(tests), losses("validation", theta)
    arms = {"no dropout": validation[:, :, :1], "dropout": validation[:, :, 1:]}
    name = f"network, {problem[0].name}"
    at, by_arm = np.linspace(NETWORK_EPOCHS / 100, NETWORK_EPOCHS, 100), {}
    for first, (arm, tuned) in enumerate(arms.items()):
        best = [np.unravel_index(np.argmin(row), row.shape) for row in tuned]
        chances = NETWORK_CHANCES[first:]
        by_arm[arm] = [(path[:, s, i, j + first], chances[j]) for s, (i, j) in enumerate(best)]
    units = []
    for s, parts in enumerate(problem):
        raw = {arm: float(found[s][0][-1]) for arm, found in by_arm.items()}
        raw["p, network"] = float(by_arm["dropout"][s][1])
        effect = float(np.log(raw["no dropout"] / raw["dropout"]))
        units.append(Unit(name, s, effect, parts.ratio, parts.group, raw))
    curves = [
        Curve(name, arm, at, np.mean([line for line, _ in found], axis=0)) for arm, found in by_arm.items()
    ]
    return units, curves


def _gain_panel(units, arm, base):
    series = [
        Series(
            group,
            np.array([u.separator for u in units if u.group == group]),
            np.array([u.arms[arm] / u.arms[base] for u in units if u.group == group]),
            "measured",
            group,
        )
        for group in (FEW, MANY)
    ]
    span = np.array([min(u.separator for u in units), max(u.separator for u in units)])
    series.append(Series("equal", span, np.ones(2), "reference"))
    return Panel("Test loss", "n/d", f"{arm} / {base}", series, x_log=True, y_log=True)
