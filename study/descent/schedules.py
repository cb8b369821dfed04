"""The learning rate as a function of the epoch: eta times a factor, 1 at epoch 0.

A schedule is any callable epoch (from 0) → factor. ``"adaptive"`` is not one: it follows the loss, and
so lives in `loop.descend`.
"""

import math
from collections.abc import Callable
from typing import TypeAlias

Schedule: TypeAlias = Callable[[int], float]
"""Epoch (from 0) → factor on eta."""


def constant() -> Schedule:
    """1."""
    return lambda epoch: 1.0


def invscaling(power_t: float) -> Schedule:
    """1 / (epoch + 1)^power_t, as SGDRegressor's and MLPRegressor's."""
    return lambda epoch: (epoch + 1) ** -power_t


def exponential(gamma: float) -> Schedule:
    """gamma^epoch, as PyTorch's ``ExponentialLR``."""
    return lambda epoch: gamma**epoch


def cosine(max_iter: int) -> Schedule:
    """(1 + cos(π · epoch / max_iter)) / 2 (Loshchilov & Hutter, SGDR, 2017, without restarts)."""
    return lambda epoch: 0.5 * (1 + math.cos(math.pi * min(epoch, max_iter) / max_iter))


def make(schedule: str | Schedule, *, power_t: float, gamma: float, max_iter: int) -> Schedule:
    """Return the callable epoch → factor of a schedule given by name or as a callable."""
    if callable(schedule):
        return schedule
    by_name: dict[str, Callable[[], Schedule]] = {
        "constant": constant,
        "adaptive": constant,
        "invscaling": lambda: invscaling(power_t),
        "exponential": lambda: exponential(gamma),
        "cosine": lambda: cosine(max_iter),
    }
    return by_name[schedule]()
