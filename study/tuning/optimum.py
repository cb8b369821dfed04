"""The optimum of a study's own objective, where theory knows it: a linear solver at a constant rate.

With a full batch the objective of every pair (β, η) is exact. With mini-batches its expectation over the order of the
rows is known (docs/theory.md, "Mini-batches, predicted"), and so is the largest stable η.
"""

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
from study.tuning.predicted import FEWEST_POINTS, PredictedFolds, work_of_a_pair
from study.tuning.study_data import StudyData

GRID = 100
"""Points a side of the exact surface."""

FINE_GRID = 13
"""Points a side of the finer grids around its least value."""

MOST_REFINEMENTS = 5

MOST_POINTS = 30
"""Most points a side of the expected surface, whose pairs cost far more than those of the exact one."""

STEPS, MOST_MOVES = np.linspace(-1, 1, 7), 7
"""Points a side of the finer grids around its least value, in units of their size, and how many grids there are."""

EXPECTED_WORK = 5e7
"""What the pairs of an expected surface may cost together; about a second on two cores."""


@dataclass(frozen=True)
class Surface:
    """A study's objective over its search box.

    Attributes
    ----------
    betas, etas : ndarray of shape (n,) and (m,)
    objective : ndarray of shape (n, m)
        Infinite where the descent diverges.
    best : Setting
        The least value in the box, found on finer grids.
    is_expected : bool
        Whether the values are expectations, as of mini-batches. Otherwise they are exact.
    """

    betas: np.ndarray
    etas: np.ndarray
    objective: np.ndarray
    best: Setting
    is_expected: bool = False


def is_known(config: Config) -> bool:
    """Whether the objective is known of every β and η without a fit: of a full batch exactly, else in expectation.

    The number of epochs until mini-batches are within 1 % of least squares is not known: the noise of one order of
    the rows lifts its loss above the target at epochs where the expected loss is below it.
    """
    model, search = config.model, config.search
    return (
        SOLVERS[model.solver].is_linear
        and model.dropout == 0
        and model.schedule == "constant"
        and search.alpha is None
        and (model.batch_size is None or search.objective == "val_loss")
    )


def known_surface(data: StudyData, folds: PredictedFolds | None) -> Surface | None:
    """Compute the exact surface, or the expected one where the study has mini-batches.

    Parameters
    ----------
    data : StudyData
    folds : PredictedFolds or None
        What `predict_folds` returns for the data.

    Returns
    -------
    Surface or None
        None where neither is known, or the expected one would cost too much.
    """
    if not is_known(data.config):
        return None
    if not data.has_batches:
        return exact_surface(data)
    return None if folds is None else expected_surface(data, folds)


def exact_surface(data: StudyData) -> Surface:
    """Compute the objective on a grid over the search box, and its least value on finer and finer grids."""
    gaps, etas = _box(data, GRID)
    values = exact_objective(data, 1 - gaps, etas)
    whole_box = 1 - gaps, etas, values
    for _ in range(MOST_REFINEMENTS):
        i, j = _place_of_least(values)
        best = Setting({"beta": float(1 - gaps[i]), "eta": float(etas[j])}, float(values[i, j]))
        gaps, etas = _finer_around(gaps, i), _finer_around(etas, j)
        values = exact_objective(data, 1 - gaps, etas)
        if values.min() >= best.objective:
            break
    return Surface(*whole_box, best)


def expected_surface(data: StudyData, folds: PredictedFolds) -> Surface:
    """Compute the expected objective of mini-batches on a grid over the search box, and its least value.

    The grid is coarse, and the least values often lie in a narrow valley across it. So the finer grids may leave the
    cell that was the best: one whose least value is at its edge is followed by another of the same size.
    """
    side = int(np.clip(math.sqrt(EXPECTED_WORK / work_of_a_pair(data)), FEWEST_POINTS, MOST_POINTS))
    box = _box(data, side)
    surface = folds.objective(1 - box[0], box[1])
    i, j = _place_of_least(surface)
    best, least = (float(box[0][i]), float(box[1][j])), float(surface[i, j])
    spacings = [np.ptp(np.log(points)) / (side - 1) for points in box]
    for _ in range(MOST_MOVES):
        gaps, etas = (
            np.clip(point * np.exp(spacing * STEPS), points.min(), points.max())
            for point, spacing, points in zip(best, spacings, box, strict=True)
        )
        values = folds.objective(1 - gaps, etas)
        i, j = _place_of_least(values)
        is_better = values[i, j] < least
        if is_better:
            best, least = (float(gaps[i]), float(etas[j])), float(values[i, j])
        if not (is_better and {i, j} & {0, len(STEPS) - 1}):
            spacings = [spacing / 3 for spacing in spacings]
    return Surface(1 - box[0], box[1], surface, Setting({"beta": 1 - best[0], "eta": best[1]}, least), True)


def _box(data: StudyData, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return log-spaced points of 1 − β and of η over the search box."""
    beta, eta = data.config.search.beta, data.config.search.eta
    return np.geomspace(1 - beta.low, 1 - beta.high, side), np.geomspace(eta.low, eta.high, side)


def _place_of_least(values: np.ndarray) -> tuple[int, int]:
    i, j = np.unravel_index(np.argmin(values), values.shape)
    return int(i), int(j)


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
    beta, eta = (grid.ravel() for grid in np.meshgrid(betas, etas, indexing="ij"))
    if data.config.search.objective == "epochs":
        arrivals = Arrivals(WITHIN * data.floor, beta.shape)
        by_fold = [
            curves.loss_curves(fold.train, beta, eta, model.max_iter, alpha=model.alpha, solver=model.solver)
            for fold in data.folds
        ]
        for losses in zip(*by_fold, strict=True):
            arrivals.add(_mean([train for train, _ in losses])[None])
        epochs = arrivals.epochs + 1
        result = np.where(epochs > model.max_iter, MISS * model.max_iter, epochs)
    else:
        at_end = [
            curves.losses_after(
                fold.train,
                beta,
                eta,
                model.max_iter,
                held_out=fold.held_out,
                alpha=model.alpha,
                solver=model.solver,
            )
            for fold in data.folds
        ]
        result = _mean([held_out for _, held_out in at_end])
    return np.where(_diverges(data, beta, eta), math.inf, result).reshape(len(betas), len(etas))


def _diverges(data: StudyData, betas: np.ndarray, etas: np.ndarray) -> np.ndarray:
    """Return whether a trial of each pair would be diverged, because the fit of any of its folds is."""
    model = data.config.model
    diverged = np.zeros(len(betas), dtype=bool)
    for fold in data.folds:
        end = curves.objective_after(
            fold.train, betas, etas, model.max_iter, alpha=model.alpha, solver=model.solver
        )
        start = fold.train.mean_square_target
        diverged |= divergence.has_diverged(end, start, start, is_full_batch=model.batch_size is None)
    return diverged


def _mean(losses: Sequence[Any]) -> np.ndarray:
    """Return the mean over folds of the losses of one epoch, infinite where it overflows."""
    with np.errstate(over="ignore"):
        return np.mean(losses, axis=0)


def _finer_around(points: np.ndarray, i: int) -> np.ndarray:
    """Return a finer log-spaced grid between the neighbours of a point."""
    return np.geomspace(points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)], FINE_GRID)
