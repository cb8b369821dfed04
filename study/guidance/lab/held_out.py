"""Problems with rows held out, and the exact held-out loss of descents on the others.

The held-out loss is a second quadratic in the same weights, so it is known after every epoch for every pair
(β, η) without a fit (docs/theory.md, "Response surface").
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split

from study.descent.curves import loss_curves
from study.descent.divergence import has_diverged
from study.descent.quadratic import GramLoss
from study.guidance.lab.quadratics import LADDER, TEST_SIZE, ladder, tables
from study.provenance import derive_seed


@dataclass(frozen=True)
class HeldOutProblem:
    """A problem's name, its κ, and the losses of its training rows and of its held-out rows."""

    name: str
    condition: float
    train: GramLoss
    held_out: GramLoss


def held_out_problems(seed: int, nth: int) -> Iterator[HeldOutProblem]:
    """Yield every nth table target and every nth step of the ladder, with rows held out of both."""
    for table in tables(seed)[::nth]:
        train, held_out = GramLoss(table.X, table.y[:, None]), GramLoss(table.X_test, table.y_test[:, None])
        yield HeldOutProblem(table.name, table.condition, train, held_out)
    for problem in (ladder(*step, seed) for step in LADDER[::nth]):
        state = derive_seed(seed, problem.name, "split")
        X, X_test, y, y_test = train_test_split(
            problem.X, problem.y[:, None], test_size=TEST_SIZE, random_state=state
        )
        yield HeldOutProblem(problem.name, problem.condition, GramLoss(X, y), GramLoss(X_test, y_test))


def held_out_path(problem: HeldOutProblem, betas: np.ndarray, etas: np.ndarray, epochs: int) -> np.ndarray:
    """Return the held-out loss after every epoch of every pair, as `with_worst_where_diverged` gives it.

    Parameters
    ----------
    problem : HeldOutProblem
    betas, etas : ndarray of shape (pairs,)
    epochs : int

    Returns
    -------
    ndarray of shape (epochs, pairs)
    """
    losses = np.array(
        list(loss_curves(problem.train, betas, etas, epochs, held_out=problem.held_out)), dtype=float
    )
    return with_worst_where_diverged(
        losses[:, 0], losses[:, 1], problem.train.mean_square_target, problem.held_out.mean_square_target
    )


def with_worst_where_diverged(
    train: np.ndarray, held_out: np.ndarray, train_start: float, held_out_start: float
) -> np.ndarray:
    """Return the held-out losses, with the worst of all as the last loss of each descent that diverges.

    Parameters
    ----------
    train, held_out : ndarray of shape (epochs, pairs)
        Losses after each epoch of a descent from zero.
    train_start, held_out_start : float
        Losses at zero, which are the means of the squared targets.

    Returns
    -------
    ndarray of shape (epochs, pairs)
        The worst is the largest of the start's loss and the last losses of descents that do not diverge; no value
        is above it.
    """
    diverged = has_diverged(train[-1], train_start, train_start)
    worst = max(held_out_start, held_out[-1, ~diverged].max())
    path = np.minimum(held_out, worst)
    path[-1, diverged] = worst
    return path
