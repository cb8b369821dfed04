"""How many trials a search needs, counted over many studies on exact objectives."""

import functools
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from study import data, optimum, tune
from study.config import Config
from study.objective import prepare
from study.provenance import derive_seed

SAMPLERS = ("tpe", "random")
PROBLEMS = ("diabetes", "wine", "breast_cancer")
MARGIN = 1.05
"""A search has arrived within 5 % of the optimum's total loss."""

MOST_TRIALS = 40
"""A study that has not arrived by then is censored: it needs more, and how many more is not known."""


def trials_needed(n_studies: int, seed: int, n_jobs: int = 2) -> list[dict[str, Any]]:
    """Count the trials that each sampler needs to be within 5 % of the exact optimum.

    Parameters
    ----------
    n_studies : int
        Studies a (problem, sampler), each with a seed of its own.
    seed : int
    n_jobs : int

    Returns
    -------
    list of dict
        One a (problem, sampler): `problem`, `sampler`, `studies`, `most_trials`, `median` and `p90` (None where
        that many studies are censored) and `censored`, the number of studies that did not arrive.
    """
    pairs = [(problem, sampler) for problem in PROBLEMS for sampler in SAMPLERS]
    counts = Parallel(n_jobs=n_jobs)(
        delayed(count_trials)(problem, sampler, derive_seed(seed, "practical", problem, sampler, study))
        for problem, sampler in pairs
        for study in range(n_studies)
    )
    needed = np.reshape([np.inf if count is None else count for count in counts], (len(pairs), n_studies))
    return [
        {
            "problem": problem,
            "sampler": sampler,
            "studies": n_studies,
            "most_trials": MOST_TRIALS,
            "median": _quantile(row, 0.5),
            "p90": _quantile(row, 0.9),
            "censored": int(np.sum(np.isinf(row))),
        }
        for (problem, sampler), row in zip(pairs, needed, strict=True)
    ]


def count_trials(problem: str, sampler: str, seed: int) -> int | None:
    """Return how many trials one study needs; None if more than it may have."""
    config, splits, target = _goal(problem)

    def objective(params: dict[str, Any]) -> float:
        pair = np.array([params["beta"]]), np.array([params["eta"]])
        return float(optimum.objective(config, splits, *pair)[0, 0])

    search = config.search.model_copy(update={"sampler": sampler})
    values = tune.minimise(objective, search, seed, MOST_TRIALS, target)
    return len(values) if values[-1] <= target else None


@functools.cache
def _goal(problem: str):
    """A problem's config and folds, and the loss that a search has to reach."""
    config = Config.model_validate({"name": problem, "data": {"problem": problem}})
    X, _, y, _ = data.split(data.load(config.data, config.seed), config.data, config.seed)
    splits = prepare(data.folds(X, y, config.data, config.seed), config.model.fit_intercept)
    return config, splits, MARGIN * optimum.surface(config, splits).best["objective"]


def _quantile(counts: np.ndarray, share: float) -> float | None:
    """The count that this share of the studies needed at most."""
    value = float(np.quantile(counts, share, method="inverted_cdf"))
    return value if np.isfinite(value) else None
