"""The update rules, each equation once.

A rule takes the weights ``w``, its two states ``v`` and ``s`` (zero at the start), the gradient
``g`` of the objective at ``w`` and the number ``t`` of this update (from 1), and returns the new
``w``, ``v`` and ``s``. It is written for scalars and arrays alike: a full batch calls it with
NumPy arrays, the mini-batch kernels compile it and call it coordinate by coordinate.

"Momentum" is ambiguous in the field. Here ``momentum`` is the exponential moving average of the
note, whose velocity is a mean of gradients; ``heavy_ball`` is Polyak's sum of gradients, which
PyTorch, Keras and optax call momentum. They make the same iterates when the heavy ball's rate is
``eta * (1 - beta)``. `study.descent.solvers` holds what else is known of each rule; docs/theory.md,
"Update rules", compares them with the rules of other libraries.

References
----------
Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
Tieleman & Hinton, "Lecture 6.5: RMSProp", 2012.
Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any
"""A number or an array of numbers; None where a rule does not use the argument."""

Rule: TypeAlias = Callable[
    [Value, Value, Value, Value, Value, Value, Value, Value, Value], tuple[Value, Value, Value]
]
"""(w, v, s, g, t, η, β, β₂, ε) → the new (w, v, s)."""

RHO = 0.99
"""Decay of RMSprop's mean of squared gradients (PyTorch's default)."""


def momentum(
    w: Value, v: Value, s: Value, g: Value, t: Value, eta: Value, beta: Value, beta_2: Value, epsilon: Value
) -> tuple[Value, Value, Value]:
    """v = βv + (1 − β)g,  w = w − ηv."""
    v = beta * v + (1 - beta) * g
    w = w - eta * v
    return w, v, s


def nesterov(
    w: Value, v: Value, s: Value, g: Value, t: Value, eta: Value, beta: Value, beta_2: Value, epsilon: Value
) -> tuple[Value, Value, Value]:
    """v = βv + (1 − β)g,  w = w − η(βv + (1 − β)g)."""
    v = beta * v + (1 - beta) * g
    w = w - eta * (beta * v + (1 - beta) * g)
    return w, v, s


def heavy_ball(
    w: Value, v: Value, s: Value, g: Value, t: Value, eta: Value, beta: Value, beta_2: Value, epsilon: Value
) -> tuple[Value, Value, Value]:
    """v = βv + g,  w = w − ηv."""
    v = beta * v + g
    w = w - eta * v
    return w, v, s


def sgd(
    w: Value, v: Value, s: Value, g: Value, t: Value, eta: Value, beta: Value, beta_2: Value, epsilon: Value
) -> tuple[Value, Value, Value]:
    """w = w − ηg."""
    w = w - eta * g
    return w, v, s


def rmsprop(
    w: Value, v: Value, s: Value, g: Value, t: Value, eta: Value, beta: Value, beta_2: Value, epsilon: Value
) -> tuple[Value, Value, Value]:
    """s = ρs + (1 − ρ)g²,  w = w − ηg / (√s + ε)."""
    s = RHO * s + (1 - RHO) * g * g
    w = w - eta * g / (np.sqrt(s) + epsilon)
    return w, v, s


def adam(
    w: Value, v: Value, s: Value, g: Value, t: Value, eta: Value, beta: Value, beta_2: Value, epsilon: Value
) -> tuple[Value, Value, Value]:
    """v = βv + (1 − β)g,  s = β₂s + (1 − β₂)g²,  w = w − η v̂ / (√ŝ + ε), both bias-corrected."""
    v = beta * v + (1 - beta) * g
    s = beta_2 * s + (1 - beta_2) * g * g
    v_hat = v / (1 - beta**t)
    s_hat = s / (1 - beta_2**t)
    w = w - eta * v_hat / (np.sqrt(s_hat) + epsilon)
    return w, v, s
