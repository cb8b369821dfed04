"""A study's data: its parts, its least loss and its curvature, against NumPy."""

import numpy as np
import pytest

from study import config
from study.errors import ConfigError
from study.tuning.study_data import load_study_data


def load(problem="diabetes", *, alpha=0.0, **changes):
    return load_study_data(
        config.Config.model_validate(
            {"name": "try", "data": {"problem": problem, **changes}, "model": {"alpha": alpha}}
        )
    )


def with_intercept(fold):
    return np.column_stack([fold.rows.X, np.ones(len(fold.rows.X))])


def test_the_floor_is_the_mean_of_the_folds_least_squares_losses():
    data = load()
    losses = []
    for fold in data.folds:
        design = with_intercept(fold)
        weights, *_ = np.linalg.lstsq(design, fold.rows.y, rcond=None)
        losses.append(np.mean((fold.rows.y - design @ weights) ** 2))
    assert data.floor == pytest.approx(np.mean(losses), rel=1e-9)


def test_the_curvature_is_the_largest_of_any_fold_and_grows_with_the_penalty():
    largest = 0.0
    for fold in load().folds:
        design = with_intercept(fold)
        largest = max(largest, np.linalg.eigvalsh(2 * design.T @ design / len(design))[-1])
    assert load().curvature == pytest.approx(largest, rel=1e-9)
    assert load(alpha=0.5).curvature == pytest.approx(largest + 1.0, rel=1e-9)


def test_units_name_the_target_where_there_is_one():
    assert load().loss_unit == "MSE (progression²)"
    assert load().weight_unit == "Weight (progression per standard deviation of the feature)"
    assert load("linnerud", n_splits=3).loss_unit == "MSE (mean over targets)"
    assert load(scale=False).weight_unit == "Weight (progression per unit of the feature)"


def test_too_few_rows_for_the_folds_are_a_config_error():
    with pytest.raises(ConfigError, match=r"data\.n_splits = 9: 16 training rows are too few"):
        load("linnerud", n_splits=9)
