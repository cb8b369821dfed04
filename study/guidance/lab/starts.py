"""The settings that theory gives for a condition number κ, as a table. No data and no result is in it."""

import math
from functools import lru_cache
from typing import Any

import numpy as np

from study.descent.theory import optimal_beta_eta
from study.guidance.lab.arms import LOOSE_TARGET, TARGET

KAPPAS = (3.0, 10.0, 38.0, 100.0, 300.0, 1000.0, 1442.0, 10_000.0, 1_000_000.0)
"""The table's rows. From κ = 38 β = 0.9 can be faster than β = 0, and at κ = 1442 it is β*."""

TARGETS = (LOOSE_TARGET, TARGET)
"""Shares of the starting excess: the table counts the epochs to each of them."""

ETA_SHARE = 0.9
"""The share of η* that a first trial should have: at η* itself a fold with a larger curvature can diverge."""


@lru_cache(maxsize=1)
def starts() -> tuple[dict[str, Any], ...]:
    """Return the table, one row for each κ.

    Returns
    -------
    tuple of dict
        `kappa`, `beta` (β*), `eta` (η*·L), `lr` (PyTorch's learning rate, times L), and `epochs`, a pair for
        each of `TARGETS`: the epochs at (β*, η*), and without momentum at its best η.
    """
    rows = []
    for kappa in KAPPAS:
        beta, eta = (float(value) for value in optimal_beta_eta(1 / kappa, 1.0))
        epochs = [(arrival(beta, kappa, target), _plain_arrival(kappa, target)) for target in TARGETS]
        rows.append({"kappa": kappa, "beta": beta, "eta": eta, "lr": eta * (1 - beta), "epochs": epochs})
    return tuple(rows)


def arrival(beta: float, kappa: float, target: float) -> int:
    """Return the first epoch after which the excess at (β*, η*) stays at or below a share of its start.

    The excess starts equal in the flattest and the steepest direction. Both have a double root there (see
    docs/theory.md, "Closed form"): ρ = √β* for the flattest direction and −ρ for the steepest. From
    e₋₁ = e₀ = 1 follow e_t = ρᵗ(1 + (1 − ρ)t) and e_t = (−ρ)ᵗ(1 + (1 + ρ)t).
    """
    root = math.sqrt(beta)
    t = np.arange(int(60 * math.sqrt(kappa)) + 60)
    left = root ** (2.0 * t) * ((1 + (1 - root) * t) ** 2 + (1 + (1 + root) * t) ** 2) / 2
    return int(np.flatnonzero(left > target)[-1]) + 1


def _plain_arrival(kappa: float, target: float) -> int:
    """The same without momentum, at its best η, where every direction contracts by (κ − 1)/(κ + 1) an epoch."""
    return math.ceil(math.log(target) / (2 * math.log((kappa - 1) / (kappa + 1))))
