"""Descents followed epoch by epoch by the estimator's own rule, seen along the sharpest direction.

The sharpest direction is the eigenvector of the Hessian's largest eigenvalue L. How the error along it moves
depends on β and ηL alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg

from study.descent import closed_form
from study.descent.divergence import has_diverged
from study.descent.loop import Optimizer
from study.descent.spectrum import Spectrum
from study.guidance.claim import Curve
from study.guidance.lab.quadratics import Quadratic

SETTLED = 1e-6
"""Share of its start at which a direction's excess counts as zero: from there it is no longer followed."""

LONGEST_PATH = 3000
"""Most epochs that a path is followed."""

ERROR_LIMIT = 1e6
"""A path ends where its error is so many times the error at its start."""

CURVE_POINTS = 100
"""Most points of a tracked curve."""


@dataclass(frozen=True)
class Path:
    """What a descent did, epoch by epoch from 0.

    Attributes
    ----------
    error : ndarray of shape (epochs + 1,)
        Along the sharpest direction, as a share of its start.
    excess : ndarray of shape (epochs + 1,)
        Of the training loss over its minimum, as a share of its start.
    turns : ndarray of shape (epochs - 1,)
        For each update from the second, whether its angle to the one before it is above 90 degrees.
    diverged : bool
        Whether the training loss ends above its start.
    """

    error: np.ndarray
    excess: np.ndarray
    turns: np.ndarray
    diverged: bool

    @property
    def reversals(self) -> np.ndarray:
        """For each update from the second, whether it reverses the one before it along the sharpest direction."""
        steps = np.diff(self.error)
        return steps[1:] * steps[:-1] < 0

    @property
    def rises(self) -> np.ndarray:
        """Whether each update raises the loss."""
        return np.diff(self.excess) > 0


def epochs_to_settle(beta: float, eta_L: float) -> int:
    """Return the epochs until the excess of the sharpest direction stays settled; at most `LONGEST_PATH`."""
    one_direction = Spectrum(np.ones(1), np.ones(1), 1.0)
    settled = closed_form.arrivals(one_direction, np.array([beta]), np.array([eta_L]), SETTLED)[0]
    return int(min(max(settled, 2), LONGEST_PATH))


def follow(problem: Quadratic, beta: float, eta: float) -> Path:
    """Descend from the problem's start until the sharpest direction has settled.

    A descent that diverges ends where its error exceeds `ERROR_LIMIT` times the error at the start.
    """
    loss = problem.loss
    optimizer = Optimizer("momentum", problem.start[:, None].copy(), beta=beta, beta_2=0.0, epsilon=0.0)
    value, gradient = loss(optimizer.theta)
    thetas, values = [optimizer.theta], [value]
    limit = ERROR_LIMIT * float(np.linalg.norm(optimizer.theta - loss.reference))
    for _ in range(epochs_to_settle(beta, eta * problem.spectrum.L)):
        theta = optimizer.update(gradient, eta)
        value, gradient = loss(theta)
        thetas.append(theta)
        values.append(value)
        if not np.abs(theta).max() < limit:
            break
    errors = (np.concatenate(thetas, axis=1) - loss.reference).T
    updates = np.diff(errors, axis=0)
    sharpest = scipy.linalg.eigh(loss.hessian())[1][:, -1]
    along, excess = errors @ sharpest, np.array(values) - loss.least_squares
    return Path(
        error=along / along[0],
        excess=excess / excess[0],
        turns=np.einsum("ti,ti->t", updates[1:], updates[:-1]) < 0,
        diverged=bool(has_diverged(values[-1], values[0], loss.mean_square_target)),
    )


def mean_excess_curve(problem: str, arm: str, by_seed: Sequence[Path]) -> Curve:
    """Return the mean excess over the seeds, to the end of the shortest path."""
    last = min(len(path.excess) for path in by_seed) - 1
    epochs = np.unique(np.linspace(0, last, CURVE_POINTS).round().astype(int))
    # A picture on a log scale needs no value at rounding's level.
    mean = np.maximum(np.mean([path.excess[epochs] for path in by_seed], axis=0), 1e-12)
    return Curve(problem, arm, epochs, mean)
