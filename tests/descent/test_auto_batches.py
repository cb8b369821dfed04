"""eta="auto" for mini-batches under a schedule: the rate allows for what the schedule takes off later."""

from functools import lru_cache

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.preprocessing import StandardScaler

from study import MomentumRegressor
from study.descent.theory import minibatch_stability_limit

BATCH = 32


@lru_cache
def table(load):
    """X standardised, y standardised."""
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), StandardScaler().fit_transform(y[:, None].astype(float))[:, 0]


@lru_cache
def excess(load, schedule, epochs=30):
    """Mean excess over least squares of 8 fits at eta="auto", beta="auto", and the last fit."""
    X, y = table(load)
    A = np.column_stack([X, np.ones(len(X))])
    least = np.mean((A @ np.linalg.lstsq(A, y, rcond=None)[0] - y) ** 2)
    losses, pair = [], ("auto", "auto")
    for seed in range(8):
        model = MomentumRegressor(
            *pair, batch_size=BATCH, schedule=schedule, max_iter=epochs, tol=None, random_state=seed
        ).fit(X, y)
        pair = model.eta_, model.beta_
        losses.append(model.loss_curve_[-1])
    return np.mean(losses) - least, model


@pytest.mark.parametrize("load", [load_diabetes, load_wine], ids=["diabetes", "wine"])
@pytest.mark.parametrize("schedule", ["cosine", "invscaling"])
def test_auto_with_a_falling_rate_ends_no_worse_than_with_a_constant_one(load, schedule):
    constant, _ = excess(load, "constant")
    falling, model = excess(load, schedule)
    assert falling <= 1.1 * constant
    assert model.eta_ <= minibatch_stability_limit(table(load)[0], model.beta_, BATCH)


def test_a_given_rate_is_kept_and_beta_is_searched_for_the_rate_that_the_schedule_leaves():
    X, y = table(load_diabetes)
    settings = {"beta": "auto", "batch_size": BATCH, "max_iter": 30, "tol": None, "random_state": 0}
    falling = MomentumRegressor(0.04, schedule=lambda epoch: 0.5 if epoch else 1.0, **settings).fit(X, y)
    halved = MomentumRegressor(0.04 * 15.5 / 30, **settings).fit(X, y)
    assert falling.eta_ == 0.04
    assert falling.beta_ == halved.beta_


def test_partial_fit_which_does_not_advance_a_schedule_chooses_the_rate_without_it():
    X, y = table(load_diabetes)
    rates = [
        MomentumRegressor(batch_size=BATCH, schedule=schedule).partial_fit(X, y).eta_
        for schedule in ("constant", "cosine")
    ]
    assert rates[0] == rates[1]
