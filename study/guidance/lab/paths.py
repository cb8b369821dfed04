"""The path of a descent by the estimator's own rule, gradient and loss, seen along the sharpest direction."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from study.descent import closed_form as exact
from study.descent.curves import Spectrum
from study.descent.loop import Optimizer
from study.guidance.lab.quadratics import Quadratic

SETTLED = 1e-6
"""Share of its start at which a direction's excess counts as zero: from there it is no longer followed."""

LONGEST = 3000
"""Most epochs that a path is followed."""

AWAY = 1e6
"""A path ends where its error is so many times that of its start."""


@dataclass(frozen=True)
class Path:
    """What a descent did, epoch by epoch from 0.

    Attributes
    ----------
    error : ndarray of shape (epochs + 1,)
        Along the sharpest direction, as a share of its start.
    excess : ndarray of shape (epochs + 1,)
        Of the training loss, as a share of its start.
    turns : ndarray of shape (epochs - 1,)
        From the second update, whether each as a whole points against the one before it.
    """

    error: np.ndarray
    excess: np.ndarray
    turns: np.ndarray

    @property
    def reversals(self) -> np.ndarray:
        """From the second update, whether each reverses the one before it along the sharpest direction."""
        steps = np.diff(self.error)
        return steps[1:] * steps[:-1] < 0

    @property
    def rises(self) -> np.ndarray:
        """Whether each update raises the loss."""
        return np.diff(self.excess) > 0


def epochs_to_settle(beta: float, sharp: float) -> int:
    """Epochs until the sharpest direction's excess stays settled, which β and ηL alone decide."""
    one = Spectrum(np.ones(1), np.ones(1), 1.0)
    settled = exact.arrivals(one, np.array([beta]), np.array([sharp]), SETTLED)[0]
    return int(min(max(settled, 2), LONGEST))


def follow(problem: Quadratic, beta: float, eta: float) -> Path:
    """Descend until the sharpest direction has settled, or far away if it does not."""
    loss = problem.loss
    vectors = scipy.linalg.eigh(loss.hessian())[1]
    optimizer = Optimizer("momentum", problem.start[:, None].copy(), beta=beta, beta_2=0.0, epsilon=0.0)
    value, gradient = loss(optimizer.theta)
    thetas, values = [optimizer.theta], [value]
    limit = AWAY * float(np.linalg.norm(optimizer.theta - loss.reference))
    for _ in range(epochs_to_settle(beta, eta * problem.spectrum.L)):
        theta = optimizer.update(gradient, eta)
        value, gradient = loss(theta)
        thetas.append(theta)
        values.append(value)
        if not np.abs(theta).max() < limit:
            break
    away = (np.concatenate(thetas, axis=1) - loss.reference).T
    updates = np.diff(away, axis=0)
    along, excess = away @ vectors[:, -1], np.array(values) - loss.least_squares
    turns = np.einsum("ti,ti->t", updates[1:], updates[:-1]) < 0
    return Path(along / along[0], excess / excess[0], turns)
