"""What arms have in common: the grid their η is tuned on, how epochs compare, their curves, the check by fits."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from study.descent import closed_form as exact
from study.descent.curves import Spectrum
from study.estimator.regressor import MomentumRegressor
from study.guidance.claim import Curve
from study.guidance.lab.quadratics import Quadratic

GRID = np.geomspace(0.01, 4000, 320)
"""ηL, for every arm alike: 4 % apart, up to the stability limit of β = 0.999."""

TARGET = 1e-6
"""Share of the starting excess that is graded."""

LOOSE = 1e-2
"""Share of the starting excess that is shown beside it."""

MISS = 2.0 * exact.EPOCHS
"""What a descent costs that has not arrived by the end of the budget."""

FITTED = 3000
"""Longest descent that is repeated by a fit of the estimator."""

POINTS = 100


@dataclass(frozen=True)
class Arm:
    """A setting and the epoch at which it arrives; infinite where it misses."""

    beta: float
    eta: float
    epochs: float

    @property
    def cost(self) -> float:
        """The epochs; twice the budget for a miss."""
        return float(min(self.epochs, MISS))


def tune(
    spectrum: Spectrum,
    betas: Iterable[float],
    target: float,
    grid: np.ndarray = GRID,
    budget: float = exact.EPOCHS,
) -> Arm:
    """The pair of these β and the grid's ηL that arrives first; of equals, the least β, then the least η."""
    pairs = np.meshgrid(np.sort(list(betas)), grid / spectrum.L, indexing="ij")
    beta, eta = (side.ravel() for side in pairs)
    epochs = exact.arrivals(spectrum, beta, eta, target, int(min(budget, exact.EPOCHS)), only_best=True)
    best = int(np.argmin(epochs))
    return Arm(float(beta[best]), float(eta[best]), float(epochs[best]))


def setting(spectrum: Spectrum, beta: float, eta: float, target: float = TARGET) -> Arm:
    """One pair as it is."""
    return Arm(beta, eta, float(exact.arrivals(spectrum, np.array([beta]), np.array([eta]), target)[0]))


def log_ratio(slow: float, fast: float) -> float:
    """How many times sooner the second arrives, as a logarithm; 0 where both miss, both costing the same."""
    return float(np.log(max(slow, 1.0) / max(fast, 1.0)))


class Runs:
    """Every arm's descents, a (problem, arm), from which mean curves are drawn."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], list[tuple[Spectrum, Arm]]] = {}

    def add(self, problem: str, spectrum: Spectrum, arms: dict[str, Arm]) -> None:
        """Add a seed's descents."""
        for name, arm in arms.items():
            self._found.setdefault((problem, name), []).append((spectrum, arm))

    def curves(self) -> list[Curve]:
        """Mean over the seeds of the excess as a share of its start, until the last of them arrives."""
        return [Curve(*key, *_mean_excess(runs)) for key, runs in self._found.items()]


def _mean_excess(runs: list[tuple[Spectrum, Arm]]) -> tuple[np.ndarray, np.ndarray]:
    last = max(min(run.epochs, exact.EPOCHS) for _, run in runs)
    x = np.unique(np.concatenate([[0], np.geomspace(1, max(last, 2), POINTS - 1).round()])).astype(int)
    left = np.mean([exact.excess(spectrum, run.beta, run.eta, x) for spectrum, run in runs], axis=0)
    return x, np.clip(left, 1e-3 * TARGET, 1e6)  # a picture needs neither rounding's floor nor infinity


def fitted_gap(checks: Iterable[tuple[Quadratic, Arm]], target: float = TARGET) -> dict[str, float]:
    """Repeat descents by fits of the estimator, as far as they are short.

    Returns
    -------
    dict
        How many fits, and the largest difference of their arrival from the exact one, in epochs.
    """
    gaps = [
        abs(fitted_arrival(problem, arm, target) - arm.epochs)
        for problem, arm in checks
        if arm.epochs < FITTED
    ]
    return {"fits": len(gaps), "epochs_apart": max(gaps, default=0.0)}


def fitted_arrival(problem: Quadratic, arm: Arm, target: float) -> float:
    """Epoch from which a fit's training excess stays at most the target."""
    epochs = int(arm.epochs) + 50
    fit = MomentumRegressor(arm.eta, arm.beta, tol=None, max_iter=epochs).fit(
        problem.X, problem.y, coef_init=problem.start[:-1], intercept_init=problem.start[-1]
    )
    bottom = problem.loss.least_squares
    start = problem.loss(problem.start[:, None])[0] - bottom
    above = np.flatnonzero(np.array([start, *fit.loss_curve_]) - bottom > target * start)
    return float(above[-1] + 1) if len(above) else 0.0
