"""The exact optimum of a study's own objective, where theory knows it: full batch, constant rate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from study.config import Config
from study.descent import curves, divergence
from study.descent.arrival import WITHIN, Arrivals
from study.descent.solvers import SOLVERS
from study.trial import Setting
from study.tuning.evaluation import MISS
from study.tuning.study_data import StudyData

GRID = 100
"""Points a side of the surface."""

FINE_GRID = 13
"""Points a side of the finer grids around the least value."""

MOST_REFINEMENTS = 5


@dataclass(frozen=True)
class ExactSurface:
    """A study's objective over its search box.

    Attributes
    ----------
    betas, etas : ndarray of shape (n,) and (m,)
    objective : ndarray of shape (n, m)
        Infinite where the descent diverges.
    best : Setting
        The least value in the box, found on finer grids.
    """

    betas: np.ndarray
    etas: np.ndarray
    objective: np.ndarray
    best: Setting


def is_known(config: Config) -> bool:
    """Whether the objective is a quadratic's response surface, in β and η alone."""
    model, search = config.model, config.search
    return (
        SOLVERS[model.solver].is_linear
        and model.batch_size is None
        and model.dropout == 0
        and model.schedule == "constant"
        and search.alpha is None
    )


def exact_surface(data: StudyData) -> ExactSurface:
    """Compute the objective on a grid over the search box, and its least value on finer and finer grids."""
    search = data.config.search
    one_minus_beta = np.geomspace(1 - search.beta.low, 1 - search.beta.high, GRID)
    etas = np.geomspace(search.eta.low, search.eta.high, GRID)
    values = exact_objective(data, 1 - one_minus_beta, etas)
    whole_box = 1 - one_minus_beta, etas, values
    for _ in range(MOST_REFINEMENTS):
        i, j = (int(index) for index in np.unravel_index(np.argmin(values), values.shape))
        best = Setting({"beta": float(1 - one_minus_beta[i]), "eta": float(etas[j])}, float(values[i, j]))
        one_minus_beta = _finer_around(one_minus_beta, i)
        etas = _finer_around(etas, j)
        values = exact_objective(data, 1 - one_minus_beta, etas)
        if values.min() >= best.objective:
            break
    return ExactSurface(*whole_box, best)


def exact_objective(data: StudyData, betas: np.ndarray, etas: np.ndarray) -> np.ndarray:
    """Compute the study's objective on a grid, without a fit (docs/theory.md, "Response surface").

    Parameters
    ----------
    data : StudyData
    betas, etas : ndarray of shape (n,) and (m,)

    Returns
    -------
    ndarray of shape (n, m)
        Infinite where the descent diverges.
    """
    model = data.config.model
    pairs = [grid.ravel() for grid in np.meshgrid(betas, etas, indexing="ij")]
    losses_by_epoch = [
        curves.loss_curves(
            fold.train,
            pairs[0],
            pairs[1],
            model.max_iter,
            held_out=fold.held_out,
            alpha=model.alpha,
            solver=model.solver,
        )
        for fold in data.folds
    ]
    counts_epochs = data.config.search.objective == "epochs"
    arrivals = Arrivals(WITHIN * data.floor, pairs[0].shape)
    for losses in zip(*losses_by_epoch, strict=True):
        if counts_epochs:
            arrivals.add(_mean([train for train, _ in losses])[None])
    if counts_epochs:
        epochs = arrivals.epochs + 1
        result = np.where(epochs > model.max_iter, MISS * model.max_iter, epochs)
    else:
        result = _mean([held_out for _, held_out in losses])
    return np.where(_diverges(data, *pairs), math.inf, result).reshape(len(betas), len(etas))


def _diverges(data: StudyData, betas: np.ndarray, etas: np.ndarray) -> np.ndarray:
    """Return whether a trial of each pair would be diverged, because the fit of any of its folds is."""
    model = data.config.model
    diverged = np.zeros(len(betas), dtype=bool)
    for fold in data.folds:
        end = curves.objective_after(
            fold.train, betas, etas, model.max_iter, alpha=model.alpha, solver=model.solver
        )
        start = fold.train.mean_square_target
        diverged |= divergence.has_diverged(end, start, start)
    return diverged


def _mean(losses: Sequence[Any]) -> np.ndarray:
    """Return the mean over folds of the losses of one epoch, infinite where it overflows."""
    with np.errstate(over="ignore"):
        return np.mean(losses, axis=0)


def _finer_around(points: np.ndarray, i: int) -> np.ndarray:
    """Return a finer log-spaced grid between the neighbours of a point."""
    return np.geomspace(points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)], FINE_GRID)
