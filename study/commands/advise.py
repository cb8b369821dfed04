"""`study advise`: what the data's eigenvalues say about β and η, without a fit."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from study.config import Config
from study.descent import auto, theory
from study.descent.quadratic import GramLoss, Objective
from study.descent.spectrum import Spectrum, spectrum_at
from study.errors import ConfigError
from study.problems import catalogue, splits
from study.trial import NOTE

TARGETS = {"1 %": 1e-2, "1e-6": 1e-6}
"""Shares of the starting excess over least squares, by the name that they are shown under."""

SOLVERS = ("momentum", "nesterov")
"""The solvers whose settings can be advised on."""

USUAL_BETA = NOTE["beta"]

MOST_EPOCHS = 20_000

Pair = tuple[float, float]
"""β and η."""


@dataclass(frozen=True)
class Option:
    """A way to choose β and η, and what it costs.

    Attributes
    ----------
    name : str
    pairs : dict of str to tuple (beta, eta)
        By the name of the target that it is chosen for.
    epochs : dict of str to int
        Until the excess stays below the target, by the target's name. More than `Advice.most_epochs` where
        it does not get there within so many epochs.
    """

    name: str
    pairs: Mapping[str, Pair]
    epochs: Mapping[str, int]


@dataclass(frozen=True)
class Advice:
    """What the eigenvalues of a study's training rows say.

    Attributes
    ----------
    problem, description : str
    solver : str
    smallest_curvature, largest_curvature, condition : float
        μ, L and κ = L/μ of the training loss.
    limit_with_momentum, limit_without : float
        The η at and above which the descent diverges, at β = 0.9 and at β = 0.
    long_run : tuple (beta, eta)
        β* and η*, the best asymptotic rate (docs/theory.md, "Convergence rate").
    best : dict of str to tuple (beta, eta)
        The pair that is soonest at a target, by the target's name.
    fewest_epochs : dict of str to int
        What that pair needs.
    options : list of Option
    most_epochs : int
        How many epochs were looked at.
    """

    problem: str
    description: str
    solver: str
    smallest_curvature: float
    largest_curvature: float
    condition: float
    limit_with_momentum: float
    limit_without: float
    long_run: Pair
    best: Mapping[str, Pair]
    fewest_epochs: Mapping[str, int]
    options: list[Option]
    most_epochs: int


def advise(config: Config) -> str:
    """Return κ, the stability limit, the best pairs and what the note's advice costs, as lines of text.

    Parameters
    ----------
    config : Config
        The training part of its data is read, scaled as the study would scale it; nothing is tuned.

    Raises
    ------
    ConfigError
        If the solver has no exact curves, as Adam and RMSprop have none.
    """
    return text(compute_advice(config))


def compute_advice(config: Config) -> Advice:
    """Compute the advice from the exact excess curves of the training loss.

    Raises
    ------
    ConfigError
        If the solver is not one of `SOLVERS`.
    """
    solver = config.model.solver
    if solver not in SOLVERS:
        raise ConfigError(f"model.solver = {solver!r}: `study advise` knows {' and '.join(SOLVERS)}")
    problem = catalogue.load(config.data, config.seed)
    X, _, y, _ = splits.train_test(problem, config.data, config.seed)
    spectrum = _spectrum(config, splits.scaling_pipeline(config.data).fit_transform(X), y.to_numpy())
    mu, L = float(spectrum.eigenvalues[0]), spectrum.L
    # With β* and η* the excess shrinks by about 1 − 4/√κ an epoch; so many epochs are enough for them to reach
    # the smaller target.
    enough = 200 + int(4 * math.sqrt(L / mu) * math.log(1 / min(TARGETS.values())))
    most_epochs = min(MOST_EPOCHS, enough)

    def best_pair(beta: float | Literal["auto"], target: float) -> Pair:
        eta, beta = auto.search(spectrum, "auto", beta, solver=solver, max_iter=most_epochs, target=target)
        return beta, eta

    def epochs(pair: Pair, target: float) -> int:
        beta, eta = np.array([pair[0]]), np.array([pair[1]])
        found = auto.arrivals(spectrum, beta, eta, most_epochs, solver, target, only_soonest=False)
        return int(found[0])

    def option(name: str, pairs: Mapping[str, Pair]) -> Option:
        return Option(name, pairs, {target: epochs(pairs[target], TARGETS[target]) for target in TARGETS})

    def same_pair(pair: Pair) -> Mapping[str, Pair]:
        return dict.fromkeys(TARGETS, pair)

    long_run = theory.optimal_beta_eta(mu, L)
    best = {name: best_pair("auto", target) for name, target in TARGETS.items()}
    usual_beta = {name: best_pair(USUAL_BETA, target) for name, target in TARGETS.items()}
    return Advice(
        problem=problem.name,
        description=problem.description,
        solver=solver,
        smallest_curvature=mu,
        largest_curvature=L,
        condition=spectrum.condition,
        limit_with_momentum=theory.stability_limit(USUAL_BETA, L, solver),
        limit_without=theory.stability_limit(0.0, L, solver),
        long_run=long_run,
        best=best,
        fewest_epochs={name: epochs(best[name], target) for name, target in TARGETS.items()},
        options=[
            *(option(f"best for {name}", same_pair(pair)) for name, pair in best.items()),
            option("β*, η*", same_pair(long_run)),
            option(f"β = {USUAL_BETA:g}, its best η", usual_beta),
            option(f"the note's {NOTE['beta']:g}, {NOTE['eta']:g}", same_pair((NOTE["beta"], NOTE["eta"]))),
        ],
        most_epochs=most_epochs,
    )


def text(advice: Advice) -> str:
    """Write the advice for a terminal."""
    beta_star, eta_star = advice.long_run
    lines = [
        f"{advice.problem}: {advice.description}",
        f"condition number κ = {advice.condition:.4g}  (curvature from {advice.smallest_curvature:.3g} "
        f"to {advice.largest_curvature:.3g})",
        f"stable at β = {USUAL_BETA:g} for η < {advice.limit_with_momentum:.4g}, without momentum for "
        f"η < {advice.limit_without:.4g}",
        f"best in the long run, for the flattest direction: β* = {beta_star:.4g}, η* = {eta_star:.4g}",
        "",
        f"{'epochs until the excess over least squares stays below':<55}"
        + "".join(f"{name:>14}" for name in TARGETS),
    ]
    for option in advice.options:
        pairs = " / ".join(dict.fromkeys(f"β {beta:.3g} η {eta:.3g}" for beta, eta in option.pairs.values()))
        counts = [
            _count(option.epochs[name], advice.fewest_epochs[name], advice.most_epochs) for name in TARGETS
        ]
        lines.append(f"  {option.name:<22}{pairs:<31}" + "".join(f"{count:>14}" for count in counts))
    hardest = min(TARGETS, key=TARGETS.__getitem__)
    beta, eta = advice.best[hardest]
    nesterov = ", nesterov=True" if advice.solver == "nesterov" else ""
    lines += [
        "",
        f"the best for {hardest} in PyTorch: SGD(momentum={beta:.4g}, lr={eta * (1 - beta):.4g}{nesterov}) on MSELoss",
    ]
    return "\n".join(lines)


def _spectrum(config: Config, X: np.ndarray, y: np.ndarray) -> Spectrum:
    """Return the spectrum of a study's training loss, with the excess of a start at zero."""
    loss = GramLoss(np.asarray(X), y, fit_intercept=config.model.fit_intercept)
    objective = Objective(loss, config.model.alpha, np.float64)
    return spectrum_at(objective, np.zeros((len(objective.penalty), loss.n_targets)))


def _count(epochs: int, fewest: int, most: int) -> str:
    """Write a number of epochs, and how many times the fewest it is."""
    if epochs > most:
        return f"> {most}"
    return f"{epochs}" if epochs <= fewest else f"{epochs} ({epochs / max(fewest, 1):.2g}×)"
