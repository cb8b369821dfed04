"""The update rules, each equation once.

A rule takes the weights ``w``, its two states ``v`` and ``s`` (zero at the start), the gradient
``g`` of the objective at ``w`` and the number ``t`` of this update (from 1), and returns the new
``w``, ``v`` and ``s``. It is written for scalars and arrays alike: the full batch calls it with
NumPy arrays, the mini-batch kernels compile it and call it coordinate by coordinate.

"Momentum" is ambiguous in the field. Here ``momentum`` is the exponential moving average of the
note, whose velocity is a mean of gradients; ``heavy_ball`` is Polyak's sum of gradients, which
PyTorch, Keras and optax call momentum. They make the same iterates when the heavy ball's rate is
``eta * (1 - beta)``.

References
----------
Polyak, "Some methods of speeding up the convergence of iteration methods", 1964.
Sutskever et al., "On the importance of initialization and momentum in deep learning", ICML 2013.
Tieleman & Hinton, "Lecture 6.5: RMSProp", 2012.
Kingma & Ba, "Adam: a method for stochastic optimization", ICLR 2015.
"""

import numpy as np

RHO = 0.99
"""Decay of RMSprop's mean of squared gradients (PyTorch's default)."""


def momentum(w, v, s, g, t, eta, beta, beta_2, epsilon):
    """v = βv + (1 − β)g,  w = w − ηv."""
    v = beta * v + (1 - beta) * g
    w = w - eta * v
    return w, v, s


def nesterov(w, v, s, g, t, eta, beta, beta_2, epsilon):
    """v = βv + (1 − β)g,  w = w − η(βv + (1 − β)g)."""
    v = beta * v + (1 - beta) * g
    w = w - eta * (beta * v + (1 - beta) * g)
    return w, v, s


def heavy_ball(w, v, s, g, t, eta, beta, beta_2, epsilon):
    """v = βv + g,  w = w − ηv."""
    v = beta * v + g
    w = w - eta * v
    return w, v, s


def sgd(w, v, s, g, t, eta, beta, beta_2, epsilon):
    """w = w − ηg."""
    w = w - eta * g
    return w, v, s


def rmsprop(w, v, s, g, t, eta, beta, beta_2, epsilon):
    """s = ρs + (1 − ρ)g²,  w = w − ηg / (√s + ε)."""
    s = RHO * s + (1 - RHO) * g * g
    w = w - eta * g / (np.sqrt(s) + epsilon)
    return w, v, s


def adam(w, v, s, g, t, eta, beta, beta_2, epsilon):
    """v = βv + (1 − β)g,  s = β₂s + (1 − β₂)g²,  w = w − η v̂ / (√ŝ + ε), both bias-corrected."""
    v = beta * v + (1 - beta) * g
    s = beta_2 * s + (1 - beta_2) * g * g
    v_hat = v / (1 - beta**t)
    s_hat = s / (1 - beta_2**t)
    w = w - eta * v_hat / (np.sqrt(s_hat) + epsilon)
    return w, v, s


RULES = {
    "momentum": momentum,
    "nesterov": nesterov,
    "heavy_ball": heavy_ball,
    "sgd": sgd,
    "rmsprop": rmsprop,
    "adam": adam,
}
"""Every solver by its name, in the order that the kernels number them."""
