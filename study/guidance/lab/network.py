"""One hidden layer: its loss, its gradient, and its descent by the rules of ``rules``.

    f(x) = w₂ · a(W₁ᵀx + b₁) + b₂,      J = mean((y − f(x))²),      a = tanh or relu

All parameters lie in one vector θ = (W₁, b₁, w₂, b₂), so that a rule updates a network as it updates a linear
model. Leading axes of θ are lanes: networks that are trained side by side, such as one for each of several
learning rates. X and y may have leading axes too, which broadcast against those of θ.

References
----------
Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
"""

from collections.abc import Callable

import numpy as np

from study.descent.solvers import SOLVERS


def _relu(z):
    return np.maximum(z, 0)


# A slope is written in the activation's own value, which the forward pass has already computed.
ACTIVATIONS: dict[str, tuple[Callable, Callable]] = {
    "tanh": (np.tanh, lambda a: 1 - a * a),
    "relu": (_relu, lambda a: (a > 0).astype(a.dtype)),
}
"""Each activation, and its slope as a function of its value."""


class Network:
    """A network with one hidden layer and one output.

    Parameters
    ----------
    n_features, n_hidden : int
    activation : {"tanh", "relu"}

    Attributes
    ----------
    size : int
        Number of parameters.
    """

    def __init__(self, n_features, n_hidden, activation="tanh"):
        self.n_features, self.n_hidden = n_features, n_hidden
        self.size = (n_features + 2) * n_hidden + 1
        self._activate, self._slope = ACTIVATIONS[activation]

    def start(self, draw, *lanes):
        """Draw θ of shape (*lanes, size) as MLPRegressor does: uniform within √(6 / (fan in + fan out))."""
        theta = draw.uniform(-1, 1, size=(*lanes, self.size))
        hidden = (self.n_features + 1) * self.n_hidden
        theta[..., :hidden] *= np.sqrt(6 / (self.n_features + self.n_hidden))
        theta[..., hidden:] *= np.sqrt(6 / (self.n_hidden + 1))
        return theta

    def pack(self, first, first_bias, second, second_bias):
        """Return θ from W₁ (d, h), b₁ (h,), w₂ (h,) and b₂, each with the lanes in front."""
        flat = np.reshape(first, (*np.shape(first)[:-2], -1))
        last = np.asarray(second_bias)[..., None]
        return np.concatenate([flat, first_bias, second, last], axis=-1)

    def unpack(self, theta):
        """Return W₁, b₁, w₂ and b₂ as views of θ."""
        d, h = self.n_features, self.n_hidden
        first = theta[..., : d * h].reshape(*theta.shape[:-1], d, h)
        return first, theta[..., d * h : (d + 1) * h], theta[..., (d + 1) * h : -1], theta[..., -1]

    def predict(self, theta, X):
        """Return f at each row of X (..., n, d), nothing dropped: shape (..., n)."""
        first, first_bias, second, second_bias = self.unpack(theta)
        hidden = self._activate(X @ first + first_bias[..., None, :])
        return (hidden @ second[..., None])[..., 0] + second_bias[..., None]

    def loss(self, theta, X, y):
        """Return J, of the lanes' shape."""
        return np.mean((self.predict(theta, X) - y) ** 2, axis=-1)

    def loss_and_gradient(self, theta, X, y, *, input_dropout=0.0, hidden_dropout=0.0, draw=None):
        """Return J and ∇J at θ, both with what is dropped this time.

        Parameters
        ----------
        theta : ndarray of shape (..., size)
        X : ndarray of shape (..., n, d)
        y : ndarray of shape (..., n)
        input_dropout, hidden_dropout : float, or ndarray of the lanes' shape
            Chance p that an input or a hidden unit is 0 for a sample; otherwise it is divided by 1 − p.
        draw : numpy.random.Generator, or None
            Draws what is dropped, the same for all lanes that share an X.

        Returns
        -------
        loss : ndarray of shape (...)
        gradient : ndarray of shape (..., size)
        """
        first, first_bias, second, second_bias = self.unpack(theta)
        X = _drop(X, input_dropout, self.n_features, draw)
        value = self._activate(X @ first + first_bias[..., None, :])
        kept = _drop(np.ones((*X.shape[:-1], 1)), hidden_dropout, self.n_hidden, draw)
        hidden = value * kept
        residual = (hidden @ second[..., None])[..., 0] + second_bias[..., None] - y
        output = residual * (2 / y.shape[-1])
        back = output[..., None] * second[..., None, :] * kept * self._slope(value)
        gradient = self.pack(
            np.swapaxes(X, -1, -2) @ back,
            back.sum(axis=-2),
            (output[..., None, :] @ hidden)[..., 0, :],
            output.sum(axis=-1),
        )
        return np.mean(residual**2, axis=-1), gradient


def _drop(values, chance, units, draw):
    """Inverted dropout of the last axis, which is widened to `units` first."""
    chance = np.asarray(chance)[..., None, None]
    if not chance.any():
        return values
    kept = draw.random((*values.shape[:-1], units)) >= chance
    return values * (kept / (1 - chance))


def descend(
    network, theta, X, y, *, solver, eta, beta, max_iter, beta_2=0.999, epsilon=1e-8,
    input_dropout=0.0, hidden_dropout=0.0, draw=None,
):  # fmt: skip
    """Train all lanes at once, full batch: one update of the solver's rule an epoch.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (..., size)
        The start.
    X, y : ndarray of shape (..., n, d) and (..., n)
    solver : str
        A key of `SOLVERS`.
    eta, beta, beta_2, epsilon : float, or ndarray of the lanes' shape
        The rule's constants.
    max_iter : int
    input_dropout, hidden_dropout, draw
        As in :meth:`Network.loss_and_gradient`.

    Yields
    ------
    ndarray of shape (..., size)
        θ after the next epoch, from the first. A lane that diverges goes on with what is not finite.
    """
    rule = SOLVERS[solver].rule
    constants = [np.asarray(c)[..., None] for c in (eta, beta, beta_2, epsilon)]
    velocity, square = np.zeros_like(theta), np.zeros_like(theta)
    for update in range(1, max_iter + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            _, gradient = network.loss_and_gradient(
                theta, X, y, input_dropout=input_dropout, hidden_dropout=hidden_dropout, draw=draw
            )
            theta, velocity, square = rule(theta, velocity, square, gradient, update, *constants)
        yield theta
