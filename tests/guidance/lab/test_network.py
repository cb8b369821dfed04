"""One hidden layer: its gradient by finite differences, its path against MLPRegressor's."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from study.guidance.lab.network import ACTIVATIONS, Network, descend

N, D, H = 20, 3, 4


def problem(rng):
    X = rng.normal(size=(N, D))
    return X, np.sin(X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=N)


def test_pack_undoes_unpack(rng):
    network = Network(D, H)
    theta = network.start(rng, 2, 5)
    assert theta.shape == (2, 5, network.size)
    np.testing.assert_array_equal(network.pack(*network.unpack(theta)), theta)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    "dropout", [{}, {"input_dropout": 0.3}, {"input_dropout": 0.2, "hidden_dropout": 0.5}]
)
def test_gradient_agrees_with_finite_differences(activation, dropout, rng):
    network = Network(D, H, activation)
    X, y = problem(rng)
    theta = network.start(rng)

    def loss_and_gradient(at):
        return network.loss_and_gradient(at, X, y, draw=np.random.default_rng(1), **dropout)

    step = 1e-6
    slopes = [
        (loss_and_gradient(theta + step * e)[0] - loss_and_gradient(theta - step * e)[0]) / (2 * step)
        for e in np.eye(network.size)
    ]
    np.testing.assert_allclose(loss_and_gradient(theta)[1], slopes, rtol=1e-6, atol=1e-8)


def test_loss_is_the_mean_squared_error_of_what_is_predicted(rng):
    network = Network(D, H)
    X, y = problem(rng)
    theta = network.start(rng, 3)
    expected = [np.mean((network.predict(one, X) - y) ** 2) for one in theta]
    np.testing.assert_allclose(network.loss(theta, X, y), expected)
    np.testing.assert_allclose(network.loss_and_gradient(theta, X, y)[0], expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_path_is_that_of_mlp_regressor(activation, rng):
    """lr = 2η(1 − β) makes MLPRegressor's heavy ball on half the squared error the note's descent."""
    network, eta, beta, epochs = Network(D, H, activation), 0.5, 0.9, 50
    X, y = problem(rng)
    theta = network.start(rng)
    first, first_bias, second, second_bias = network.unpack(theta)
    peer = MLPRegressor(
        hidden_layer_sizes=(H,), activation=activation, solver="sgd", alpha=0.0, batch_size=N,
        momentum=beta, nesterovs_momentum=False, warm_start=True, shuffle=False, max_iter=epochs, n_iter_no_change=epochs + 1,
        learning_rate_init=2 * eta * (1 - beta),
    )  # fmt: skip
    peer.partial_fit(X, y)  # makes the arrays that a warm start begins with
    peer.coefs_ = [first.copy(), second[:, None].copy()]
    peer.intercepts_ = [first_bias.copy(), np.array([second_bias])]
    with pytest.warns(match="Maximum iterations"):
        peer.fit(X, y)
    *_, ours = descend(network, theta, X, y, solver="momentum", eta=eta, beta=beta, max_iter=epochs)
    theirs = network.pack(peer.coefs_[0], peer.intercepts_[0], peer.coefs_[1][:, 0], peer.intercepts_[1][0])
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_networks_side_by_side_are_the_networks_trained_alone(rng):
    network = Network(D, H)
    X, y = problem(rng)
    theta, etas, betas = network.start(rng), np.array([0.1, 1.0]), np.array([0.0, 0.9])
    both = np.broadcast_to(theta, (2, network.size))
    *_, together = descend(network, both, X, y, solver="momentum", eta=etas, beta=betas, max_iter=20)
    for one, eta, beta in zip(together, etas, betas, strict=True):
        *_, alone = descend(network, theta, X, y, solver="momentum", eta=eta, beta=beta, max_iter=20)
        np.testing.assert_allclose(one, alone, rtol=1e-10)


@pytest.mark.parametrize("name", ["input_dropout", "hidden_dropout"])
def test_dropout_keeps_the_output_in_expectation(name, rng):
    """With y = 0, b₂'s gradient is twice the output."""
    network = Network(D, H, "relu")
    X = np.abs(rng.normal(size=(1, D)))
    theta = np.abs(network.start(rng))  # every unit is active, so the network is linear
    theta[-1] = 0.0
    draw = np.random.default_rng(0)
    slopes = [
        network.loss_and_gradient(theta, X, np.zeros(1), draw=draw, **{name: 0.3})[1][-1]
        for _ in range(20_000)
    ]
    assert np.mean(slopes) == pytest.approx(network.loss_and_gradient(theta, X, np.zeros(1))[1][-1], rel=0.02)


def test_a_network_that_diverges_does_not_change_the_others(rng):
    network = Network(D, H, "relu")
    X, y = problem(rng)
    theta = np.broadcast_to(network.start(rng), (2, network.size))
    *_, end = descend(network, theta, X, y, solver="sgd", eta=np.array([1e6, 0.01]), beta=0.0, max_iter=50)
    assert np.isfinite(end[1]).all()
    assert network.loss(end[1], X, y) < network.loss(theta[1], X, y)
