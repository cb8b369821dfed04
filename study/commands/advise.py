"""What the data's eigenvalues say about β and η, without a fit."""

import math

import numpy as np

from study.config import Config
from study.descent import auto, curves, theory
from study.descent.quadratic import GramLoss, Objective
from study.errors import ConfigError
from study.problems import catalogue as data
from study.trial import NOTE

TARGETS = {"1 %": 1e-2, "1e-6": 1e-6}
"""Shares of the starting excess over least squares, by the name that they are shown under."""

MOST_EPOCHS = 20_000


def advise(config: Config) -> str:
    """Return κ, the stability limit, the best pairs and what the note's advice costs, as lines of text.

    Parameters
    ----------
    config : Config
        Its training part is looked at, scaled as the study would scale it; nothing is tuned.

    Raises
    ------
    ConfigError
        If the solver has no exact curves, as Adam and RMSprop have none.
    """
    solver = config.model.solver
    if solver not in ("momentum", "nesterov"):
        raise ConfigError(f"model.solver = {solver!r}: `study advise` knows momentum and nesterov")
    problem = data.load(config.data, config.seed)
    X, _, y, _ = data.split(problem, config.data, config.seed)
    rows = data.pipeline(config.data).fit_transform(X)
    loss = GramLoss(np.asarray(rows), y.to_numpy(), fit_intercept=config.model.fit_intercept)
    objective = Objective(loss, config.model.alpha, np.float64)
    spectrum = curves.spectrum_at(objective, np.zeros((len(objective.penalty), loss.n_targets)))
    mu, L = float(spectrum.eigenvalues[0]), spectrum.L
    long_run = theory.optimal_beta_eta(mu, L)
    # Enough for β*, η* to reach the tighter target, whose excess shrinks by β* an epoch.
    budget = min(MOST_EPOCHS, 200 + int(4 * math.sqrt(L / mu) * math.log(1 / min(TARGETS.values()))))

    def epochs(pair: tuple[float, float], target: float) -> int:
        beta, eta = pair
        arrival = auto.arrivals(
            spectrum, np.array([beta]), np.array([eta]), budget, solver, target, settled=False
        )
        return int(arrival[0])

    best = {
        name: auto.search(spectrum, "auto", "auto", solver=solver, max_iter=budget, target=target)[::-1]
        for name, target in TARGETS.items()
    }
    fixed = {
        name: (0.9, auto.search(spectrum, "auto", 0.9, solver=solver, max_iter=budget, target=target)[0])
        for name, target in TARGETS.items()
    }
    arms = {
        "best for 1 %": dict.fromkeys(TARGETS, best["1 %"]),
        "best for 1e-6": dict.fromkeys(TARGETS, best["1e-6"]),
        "β*, η*": dict.fromkeys(TARGETS, long_run),
        "β = 0.9, its best η": fixed,
        "the note's 0.9, 0.1": dict.fromkeys(TARGETS, (NOTE["beta"], NOTE["eta"])),
    }
    lines = [
        f"{problem.name}: {problem.description}",
        f"condition number κ = {spectrum.condition:.4g}  (curvature from {mu:.3g} to {L:.3g})",
        f"stable at β = 0.9 for η < {theory.stability_limit(0.9, L, solver):.4g}, without momentum for η < {2 / L:.4g}",
        f"best in the long run, for the flattest direction: β* = {long_run[0]:.4g}, η* = {long_run[1]:.4g}",
        "",
        f"{'epochs until the excess over least squares stays below':<55}{'1 %':>14}{'1e-6':>14}",
    ]
    fewest = {name: epochs(best[name], target) for name, target in TARGETS.items()}
    for arm, pairs in arms.items():
        counts = [epochs(pairs[name], target) for name, target in TARGETS.items()]
        shown = [_count(count, least, budget) for count, least in zip(counts, fewest.values(), strict=True)]
        settings = " / ".join(dict.fromkeys(f"β {beta:.3g} η {eta:.3g}" for beta, eta in pairs.values()))
        lines.append(f"  {arm:<22}{settings:<31}{shown[0]:>14}{shown[1]:>14}")
    beta, eta = best["1e-6"]
    nesterov = ", nesterov=True" if solver == "nesterov" else ""
    lines += [
        "",
        f"the best for 1e-6 in PyTorch: SGD(momentum={beta:.4g}, lr={eta * (1 - beta):.4g}{nesterov}) on MSELoss",
    ]
    return "\n".join(lines)


def _count(count: int, least: int, budget: int) -> str:
    if count > budget:
        return f"> {budget}"
    return f"{count}" if count <= least else f"{count} ({count / max(least, 1):.2g}×)"
