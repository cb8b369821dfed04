"""The exact optimum of a study's own objective, where theory knows it: full batch, constant rate."""

import math
from dataclasses import dataclass

import numpy as np

from study.config import Config
from study.descent import auto, curves
from study.tuning.evaluation import MISS, WITHIN, Split, mean_floor

GRID = 100
"""Points a side of the surface."""


@dataclass(frozen=True)
class Surface:
    """A study's objective over its search box.

    Attributes
    ----------
    betas, etas : ndarray of shape (n,) and (m,)
    objective : ndarray of shape (n, m)
        Infinite where the descent diverges.
    best : dict
        `params` and `objective` of the least value in the box.
    """

    betas: np.ndarray
    etas: np.ndarray
    objective: np.ndarray
    best: dict


def is_known(config: Config) -> bool:
    """Whether the objective is a quadratic's response surface, in β and η alone."""
    model, search = config.model, config.search
    return (
        model.solver in auto.LINEAR
        and model.batch_size is None
        and model.dropout == 0
        and model.schedule == "constant"
        and search.alpha is None
    )


def surface(config: Config, splits: list[Split]) -> Surface:
    """Compute the objective on a grid over the search box, and its least value by zooming in.

    Parameters
    ----------
    config : Config
    splits : list of Split

    Returns
    -------
    Surface
    """
    search = config.search
    slowness = np.geomspace(1 - search.beta.low, 1 - search.beta.high, GRID)
    etas = np.geomspace(search.eta.low, search.eta.high, GRID)
    values = objective(config, splits, 1 - slowness, etas)
    shown = 1 - slowness, etas, values
    for _ in range(5):
        i, j = (int(place) for place in np.unravel_index(np.argmin(values), values.shape))
        best = {
            "params": {"beta": float(1 - slowness[i]), "eta": float(etas[j])},
            "objective": float(values[i, j]),
        }
        slowness = _around(slowness, i, 13)
        etas = _around(etas, j, 13)
        values = objective(config, splits, 1 - slowness, etas)
        if values.min() >= best["objective"]:
            break
    return Surface(*shown, best)


def objective(config: Config, splits: list[Split], betas: np.ndarray, etas: np.ndarray) -> np.ndarray:
    """Return the study's objective on a grid, shape (len(betas), len(etas)), without a fit."""
    pairs = [grid.ravel() for grid in np.meshgrid(betas, etas, indexing="ij")]
    paths = [
        curves.loss_curves(
            split.train,
            pairs[0],
            pairs[1],
            config.model.max_iter,
            held_out=split.held_out,
            alpha=config.model.alpha,
            solver=config.model.solver,
        )
        for split in splits
    ]
    target = WITHIN * mean_floor(splits)
    arrival = np.ones(len(pairs[0]))
    start = np.mean([split.train.power for split in splits])
    for epoch, losses in enumerate(zip(*paths, strict=True), start=1):
        with np.errstate(over="ignore"):
            train, held_out = (np.mean(parts, axis=0) for parts in zip(*losses, strict=True))
        arrival[~(train <= target)] = epoch + 1
    if config.search.objective == "epochs":
        result = np.where(arrival > config.model.max_iter, MISS * config.model.max_iter, arrival)
    else:
        result = held_out
    return np.where(train > start, math.inf, result).reshape(len(betas), len(etas))


def _around(points: np.ndarray, i: int, count: int) -> np.ndarray:
    """A finer log-spaced grid between a point's neighbours."""
    return np.geomspace(points[max(i - 1, 0)], points[min(i + 1, len(points) - 1)], count)
