"""The settings that the theory starts from, for a table of condition numbers. No data and no result in it."""

import math
from functools import lru_cache

import numpy as np

from study.descent.theory import optimal_beta_eta

# From where momentum hardly pays to where it is all; 38 and 1442 are where β = 0.9 starts to pay and is best.
KAPPAS = (3.0, 10.0, 38.0, 100.0, 300.0, 1000.0, 1442.0, 10_000.0, 1_000_000.0)
TARGETS = (1e-2, 1e-6)


@lru_cache(maxsize=1)
def starts() -> tuple[dict[str, float], ...]:
    """Return β*, η*·L, PyTorch's lr·L and the epochs to each target, with and without momentum, by κ."""
    rows = []
    for kappa in KAPPAS:
        beta, eta = (float(value) for value in optimal_beta_eta(1 / kappa, 1.0))
        row = {"kappa": kappa, "beta": beta, "eta": eta, "lr": eta * (1 - beta)}
        for target in TARGETS:
            row[f"momentum {target:g}"] = arrival(beta, kappa, target)
            row[f"plain {target:g}"] = math.ceil(math.log(target) / (2 * math.log((kappa - 1) / (kappa + 1))))
        rows.append(row)
    return tuple(rows)


def arrival(beta: float, kappa: float, target: float) -> int:
    """Epochs from which the excess stays below its share, at (β*, η*), from equal excess at both ends.

    Both ends have a double root there: ρ = √β* for the flattest direction, −ρ for the steepest. From
    e₋₁ = e₀ = 1, e_t = ρᵗ(1 + (1 − ρ)t) and (−ρ)ᵗ(1 + (1 + ρ)t).
    """
    root = math.sqrt(beta)
    t = np.arange(int(60 * math.sqrt(kappa)) + 60)
    left = root ** (2.0 * t) * ((1 + (1 - root) * t) ** 2 + (1 + (1 + root) * t) ** 2) / 2
    return int(np.flatnonzero(left > target)[-1]) + 1
