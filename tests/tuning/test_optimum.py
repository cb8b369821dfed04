"""The exact objective is that of a trial at the same setting."""

import numpy as np
import pytest

from study import config
from study.tuning.evaluation import evaluate
from study.tuning.optimum import exact_objective, exact_surface, is_known, known_surface
from study.tuning.predicted import predict_folds
from study.tuning.study_data import load_study_data


def load(*, objective="val_loss", **model):
    return config.Config.model_validate(
        {
            "name": "try",
            "data": {"problem": "linnerud", "n_splits": 3},
            "model": {"max_iter": 30, **model},
            "search": {"objective": objective, "eta": {"low": 1e-2, "high": 1e2}},
        }
    )


@pytest.mark.parametrize("objective", ["val_loss", "epochs"])
@pytest.mark.parametrize("solver", ["momentum", "nesterov", "sgd"])
def test_the_exact_objective_is_that_of_a_trial(solver, objective):
    data = load_study_data(load(solver=solver, objective=objective))
    betas, etas = np.array([0.0, 0.6, 0.9]), np.array([0.02, 0.2])
    values = exact_objective(data, betas, etas)
    for i, beta in enumerate(betas):
        for j, eta in enumerate(etas):
            trial = evaluate(data, 0, {"beta": float(beta), "eta": float(eta)})
            assert values[i, j] == pytest.approx(trial.objective, rel=1e-9)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_the_exact_objective_is_infinite_exactly_where_a_trial_diverges(alpha):
    data = load_study_data(load(alpha=alpha))
    # Around 2(1 + β) / ((1 − β)L), where some folds diverge and others do not.
    limit = 2 / data.curvature
    etas = limit * np.array([0.5, 0.9, 0.99, 1.0, 1.01, 1.05, 1.1, 1.3, 2.0, 20.0])
    values = exact_objective(data, np.array([0.0]), etas)[0]
    states = [evaluate(data, 0, {"beta": 0.0, "eta": float(eta)}).state for eta in etas]
    assert {"complete", "diverged"} == set(states)
    assert [bool(np.isinf(value)) for value in values] == [state == "diverged" for state in states]


def test_no_point_of_the_surface_is_below_the_optimum():
    surface = exact_surface(load_study_data(load()))
    assert surface.best.objective <= surface.objective.min()
    assert surface.objective.shape == (len(surface.betas), len(surface.etas))


@pytest.mark.parametrize("model", [{"solver": "adam"}, {"dropout": 0.1}, {"schedule": "cosine"}])
def test_the_objective_is_not_known_where_the_loss_is_not_a_response_surface(model):
    assert is_known(load())
    assert not is_known(load(**model))
    data = load_study_data(load(**model))
    assert known_surface(data, predict_folds(data)) is None


def test_of_mini_batches_the_expected_loss_is_known_and_the_number_of_epochs_is_not():
    assert is_known(load(batch_size=4))
    assert not is_known(load(batch_size=4, objective="epochs"))


def test_the_surface_of_a_full_batch_is_exact_and_that_of_mini_batches_is_expected():
    for batch_size, is_expected in ((None, False), (4, True)):
        data = load_study_data(load(batch_size=batch_size))
        surface = known_surface(data, predict_folds(data))
        assert surface.is_expected == is_expected
        assert surface.objective.shape == (len(surface.betas), len(surface.etas))
        assert surface.best.objective <= surface.objective.min()


def test_the_expected_optimum_is_not_above_a_random_pair_of_the_box():
    data = load_study_data(load(batch_size=4))
    folds = predict_folds(data)
    best = known_surface(data, folds).best
    rng = np.random.default_rng(0)
    betas, etas = 1 - 10 ** rng.uniform(-3, 0, 40), 10 ** rng.uniform(-2, 2, 40)
    assert best.objective <= folds.objective(betas, etas).min()
    assert folds.objective(np.array([best.params["beta"]]), np.array([best.params["eta"]]))[
        0, 0
    ] == pytest.approx(best.objective, rel=1e-9)


def test_the_expected_optimum_is_found_in_a_narrow_valley_across_the_grid():
    settings = config.load("configs/minibatch.toml")
    data = load_study_data(settings)
    folds = predict_folds(data)
    best = known_surface(data, folds).best
    # About the least value, whose valley runs along no axis.
    betas, etas = 1 - np.geomspace(0.02, 0.005, 40), np.geomspace(1e-3, 3e-3, 40)
    assert best.objective <= folds.objective(betas, etas).min()


def test_the_expected_optimum_may_lie_at_the_edge_of_the_box():
    settings = load(batch_size=4).model_dump()
    settings["search"] |= {"beta": {"low": 0.0, "high": 0.5}, "eta": {"low": 1e-4, "high": 1e-3}}
    data = load_study_data(config.Config.model_validate(settings))
    # So slow that more of everything is better.
    best = known_surface(data, predict_folds(data)).best
    assert best.params["eta"] == pytest.approx(1e-3)
    assert 0.0 <= best.params["beta"] <= 0.5


def test_a_batch_of_all_rows_has_the_exact_surface_of_its_trials():
    data = load_study_data(load(batch_size=16))
    assert predict_folds(data) is None
    surface = known_surface(data, None)
    assert not surface.is_expected
    trial = evaluate(data, 0, surface.best.params)
    assert trial.objective == pytest.approx(surface.best.objective, rel=1e-9)
