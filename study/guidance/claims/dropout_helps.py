"""Dropout improves generalisation.

Dropout of a linear model's inputs with probability p is, in expectation, ridge with the penalty p/(1 −
p)·mean(xⱼ²) on weight j (docs/theory.md, "Dropout as ridge"). So p is chosen on validation by that identity,
exactly, and `MomentumRegressor` is fitted with the p that is chosen; at p = 0 the fit at convergence is least
squares. A small network drops hidden units, and its η and p are chosen together on validation. The effect is
ln(test loss without dropout / test loss with it); the gap to theory is between the fit's test loss and the
identity's.

References
----------
Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014 (§9.1: what
dropout of the inputs is to a linear model).
"""

from collections.abc import Sequence

import numpy as np

from study.estimator.regressor import MomentumRegressor
from study.figures.panel import Panel, Series
from study.guidance.claim import ROWS_PER_COLUMN, Budget, Claim, Curve, Measurement, Text, Unit
from study.guidance.lab.betas import BETA
from study.guidance.lab.disjoint_parts import (
    LINEAR,
    Parts,
    Source,
    all_parts,
    mean_squared_error,
    minimum,
    panel_of_test_loss,
)
from study.guidance.lab.network import Network, train_with_dropout
from study.guidance.lab.summaries import relative_gap
from study.guidance.lab.two_arms import log_arm_ratio
from study.guidance.lab.wording import WORDS
from study.provenance import derive_seed

RATES = np.array([0.02, 0.05, 0.1, 0.2, 0.35, 0.5])
"""p of the linear model's inputs."""

FIT_EPOCHS, FIT_ETA_L, FIT_ETA_NOISE = 600, 10, 1 / 8
"""Of the fits with dropout: epochs, and the two bounds of η that `_fit` explains."""

NETWORKS: tuple[Source, ...] = (
    ("wine: alcohol", 2),
    ("diabetes: progression", 3),
    ("breast cancer, worst: worst symmetry", 3),
    ("wine: flavanoids", 8),
    ("diabetes: bmi", 8),
    ("breast cancer, worst: worst texture", 8),
)
"""The problems of the network, and how many rows a feature it is trained on."""

HIDDEN_UNITS, NETWORK_EPOCHS = 8, 600
NETWORK_ETAS = np.array([0.5, 2.0])
NETWORK_RATES = np.array([0.1, 0.2, 0.35, 0.5])
"""p of the network's hidden units."""

CURVE_POINTS = 100

NO_DROPOUT, DROPOUT, RIDGE = "no dropout", "dropout", "dropout, ridge identity"
LINEAR_RATE, NETWORK_RATE = "p", "p, network"

CLAIM = Claim(
    id="dropout-helps",
    place=12,
    quote="提高泛化性能",
    claim=Text("Dropout improves generalisation.", "Dropout 可提高泛化性能。"),
    short=Text(
        "dropout with its rate chosen on validation, for test loss",
        "为降低测试损失，用验证集选丢弃率的 Dropout",
    ),
    rule="effect",
    kind="test loss",
    role="remedy",
    arms=(
        Text("dropout rate tuned on validation", "丢弃率在验证集上调优"),
        Text("no dropout", "不用 Dropout"),
    ),
    shown=(
        Text("the ridge penalty that equals dropout in expectation", "期望意义下等价的岭惩罚"),
        Text("a small network", "一个小网络"),
    ),
    separator=ROWS_PER_COLUMN,
    protocol=Text(
        (
            f"{len(LINEAR)} linear models and {len(NETWORKS)} networks with one hidden layer of {HIDDEN_UNITS}. Test "
            "loss without dropout over that with a rate tuned on validation: of the inputs of the linear model "
            f"({WORDS[len(RATES)].en} rates, by the ridge identity, then fitted), of the network's hidden units "
            f"({WORDS[len(NETWORK_RATES)].en} rates, η tuned in both arms). The identity's line is drawn."
        ),
        (
            f"{len(LINEAR)} 个线性模型与 {len(NETWORKS)} 个含 {HIDDEN_UNITS} 个隐藏单元的网络。不用 Dropout 与在验证集上"
            f"调优丢弃率的测试损失之比：线性模型丢弃输入({WORDS[len(RATES)].zh}个丢弃率，由岭回归恒等式选取后拟合)，"
            f"网络丢弃隐藏单元({WORDS[len(NETWORK_RATES)].zh}个丢弃率，两臂都调优 η)。图中画出恒等式。"
        ),
    ),
)


def measure(budget: Budget) -> Measurement:
    """Compare the p that is best on validation with p = 0, for linear models and for networks."""
    units: list[Unit] = []
    curves: list[Curve] = []
    for problem in all_parts(LINEAR, budget, CLAIM.id):
        found, lines = _linear_models(problem, budget)
        units += found
        curves += lines
    ridge, fitted = (np.array([unit.arms[arm] for unit in units]) for arm in (RIDGE, DROPOUT))
    for problem in all_parts(NETWORKS, budget, CLAIM.id):
        found, lines = _networks(problem, budget)
        units += found
        curves += lines
    effects: dict[str, list[float]] = {}
    for unit in units:
        model = "network" if NETWORK_RATE in unit.arms else "linear"
        effects.setdefault(f"{model}, {unit.group}", []).append(unit.effect)
    return Measurement(
        units,
        curves,
        panels=[panel_of_test_loss(units, DROPOUT, NO_DROPOUT), _identity_panel(ridge, fitted)],
        shown={"log ratio of test loss": {name: float(np.mean(own)) for name, own in effects.items()}},
        theory_gap=relative_gap(fitted, ridge),
    )


