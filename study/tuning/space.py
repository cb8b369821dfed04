"""What Optuna searches: 1 − β and the rates, all on log scales, and the way back to MomentumRegressor's names."""

import math
from typing import Any

import numpy as np
import optuna
from optuna.distributions import FloatDistribution

from study.config import Search
from study.trial import NOTE

ONE_MINUS_BETA = "1 - beta"
"""Name of the parameter through which Optuna searches β."""


def space(search: Search) -> dict[str, FloatDistribution]:
    """Return the distribution of every parameter that Optuna searches, by Optuna's names."""
    ranges = {
        ONE_MINUS_BETA: (1 - search.beta.high, 1 - search.beta.low),
        "eta": (search.eta.low, search.eta.high),
    }
    if search.alpha is not None:
        ranges["alpha"] = (search.alpha.low, search.alpha.high)
    return {name: FloatDistribution(low, high, log=True) for name, (low, high) in ranges.items()}


def suggest(trial: optuna.Trial, search: Search) -> dict[str, Any]:
    """Have Optuna suggest a setting, and return it by MomentumRegressor's names."""
    return setting(
        {name: trial.suggest_float(name, d.low, d.high, log=d.log) for name, d in space(search).items()}
    )


def setting(values: dict[str, float]) -> dict[str, Any]:
    """Return Optuna's values by MomentumRegressor's names."""
    others = {name: value for name, value in values.items() if name != ONE_MINUS_BETA}
    return {"beta": 1 - values[ONE_MINUS_BETA], **others}


def note_values(search: Search) -> dict[str, float]:
    """Return the note's advice by Optuna's names. The note has no penalty, so takes the least that is searched."""
    values = {ONE_MINUS_BETA: 1 - NOTE["beta"], "eta": NOTE["eta"]}
    return values if search.alpha is None else {**values, "alpha": search.alpha.low}


def grid(search: Search) -> dict[str, list[float]]:
    """Return a log-spaced grid with as many points on every side, at least two points more than there are trials.

    Optuna's grid sampler ends a study when no point is left, and the note's advice is a trial beside the grid.
    """
    distributions = space(search)
    side = math.ceil((search.n_trials + 2) ** (1 / len(distributions)))
    return {
        name: np.clip(np.geomspace(d.low, d.high, side), d.low, d.high).tolist()
        for name, d in distributions.items()
    }
