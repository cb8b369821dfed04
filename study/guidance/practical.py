"""How many trials a search needs, counted over many studies on exact objectives."""

import functools
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from study.config import Config
from study.descent.quadratic import GramLoss
from study.descent.theory import optimal_beta_eta
from study.guidance.lab import starts as rules
from study.problems import catalogue as data
from study.provenance import derive_seed
from study.trial import NOTE
from study.tuning import optimum
from study.tuning import search as tune
from study.tuning.evaluation import prepare

BELOW = 0.9
"""The share of η* of the first trial that the rules advise."""

SAMPLERS = ("tpe", "random")
PROBLEMS = ("diabetes", "wine", "breast_cancer")
MARGIN = 1.05
"""A search has arrived within 5 % of the optimum's total loss."""

MOST_TRIALS = 100
"""A study that has not arrived by then is censored: it needs more, and how many more is not known."""


def trials_needed(n_studies: int, seed: int, n_jobs: int = 2) -> dict[str, list[dict[str, Any]]]:
    """Count the trials that each sampler needs to be within 5 % of the exact optimum, and grade the first ones.

    Parameters
    ----------
    n_studies : int
        Studies a (problem, sampler), each with a seed of its own.
    seed : int
    n_jobs : int

    Returns
    -------
    dict
        `trials`, one a (problem, sampler): `problem`, `sampler`, `studies`, `most_trials`, `median` and `p90` (None
        where that many studies are censored) and `censored`, the number of studies that did not arrive.
        `first_trial`, one a problem: see `first_trial`.
    """
    pairs = [(problem, sampler) for problem in PROBLEMS for sampler in SAMPLERS]
    counts = Parallel(n_jobs=n_jobs)(
        delayed(count_trials)(problem, sampler, derive_seed(seed, "practical", problem, sampler, study))
        for problem, sampler in pairs
        for study in range(n_studies)
    )
    needed = np.reshape([np.inf if count is None else count for count in counts], (len(pairs), n_studies))
    trials = [
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
    return {"trials": trials, "first_trial": [first_trial(problem) for problem in PROBLEMS]}


def first_trial(problem: str) -> dict[str, Any]:
    """Hold first trials that need no search against the exact optimum of a study's search box.

    Returns
    -------
    dict
        `problem`, `kappa`, `beta` and `eta` (β* and η* of the training rows, scaled as a study does), and the
        objective over the optimum's of `star` = (β*, η*), `below` = (β*, 0.9·η*), `in_time` = the same for the
        last row of the rules' table that fits in the study's epochs, if that is a smaller κ, and `note` =
        (0.9, 0.1); None where a fold diverges.
    """
    config, splits, target = _goal(problem)
    X, _, y, _ = data.split(data.load(config.data, config.seed), config.data, config.seed)
    rows = np.asarray(data.pipeline(config.data).fit_transform(X))
    loss = GramLoss(rows, y.to_numpy(), fit_intercept=config.model.fit_intercept)
    eigenvalues = np.linalg.eigvalsh(loss.hessian())
    spectrum = eigenvalues[eigenvalues > 1e-10 * eigenvalues[-1]]
    mu, L = float(spectrum[0]), float(spectrum[-1])
    beta, eta = (float(value) for value in optimal_beta_eta(mu, L))
    # The last row of the rules' table that arrives at 1 % within the study's epochs, if κ is beyond it.
    fits = [
        k for k in rules.KAPPAS if rules.arrival(optimal_beta_eta(1, k)[0], k, 1e-2) <= config.model.max_iter
    ]
    capped = min(L / mu, max(fits, default=rules.KAPPAS[0]))
    in_time, fast = (float(value) for value in optimal_beta_eta(L / capped, L))
    pairs = {
        "star": (beta, eta),
        "below": (beta, BELOW * eta),
        "in_time": (in_time, BELOW * fast),
        "note": (NOTE["beta"], NOTE["eta"]),
    }
    found: dict[str, Any] = {"problem": problem, "kappa": L / mu, "beta": beta, "eta": eta}
    for name, (b, e) in pairs.items():
        value = float(optimum.objective(config, splits, np.array([b]), np.array([e]))[0, 0])
        found[name] = MARGIN * value / target if np.isfinite(value) else None
    return found


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
