"""The data of a study, loaded, split and scaled: what the trials and the summary work on."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from study import provenance
from study.config import Config
from study.descent.quadratic import GramLoss
from study.problems import catalogue
from study.problems.preparation import feature_names, preparation
from study.problems.problem import Problem
from study.problems.splits import Fold, fold_count, k_folds, train_test
from study.tuning.samplers import check_library


@dataclass(frozen=True)
class FoldLosses:
    """A fold, and the mean squared error of both its parts in the form that all trials share.

    Attributes
    ----------
    rows : Fold
    train, held_out : GramLoss
        Each computed once from the moments of its part.
    """

    rows: Fold
    train: GramLoss
    held_out: GramLoss


@dataclass(frozen=True)
class StudyData:
    """A config and its data.

    Attributes
    ----------
    config : Config
        Its `data.n_splits` is how many folds there are, also where it was left out.
    problem : Problem
    X, y : DataFrame of shape (n, d) and (n, k)
        The rows to tune on, not scaled.
    X_test, y_test : DataFrame of shape (m, d) and (m, k)
        The rows held out until the end of the study, not scaled.
    folds : list of FoldLosses
        Of `X` and `y`, scaled.
    """

    config: Config
    problem: Problem
    X: pd.DataFrame
    X_test: pd.DataFrame
    y: pd.DataFrame
    y_test: pd.DataFrame
    folds: list[FoldLosses]

    @cached_property
    def hash(self) -> str:
        """The hash of the columns and values that are used."""
        return provenance.data_hash(self.problem.X, self.problem.y)

    @cached_property
    def floor(self) -> float:
        """The folds' mean least-squares training loss, below which no setting can go."""
        return float(np.mean([fold.train.least_squares for fold in self.folds]))

    @cached_property
    def curvature(self) -> float:
        """The largest curvature of any fold's objective, on which the stability limit rests."""
        largest = max(np.linalg.eigvalsh(fold.train.hessian())[-1] for fold in self.folds)
        return float(largest) + 2 * self.config.model.alpha

    @cached_property
    def feature_names(self) -> list[str]:
        """The features of the whole training part, then those that only some fold has."""
        whole = feature_names(preparation(self.problem, self.config.data, len(self.X)).fit(self.X))
        return list(
            dict.fromkeys([*whole, *(name for fold in self.folds for name in fold.rows.feature_names)])
        )

    @property
    def has_batches(self) -> bool:
        """Whether the trials fit mini-batches: a batch is smaller than the rows of some fold."""
        batch_size = self.config.model.batch_size
        return batch_size is not None and any(batch_size < len(fold.rows.y) for fold in self.folds)

    @property
    def loss_unit(self) -> str:
        """The name of the loss, with its unit."""
        targets = self.problem.y.columns
        return f"MSE ({targets[0]}²)" if len(targets) == 1 else "MSE (mean over targets)"

    @property
    def weight_unit(self) -> str:
        """The name of a weight, with its unit."""
        targets = self.problem.y.columns
        per = "standard deviation" if self.config.data.scale else "unit"
        return f"Weight ({targets[0] if len(targets) == 1 else 'target'} per {per} of the feature)"


def load_study_data(config: Config, problem: Problem | None = None) -> StudyData:
    """Load, split and scale the problem that a config names.

    Parameters
    ----------
    config : Config
    problem : Problem, optional
        A problem in memory, where the config names none.

    Raises
    ------
    ConfigError
        If the rows are too few for the test part or the folds, or if the sampler needs a library that is
        not installed.
    TableError
        If a person's table cannot be read or used.
    """
    check_library(config.search)
    problem = catalogue.load(config.data, config.seed) if problem is None else problem
    X, X_test, y, y_test = train_test(problem, config.data, config.seed)
    own = config.data.model_copy(update={"n_splits": fold_count(problem, X, config.data)})
    config = config.model_copy(update={"data": own})
    folds = fold_losses(k_folds(problem, X, y, config.data, config.seed), config.model.fit_intercept)
    return StudyData(config, problem, X, X_test, y, y_test, folds)


def fold_losses(folds: list[Fold], fit_intercept: bool) -> list[FoldLosses]:
    """Compute, once for all trials, the losses of every fold."""
    return [
        FoldLosses(
            fold,
            GramLoss(fold.X, fold.y, fit_intercept=fit_intercept),
            GramLoss(fold.X_held, fold.y_held, fit_intercept=fit_intercept),
        )
        for fold in folds
    ]
