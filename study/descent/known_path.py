"""A full batch whose path is known: the history of `study.descent.loop.descend`, without making the epochs.

In the eigenbasis of the Hessian each direction of a linear rule goes its own way (docs/theory.md, "Response surface"),
so many epochs are a few array operations. It serves where nothing else has to happen after each epoch.
"""

from collections.abc import Callable

import numpy as np

from study.descent.curves import Path
from study.descent.loop import DescentHistory, Optimizer, StoppingRule
from study.descent.quadratic import GramLoss, Objective
from study.descent.solvers import SOLVERS
from study.descent.spectrum import DENSE_SPECTRUM

STRIDE = 512
"""Most epochs that are computed at a time, a power of 2."""

FIRST_LOOK = 1024
"""Epochs after which the stopping rule is asked for the first time; each time after that, four times as many."""


def is_known(objective: Objective, solver: str, max_iter: int) -> bool:
    """Whether the path of a full batch is known, and the eigenvectors cost no more than the epochs."""
    loss = objective.loss
    if not (SOLVERS[solver].is_linear and isinstance(loss, GramLoss)):
        return False
    coordinates = len(objective.penalty)
    # eta="auto" has looked for the eigenvectors already.
    return (
        coordinates <= DENSE_SPECTRUM
        and ("eigenbasis" in vars(objective) or coordinates <= max_iter)
        and bool(np.isfinite(objective.eigenbasis[0]).all())
    )


def descend(
    objective: Objective,
    optimizer: Optimizer,
    eta: float,
    stopping_rule: StoppingRule,
    *,
    max_iter: int,
    are_too_early: Callable[[np.ndarray], np.ndarray],
) -> DescentHistory:
    """Put an optimizer at the end of its descent at a constant rate.

    Parameters
    ----------
    objective : Objective
        One for which `is_known`.
    optimizer : Optimizer
        At the start, with no velocity.
    eta : float
    stopping_rule : StoppingRule
        Not noisy.
    max_iter : int
    are_too_early : callable
        The objective after some epochs, shape (m,) → whether the minimum is still far after each.

    Returns
    -------
    DescentHistory
        Ends at the first loss that is not finite.
    """
    assert isinstance(objective.loss, GramLoss)
    path = Path.of(objective, optimizer.theta)
    # The first two strides are computed together, so few epochs need no more.
    stride = min(STRIDE, 1 << (max_iter // 2).bit_length())
    blocks = path.losses(objective.loss, optimizer.solver, optimizer.beta, eta, stride)
    known: list[tuple[np.ndarray, np.ndarray]] = []
    epochs, history = min(FIRST_LOOK, max_iter), DescentHistory()
    while True:
        while len(known) * stride <= epochs:
            known.append(next(blocks))
        losses, values = (np.concatenate(part)[1 : epochs + 1] for part in zip(*known, strict=True))
        last = int(np.argmin(np.isfinite(losses))) if not np.isfinite(losses).all() else epochs
        ends = stopping_rule.epochs_met(losses[:last])
        ends = ends[~are_too_early(values[ends])]
        history.converged = bool(ends.size)
        if history.converged or last < epochs or epochs == max_iter:
            break
        epochs = min(4 * epochs, max_iter)
    made = int(ends[0]) if history.converged else last
    history.loss_curve = losses[: made + 1].tolist()
    optimizer.updates = len(history.loss_curve)
    history.eta_curve = [eta] * optimizer.updates
    optimizer.theta, optimizer.velocity = path.at(optimizer.updates, optimizer.solver, optimizer.beta, eta)
    return history
