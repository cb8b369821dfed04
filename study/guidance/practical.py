"""How many trials a search needs, and how good a first trial without a search is, on exact objectives."""

import functools
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from study.config import Config
from study.descent.quadratic import GramLoss
from study.descent.theory import optimal_beta_eta
from study.guidance.lab import starts
from study.problems.preparation import preparation, prepared
from study.provenance import derive_seed
from study.trial import NOTE
from study.tuning.optimum import exact_objective, exact_surface
from study.tuning.search import minimise
from study.tuning.study_data import StudyData, load_study_data

SAMPLERS = ("tpe", "random")
PROBLEMS = ("diabetes", "wine", "breast_cancer")

MARGIN = 0.05
"""A search has arrived when its best total loss is within this share of the optimum's."""

MOST_TRIALS = 100
"""A study that has not arrived by then is censored: it needs more trials, and how many more is not known."""

ZERO_CURVATURE = 1e-10
"""Eigenvalues below this share of the largest are directions without data."""


def trials_needed(n_studies: int, seed: int, n_jobs: int = 2) -> dict[str, list[dict[str, Any]]]:
    """Count the trials that each sampler needs to arrive, and compare first trials with the exact optimum.

    Parameters
    ----------
    n_studies : int
        Studies for each pair of a problem and a sampler, each with a seed of its own.
    seed : int
    n_jobs : int

    Returns
    -------
    dict
        `trials`, one for each pair of a problem and a sampler: `problem`, `sampler`, `studies`, `most_trials`,
        `median` and `p90` (None where that many studies are censored) and `censored`, the number of studies
        that did not arrive. `first_trial`, one for each problem: see `first_trial`.
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


def count_trials(problem: str, sampler: str, seed: int) -> int | None:
    """Return how many trials one study needs to arrive; None if more than it may have."""
    data, target = study_data(problem), _target(problem)

    def objective(params: dict[str, Any]) -> float:
        return _objective(data, params["beta"], params["eta"])

    search = data.config.search.model_copy(update={"sampler": sampler})
    values = minimise(objective, search, seed, MOST_TRIALS, target)
    return len(values) if values[-1] <= target else None


def first_trial(problem: str) -> dict[str, Any]:
    """Compare first trials that need no search with the exact optimum of a study's search box.

    Returns
    -------
    dict
        `problem`, `kappa`, `beta` and `eta` (β* and η* of the training rows, scaled as a study scales them),
        and the objective over the optimum's of four settings, None where a fold diverges: `star` = (β*, η*);
        `below` = (β*, 0.9·η*); `in_time` = the same for the largest κ of the table of starts whose epochs fit
        in the study's, if that is below κ; `note` = (0.9, 0.1).
    """
    data, target = study_data(problem), _target(problem)
    mu, L = _curvatures(data)
    beta, eta = _best_pair(mu, L)
    kappa_in_time = min(L / mu, _largest_kappa_in(data.config.model.max_iter))
    beta_in_time, eta_in_time = _best_pair(L / kappa_in_time, L)
    pairs = {
        "star": (beta, eta),
        "below": (beta, starts.ETA_SHARE * eta),
        "in_time": (beta_in_time, starts.ETA_SHARE * eta_in_time),
        "note": (NOTE["beta"], NOTE["eta"]),
    }
    found: dict[str, Any] = {"problem": problem, "kappa": L / mu, "beta": beta, "eta": eta}
    for name, pair in pairs.items():
        value = _objective(data, *pair)
        found[name] = (1 + MARGIN) * value / target if np.isfinite(value) else None
    return found


@functools.cache
def study_data(problem: str) -> StudyData:
    """Return a problem's data as a study with the default config has it."""
    return load_study_data(Config.model_validate({"name": problem, "data": {"problem": problem}}))


@functools.cache
def _target(problem: str) -> float:
    """The loss that a search has to reach."""
    optimum = exact_surface(study_data(problem)).best.objective
    assert optimum is not None
    return (1 + MARGIN) * optimum


def _objective(data: StudyData, beta: float, eta: float) -> float:
    return float(exact_objective(data, np.array([beta]), np.array([eta]))[0, 0])


def _curvatures(data: StudyData) -> tuple[float, float]:
    """The smallest and the largest curvature of the training rows, directions without data left out."""
    rows = prepared(preparation(data.problem, data.config.data, len(data.X)).fit(data.X), data.X)
    loss = GramLoss(rows, data.y.to_numpy(), fit_intercept=data.config.model.fit_intercept)
    eigenvalues = np.linalg.eigvalsh(loss.hessian())
    eigenvalues = eigenvalues[eigenvalues > ZERO_CURVATURE * eigenvalues[-1]]
    return float(eigenvalues[0]), float(eigenvalues[-1])


def _best_pair(mu: float, L: float) -> tuple[float, float]:
    beta, eta = optimal_beta_eta(mu, L)
    return float(beta), float(eta)


def _largest_kappa_in(epochs: int) -> float:
    """The largest κ of the table of starts that arrives at the loose target in time; its smallest if none does."""
    in_time = [row["kappa"] for row in starts.starts() if row["epochs"][0][0] <= epochs]
    return max(in_time, default=starts.KAPPAS[0])


def _quantile(counts: np.ndarray, share: float) -> float | None:
    """The number of trials that this share of the studies needed at most."""
    value = float(np.quantile(counts, share, method="inverted_cdf"))
    return value if np.isfinite(value) else None
