"""Predictions of a study with mini-batches are the means of fits, and its limit is that of its most fragile fold."""

import numpy as np
import pytest

from study import MomentumRegressor, config
from study.tuning.predicted import predict_folds
from study.tuning.study_data import load_study_data
from tests.loops import limit_of_moments

BATCH = 32
N_SEEDS = 60


def load(problem="diabetes", objective="val_loss", search=None, **model):
    settings = {
        "name": "try",
        "data": {"problem": problem},
        "model": {"max_iter": 20, "batch_size": BATCH, **model},
        "search": {"objective": objective, **(search or {})},
    }
    return load_study_data(config.Config.model_validate(settings))


def mean_of_fits(data, beta, eta):
    """Mean over orders of the rows of the folds' mean validation loss after the last epoch, and its standard error."""
    model = data.config.model
    losses = np.zeros((N_SEEDS, len(data.folds)))
    for i, fold in enumerate(data.folds):
        for seed in range(N_SEEDS):
            fit = MomentumRegressor(
                eta,
                beta,
                solver=model.solver,
                batch_size=model.batch_size,
                alpha=model.alpha,
                max_iter=model.max_iter,
                tol=None,
                random_state=1000 * i + seed,
            ).fit(fold.rows.X, fold.rows.y[:, 0])
            losses[seed, i] = np.mean((fit.predict(fold.rows.X_held) - fold.rows.y_held[:, 0]) ** 2)
    objectives = losses.mean(axis=1)
    return objectives.mean(), objectives.std(ddof=1) / N_SEEDS**0.5


@pytest.mark.parametrize(
    ("model", "beta", "eta"),
    [
        ({}, 0.0, 0.003),
        ({}, 0.5, 0.05),
        ({}, 0.9, 0.1),
        ({}, 0.99, 0.01),
        ({"solver": "nesterov"}, 0.9, 0.05),
        ({"solver": "heavy_ball", "alpha": 0.1}, 0.8, 0.01),
    ],
)
def test_the_predicted_objective_is_the_mean_of_fits(model, beta, eta):
    data = load(**model)
    predicted = predict_folds(data).objective(np.array([beta]), np.array([eta]))[0, 0]
    mean, error = mean_of_fits(data, beta, eta)
    assert abs(predicted - mean) < 3 * error
    assert error < 0.01 * mean


@pytest.mark.parametrize("solver", ["momentum", "sgd"])
def test_the_stability_limit_is_the_least_of_the_folds(solver):
    data = load(solver=solver)
    betas, limits = predict_folds(data).stability_limit
    assert betas.min() == 0
    assert betas.max() > data.config.search.beta.high
    for i in (0, 4, 8):
        of_folds = [limit_of_moments(fold.rows.X, betas[i], BATCH, solver) for fold in data.folds]
        assert limits[i] == pytest.approx(min(of_folds), rel=0.02)


def test_a_pair_above_the_stability_limit_has_no_finite_objective():
    folds = predict_folds(load())
    betas = np.array([0.0, 0.7, 0.95])
    limits = folds.stability_limits(betas)
    for beta, limit in zip(betas, limits, strict=True):
        above, below = folds.objective(np.array([beta]), limit * np.array([1.1, 0.5]))[0]
        assert above == np.inf
        assert np.isfinite(below)


def test_a_pair_whose_training_loss_ends_far_above_its_start_has_no_finite_objective():
    # Just below the limit, the floor of the noise is above twice the loss of predicting 0.
    folds = predict_folds(load(batch_size=4))
    limit = folds.stability_limits(np.array([0.9]))[0]
    near, below = folds.objective(np.array([0.9]), limit * np.array([0.97, 0.9]))[0]
    assert near == np.inf
    assert np.isfinite(below)


@pytest.mark.parametrize(
    "model",
    [
        {"batch_size": None},
        {"batch_size": 353},
        {"solver": "adam"},
        {"dropout": 0.1},
        {"schedule": "cosine"},
        {"max_iter": 1_000_000},
    ],
)
def test_nothing_is_predicted_where_the_expectation_is_not_known_or_costs_too_much(model):
    assert predict_folds(load()) is not None
    assert predict_folds(load(**model)) is None


def test_nothing_is_predicted_where_the_penalty_is_searched():
    assert predict_folds(load(search={"alpha": {"low": 0.1, "high": 1.0}})) is None
