"""A check of the exact epochs: short descents are repeated by fits of the estimator."""

from collections.abc import Iterable

import numpy as np

from study.descent.arrival import first_arrival
from study.estimator.regressor import MomentumRegressor
from study.guidance.lab.arms import TARGET, Arm
from study.guidance.lab.quadratics import Quadratic

LONGEST_FIT = 3000
"""A descent that takes so many epochs or more is not repeated."""

EPOCHS_AFTER = 50
"""Epochs of a fit beyond the exact arrival: the excess must stay below the target there."""


def compare_with_fits(checks: Iterable[tuple[Quadratic, Arm]], target: float = TARGET) -> dict[str, float]:
    """Repeat the short descents among these by fits of the estimator.

    Parameters
    ----------
    checks : iterable of (Quadratic, Arm)
    target : float
        The share of the starting excess that the arms' epochs are for.

    Returns
    -------
    dict
        `fits`, how many, and `epochs_apart`, the largest difference of a fit's arrival from the exact one.
    """
    gaps = [
        abs(fitted_arrival(problem, arm, target) - arm.epochs)
        for problem, arm in checks
        if arm.epochs < LONGEST_FIT
    ]
    return {"fits": len(gaps), "epochs_apart": max(gaps, default=0.0)}


def fitted_arrival(problem: Quadratic, arm: Arm, target: float) -> float:
    """Return the epoch from which the training excess of a fit stays at most the target."""
    fit = MomentumRegressor(arm.eta, arm.beta, tol=None, max_iter=int(arm.epochs) + EPOCHS_AFTER)
    fit.fit(problem.X, problem.y, coef_init=problem.start[:-1], intercept_init=problem.start[-1])
    loss = np.array([problem.loss(problem.start[:, None])[0], *fit.loss_curve_])
    excess = loss - problem.loss.least_squares
    return float(first_arrival(excess, target * excess[0]))