def _linear_models(problem: Sequence[Parts], budget: Budget) -> tuple[list[Unit], list[Curve]]:
    """Return a problem's units and its mean test loss by p, both of the linear model."""
    units, test_losses = [], []
    for seed, parts in enumerate(problem):
        mean_square = np.mean(parts.train[0] ** 2, axis=0)
        theta = np.array([minimum(parts.train, p / (1 - p) * mean_square) for p in (0.0, *RATES)])
        validation = mean_squared_error(theta, *parts.validation)
        test = mean_squared_error(theta, *parts.test)
        best = 1 + np.argmin(validation[1:])
        rate = float(RATES[best - 1])
        fitted = _fit(parts, rate, derive_seed(budget.seed, CLAIM.id, parts.name, seed, "masks"))
        arms = {
            NO_DROPOUT: float(test[0]),
            DROPOUT: float(mean_squared_error(fitted, *parts.test)),
            LINEAR_RATE: rate,
            RIDGE: float(test[best]),
        }
        effect = log_arm_ratio(arms, NO_DROPOUT, DROPOUT)
        units.append(Unit(parts.name, seed, effect, parts.rows_per_column, parts.group, arms))
        test_losses.append(test)
    mean = np.exp(np.log(test_losses).mean(axis=0))
    name = problem[0].name
    without = np.full(len(RATES), mean[0])
    return units, [Curve(name, DROPOUT, RATES, mean[1:]), Curve(name, NO_DROPOUT, RATES, without)]


def _fit(parts: Parts, rate: float, seed: int) -> np.ndarray:
    """Fit with new masks every epoch, and a cosine schedule that lets their noise die out."""
    X, y = parts.train
    L = 2 * np.linalg.eigvalsh(np.cov(X, rowvar=False, bias=True))[-1]
    # Two bounds of η. FIT_ETA_L is well below ηL = 38, where β = 0.9 diverges. A standardised feature's curvature
    # is 2, and the masks add noise to it of variance p/(1 − p)·d/n, which makes a descent diverge at a large η.
    eta = min(FIT_ETA_L / L, FIT_ETA_NOISE * parts.rows_per_column * (1 - rate) / rate)
    fitted = MomentumRegressor(
        eta, BETA, dropout=rate, schedule="cosine", max_iter=FIT_EPOCHS, tol=None, random_state=seed
    ).fit(X, y)
    return np.append(fitted.coef_, fitted.intercept_)


def _networks(problem: Sequence[Parts], budget: Budget) -> tuple[list[Unit], list[Curve]]:
    """Return a problem's units and its mean test loss by epoch, both of the network."""
    draw = np.random.default_rng(derive_seed(budget.seed, CLAIM.id, problem[0].name, "network"))
    rates = np.array([0.0, *NETWORK_RATES])
    validation, test = train_with_dropout(
        Network(problem[0].train[0].shape[1], HIDDEN_UNITS),
        problem,
        etas=NETWORK_ETAS,
        rates=rates,
        beta=BETA,
        max_iter=NETWORK_EPOCHS,
        points=CURVE_POINTS,
        draw=draw,
    )
    name = f"network, {problem[0].name}"
    units: list[Unit] = []
    paths: dict[str, list[np.ndarray]] = {NO_DROPOUT: [], DROPOUT: []}
    for seed, parts in enumerate(problem):
        arms: dict[str, float] = {}
        for arm, own in ((NO_DROPOUT, slice(0, 1)), (DROPOUT, slice(1, None))):
            losses = validation[seed, :, own]
            eta, rate = np.unravel_index(np.argmin(losses), losses.shape)
            path = test[:, seed, :, own][:, eta, rate]
            arms[arm] = float(path[-1])
            paths[arm].append(path)
            if arm == DROPOUT:
                arms[NETWORK_RATE] = float(rates[own][rate])
        effect = log_arm_ratio(arms, NO_DROPOUT, DROPOUT)
        units.append(Unit(name, seed, effect, parts.rows_per_column, parts.group, arms))
    epochs = np.linspace(NETWORK_EPOCHS / CURVE_POINTS, NETWORK_EPOCHS, CURVE_POINTS)
    return units, [Curve(name, arm, epochs, np.mean(found, axis=0)) for arm, found in paths.items()]


def _identity_panel(ridge: np.ndarray, fitted: np.ndarray) -> Panel:
    """Return the picture of the fits' test losses against those of the identity's ridge."""
    ends = np.array([min(ridge.min(), fitted.min()), max(ridge.max(), fitted.max())])
    return Panel(
        "Linear model: dropout and the ridge identity",
        "test loss of the ridge",
        "test loss with dropout",
        [Series("fitted", ridge, fitted, "measured"), Series("identity", ends, ends, "theory")],
        x_log=True,
        y_log=True,
    )
