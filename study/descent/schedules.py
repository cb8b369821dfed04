"""The learning rate as a function of the epoch: eta times a factor, 1 at epoch 0.

A schedule is any callable epoch (from 0) → factor. ``"adaptive"`` is not one: it follows the loss, and
so lives in `loop.descend`.
"""

import math


def constant():
    """1."""
    return lambda epoch: 1.0


def invscaling(power_t):
    """1 / (epoch + 1)^power_t, as SGDRegressor's and MLPRegressor's."""
    return lambda epoch: (epoch + 1) ** -power_t


def exponential(gamma):
    """gamma^epoch, as PyTorch's ``ExponentialLR``."""
    return lambda epoch: gamma**epoch


def cosine(max_iter):
    """(1 + cos(π · epoch / max_iter)) / 2 (Loshchilov & Hutter, SGDR, 2017, without restarts)."""
    return lambda epoch: 0.5 * (1 + math.cos(math.pi * min(epoch, max_iter) / max_iter))


def make(schedule, *, power_t, gamma, max_iter):
    """Return the callable epoch → factor of a schedule given by name or as a callable."""
    if callable(schedule):
        return schedule
    return {
        "constant": constant,
        "adaptive": constant,
        "invscaling": lambda: invscaling(power_t),
        "exponential": lambda: exponential(gamma),
        "cosine": lambda: cosine(max_iter),
    }[schedule]()
