"""A study's objective with mini-batches, predicted: its expectation on every fold, and the largest stable η.

The expectation is over the order of the rows (docs/theory.md, "Mini-batches, predicted").
"""

import math
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from study.descent import divergence
from study.descent.expected import RowMoments, expected_loss_curves, largest_stable_eta, row_moments
from study.descent.solvers import SOLVERS
from study.trial import NOTE
from study.tuning.study_data import FoldLosses, StudyData

T = TypeVar("T")

NEAR = 1.1
"""The limit of a fold is looked for between that of another fold and this much less."""

POINTS_PER_DECADE = 5
"""Points of the stability limit in a decade of 1 − β. Between them it is a straight line on log scales."""

BEYOND_BOX = 1.06
"""By how much the stability limit reaches beyond the values of 1 − β that are searched."""


FEWEST_POINTS, MOST_WORK = 20, 2e9
"""A side of the smallest surface, and what its pairs may cost together: about a minute on one core."""

EPOCHS_OF_MAPS = 10
"""What preparing a pair costs, in epochs."""


def predict_folds(data: StudyData) -> "PredictedFolds | None":
    """Return the prediction of a study's folds.

    Returns
    -------
    PredictedFolds or None
        None for a full batch; where the expected loss is not known, as with dropout, a schedule or a solver that is
        not linear; where the penalty is searched too; and where a surface would cost too much. Its cost grows with
        the square of the number of features, and with `max_iter`.
    """
    model = data.config.model
    is_known = SOLVERS[model.solver].is_linear and model.dropout == 0 and model.schedule == "constant"
    if not (is_known and data.has_batches and data.config.search.alpha is None):
        return None
    return PredictedFolds(data) if FEWEST_POINTS**2 * work_of_a_pair(data) <= MOST_WORK else None


def work_of_a_pair(data: StudyData) -> float:
    """What the expected loss of a pair costs: the epochs of all folds and targets, times the features squared."""
    n_features, n_targets = data.folds[0].rows.X.shape[1], data.y.shape[1]
    return len(data.folds) * n_targets * (n_features + 1) ** 2 * (data.config.model.max_iter + EPOCHS_OF_MAPS)


class PredictedFolds:
    """Mini-batch descent on the folds of a study, predicted from their rows' moments.

    Parameters
    ----------
    data : StudyData
        Of a study whose solver is linear, without dropout.
    """

    def __init__(self, data: StudyData) -> None:
        self._model, self._search = data.config.model, data.config.search
        self._folds = data.folds
        self._moments = [
            row_moments(
                fold.rows.X,
                np.asarray(fold.rows.y, dtype=float),
                fit_intercept=self._model.fit_intercept,
                alpha=self._model.alpha,
            )
            for fold in data.folds
        ]

    @cached_property
    def stability_limit(self) -> tuple[np.ndarray, np.ndarray]:
        """Points (β, η) of the limit above which the second moment grows on some fold, to 1 %.

        η is the least over folds of what the moments tell, for β from a little below to a little above what is searched
        and the note's. On few rows it is on the safe side of `study.descent.theory.minibatch_stability_limit`, which
        draws orders of the rows and would take too long for so many β.
        """
        beta = self._search.beta
        gaps = [1 - beta.low, 1 - beta.high, 1 - NOTE["beta"]]
        widest, narrowest = min(max(gaps) * BEYOND_BOX, 1.0), min(gaps) / BEYOND_BOX
        n_points = 2 + int(POINTS_PER_DECADE * math.log10(widest / narrowest))
        betas = 1 - np.geomspace(widest, narrowest, n_points)
        return betas, self.stability_limits(betas)

    def stability_limits(self, betas: np.ndarray) -> np.ndarray:
        """Compute the limit of `stability_limit` for other β, shape (n,)."""
        if not SOLVERS[self._model.solver].uses_beta:
            return np.full(len(betas), self._limit(0.0))
        return np.array(_side_by_side(self._limit, betas))

    def objective(self, betas: np.ndarray, etas: np.ndarray) -> np.ndarray:
        """Compute the mean over folds of the expected validation loss after the last epoch.

        Parameters
        ----------
        betas, etas : ndarray of shape (n,) and (m,)

        Returns
        -------
        ndarray of shape (n, m)
            Infinite where some fold's descent diverges: η is above the stability limit, or the expected training
            loss ends where a fit's would count as diverged.
        """
        gaps, limits = 1 - self.stability_limit[0], self.stability_limit[1]
        limit = np.exp(np.interp(np.log(1 - betas), np.log(gaps[::-1]), np.log(limits[::-1])))
        beta, eta = (grid.ravel() for grid in np.meshgrid(betas, etas, indexing="ij"))
        values = np.full(len(beta), math.inf)
        stable = eta < np.repeat(limit, len(etas))
        if stable.any():
            of_fold = _side_by_side(
                lambda i: self._losses(self._folds[i], self._moments[i], beta[stable], eta[stable]),
                range(len(self._folds)),
            )
            with np.errstate(over="ignore"):
                values[stable] = np.mean(of_fold, axis=0)
        return values.reshape(len(betas), len(etas))

    def _losses(
        self, fold: FoldLosses, moments: RowMoments, betas: np.ndarray, etas: np.ndarray
    ) -> np.ndarray:
        """The expected validation losses of a fold; infinite where the fold's descent diverges."""
        held_out = moments.loss_about_minimum(fold.rows.X_held, np.asarray(fold.rows.y_held, dtype=float))
        train, held = expected_loss_curves(
            moments,
            betas,
            etas,
            self._model.max_iter,
            self._batch_size(moments),
            solver=self._model.solver,
            held_out=held_out,
        )[:, -1]
        start = moments.mean_square_target
        return np.where(divergence.has_diverged(train, start, start, is_full_batch=False), math.inf, held)

    def _limit(self, beta: float) -> float:
        """The least limit of the folds. Of most of them one look is enough: theirs is not below that of another."""
        full_batch = SOLVERS[self._model.solver].stability_limit
        assert full_batch is not None, self._model.solver
        limit = math.inf
        for moments in self._moments:
            own = float(full_batch(beta, float(moments.eigenvalues[-1])))
            limit = largest_stable_eta(
                moments,
                beta,
                self._batch_size(moments),
                min(limit, own),
                lowest=None if math.isinf(limit) else limit / NEAR,
                solver=self._model.solver,
            )
        return limit

    def _batch_size(self, moments: RowMoments) -> int:
        return min(self._model.batch_size or moments.n, moments.n)


def _side_by_side(function: Callable[[Any], T], arguments: Iterable[Any]) -> list[T]:
    """Call a function with every argument, in threads: the compiled recurrence lets others run."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(function, arguments))
