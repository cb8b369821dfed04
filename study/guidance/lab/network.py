"""One hidden layer: its loss, its gradient, and its descent by an update rule of `study.descent.rules`.

    f(x) = w₂ · a(W₁ᵀx + b₁) + b₂,      J = mean((y − f(x))²),      a = tanh or relu

All parameters lie in one vector θ = (W₁, b₁, w₂, b₂), so that a rule updates a network as it updates a linear
model. θ may have leading axes: networks that are trained side by side, such as one for each of several learning
rates. X and y may have leading axes too, which broadcast against those of θ.

References
----------
Glorot & Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting", JMLR 2014.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from study.descent.solvers import SOLVERS
from study.guidance.lab.disjoint_parts import Parts, Rows

Elementwise = Callable[[np.ndarray], np.ndarray]


def _relu(z: np.ndarray) -> np.ndarray:
    return np.maximum(z, 0)


# The slope is a function of the activation's value, because the forward pass has computed the value already.
ACTIVATIONS: dict[str, tuple[Elementwise, Elementwise]] = {
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

    def __init__(self, n_features: int, n_hidden: int, activation: str = "tanh") -> None:
        self.n_features, self.n_hidden = n_features, n_hidden
        self.size = (n_features + 2) * n_hidden + 1
        self._activate, self._slope = ACTIVATIONS[activation]

    def start(self, draw: np.random.Generator, *shape: int) -> np.ndarray:
        """Draw θ of shape (*shape, size) as MLPRegressor does: uniform within √(6 / (fan in + fan out))."""
        theta = draw.uniform(-1, 1, size=(*shape, self.size))
        hidden = (self.n_features + 1) * self.n_hidden
        theta[..., :hidden] *= np.sqrt(6 / (self.n_features + self.n_hidden))
        theta[..., hidden:] *= np.sqrt(6 / (self.n_hidden + 1))
        return theta

    def pack(
        self, first: np.ndarray, first_bias: np.ndarray, second: np.ndarray, second_bias: ArrayLike
    ) -> np.ndarray:
        """Return θ from W₁ (d, h), b₁ (h,), w₂ (h,) and b₂, each with the leading axes in front."""
        flat = np.reshape(first, (*np.shape(first)[:-2], -1))
        last = np.asarray(second_bias)[..., None]
        return np.concatenate([flat, first_bias, second, last], axis=-1)

    def unpack(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return W₁, b₁, w₂ and b₂ as views of θ."""
        d, h = self.n_features, self.n_hidden
        first = theta[..., : d * h].reshape(*theta.shape[:-1], d, h)
        return first, theta[..., d * h : (d + 1) * h], theta[..., (d + 1) * h : -1], theta[..., -1]

    def predict(self, theta: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Return f at each row of X (..., n, d), nothing dropped: shape (..., n)."""
        first, first_bias, second, second_bias = self.unpack(theta)
        hidden = self._activate(X @ first + first_bias[..., None, :])
        return (hidden @ second[..., None])[..., 0] + second_bias[..., None]

    def loss(self, theta: np.ndarray, X: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return J, of the shape of θ's leading axes."""
        return np.mean((self.predict(theta, X) - y) ** 2, axis=-1)

    def loss_and_gradient(
        self,
        theta: np.ndarray,
        X: np.ndarray,
        y: np.ndarray,
        *,
        input_dropout: ArrayLike = 0.0,
        hidden_dropout: ArrayLike = 0.0,
        draw: np.random.Generator | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return J and ∇J at θ, both with what is dropped this time.

        Parameters
        ----------
        theta : ndarray of shape (..., size)
        X : ndarray of shape (..., n, d)
        y : ndarray of shape (..., n)
        input_dropout, hidden_dropout : float, or ndarray of the shape of θ's leading axes
            Probability p that an input or a hidden unit is 0 for a sample; otherwise it is divided by 1 − p.
        draw : numpy.random.Generator, or None
            Draws what is dropped, the same for all networks that share an X. None where nothing is dropped.

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


def _drop(
    values: np.ndarray, probability: ArrayLike, units: int, draw: np.random.Generator | None
) -> np.ndarray:
    """Inverted dropout of the last axis, which is widened to `units` first."""
    p = np.asarray(probability)[..., None, None]
    if not p.any():
        return values
    assert draw is not None, "dropout needs a generator"
    kept = draw.random((*values.shape[:-1], units)) >= p
    return values * (kept / (1 - p))


def descend(
    network: Network,
    theta: np.ndarray,
    X: np.ndarray,
    y: np.ndarray,
    *,
    solver: str,
    eta: ArrayLike,
    beta: ArrayLike,
    max_iter: int,
    beta_2: ArrayLike = 0.999,
    epsilon: ArrayLike = 1e-8,
    input_dropout: ArrayLike = 0.0,
    hidden_dropout: ArrayLike = 0.0,
    draw: np.random.Generator | None = None,
) -> Iterator[np.ndarray]:
    """Train all networks at once, full batch: one update of the solver's rule an epoch.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (..., size)
        The start.
    X, y : ndarray of shape (..., n, d) and (..., n)
    solver : str
        A key of `study.descent.solvers.SOLVERS`.
    eta, beta, beta_2, epsilon : float, or ndarray of the shape of θ's leading axes
        The rule's constants.
    max_iter : int
    input_dropout, hidden_dropout, draw
        As in :meth:`Network.loss_and_gradient`.

    Yields
    ------
    ndarray of shape (..., size)
        θ after each epoch. A network that diverges goes on with values that are not finite.
    """
    rule = SOLVERS[solver].rule
    constants = [np.asarray(constant)[..., None] for constant in (eta, beta, beta_2, epsilon)]
    velocity, square = np.zeros_like(theta), np.zeros_like(theta)
    for update in range(1, max_iter + 1):
        with np.errstate(over="ignore", invalid="ignore"):
            _, gradient = network.loss_and_gradient(
                theta, X, y, input_dropout=input_dropout, hidden_dropout=hidden_dropout, draw=draw
            )
            theta, velocity, square = rule(theta, velocity, square, gradient, update, *constants)
        yield theta


def train_with_dropout(
    network: Network,
    problem: Sequence[Parts],
    *,
    etas: np.ndarray,
    rates: np.ndarray,
    beta: float,
    max_iter: int,
    points: int,
    draw: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Train a network with every seed of a problem, every η and every dropout rate, all side by side.

    Parameters
    ----------
    network : Network
    problem : sequence of Parts
        One a seed.
    etas : ndarray of shape (n_etas,)
    rates : ndarray of shape (n_rates,)
        Probabilities that a hidden unit is dropped.
    beta : float
    max_iter : int
    points : int
        Epochs, evenly spaced, whose test loss is returned. It divides `max_iter`.
    draw : numpy.random.Generator
        Draws the starts, one a seed, and then what is dropped.

    Returns
    -------
    validation : ndarray of shape (seeds, n_etas, n_rates)
        Loss after the last epoch; infinite where it is not finite.
    test : ndarray of shape (points, seeds, n_etas, n_rates)
        Loss by epoch; infinite where it is not finite.
    """
    settings = (len(problem), len(etas), len(rates))
    X, y = (np.stack([parts.train[i] for parts in problem])[:, None, None] for i in (0, 1))
    start = network.start(draw, len(problem))[:, None, None]

    def losses(theta: np.ndarray, held_out: Sequence[Rows]) -> np.ndarray:
        found = [network.loss(own, *rows) for own, rows in zip(theta, held_out, strict=True)]
        return np.where(np.isfinite(found), found, np.inf)

    test = []
    descent = descend(
        network,
        np.broadcast_to(start, (*settings, network.size)),
        X,
        y,
        solver="momentum",
        eta=np.broadcast_to(etas[:, None], settings),
        beta=beta,
        max_iter=max_iter,
        hidden_dropout=np.broadcast_to(rates, settings),
        draw=draw,
    )
    for epoch, theta in enumerate(descent, start=1):
        if epoch % (max_iter // points) == 0:
            test.append(losses(theta, [parts.test for parts in problem]))
    return losses(theta, [parts.validation for parts in problem]), np.array(test)


def share_near_the_best(draw: np.random.Generator, betas: Sequence[float], starts: int) -> list[float]:
    """Return, by β, the share of starts from which a small network ends near the best training loss.

    It has 2 inputs and 4 hidden units, and learns y = x₂ sin 2x₁ with noise from 40 rows in 1,000 epochs. Near is
    within 5 % of the least loss that any descent finds. η is the one of four that is best on as many other starts.
    """
    X = draw.uniform(-2, 2, size=(40, 2))
    y = np.sin(2 * X[:, 0]) * X[:, 1] + 0.1 * draw.normal(size=40)
    network = Network(n_features=2, n_hidden=4)
    etas = np.geomspace(0.02, 2, 4)
    settings = (len(betas), len(etas), 2 * starts)
    *_, theta = descend(
        network,
        np.broadcast_to(network.start(draw, 2 * starts), (*settings, network.size)),
        X,
        y,
        solver="momentum",
        eta=np.broadcast_to(etas[:, None], settings),
        beta=np.broadcast_to(np.array(betas)[:, None, None], settings),
        max_iter=1000,
    )
    loss = network.loss(theta, X, y)
    is_near = loss <= 1.05 * np.nanmin(loss)
    best = np.argmax(is_near[..., starts:].mean(axis=-1), axis=-1)
    return [float(is_near[i, best[i], :starts].mean()) for i in range(len(betas))]
