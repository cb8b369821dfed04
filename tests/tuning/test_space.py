"""The search space: 1 − β and the rates on log scales, and the way back."""

import math

import optuna
import pytest

from study.tuning import space
from tests.tuning.studies import load


def test_beta_is_searched_through_one_minus_beta_on_a_log_scale():
    found = space.space(load(beta={"low": 0.5, "high": 0.99}).search)
    assert set(found) == {"1 - beta", "eta"}
    assert (found["1 - beta"].low, found["1 - beta"].high) == (pytest.approx(0.01), 0.5)
    assert all(distribution.log for distribution in found.values())


def test_a_suggested_setting_has_the_estimators_names():
    trial = optuna.trial.FixedTrial({"1 - beta": 0.25, "eta": 0.3, "alpha": 0.01})
    search = load(alpha={"low": 1e-3, "high": 1.0}).search
    assert space.suggest(trial, search) == {"beta": 0.75, "eta": 0.3, "alpha": 0.01}


def test_the_notes_beta_survives_the_way_through_one_minus_beta():
    assert space.setting(space.note_values(load().search)) == {"beta": 0.9, "eta": 0.1}


@pytest.mark.parametrize("n_trials", [1, 7, 50])
def test_a_grid_holds_two_points_more_than_there_are_trials(n_trials):
    search = load(n_trials, alpha={"low": 1e-3, "high": 1.0}).search
    sides = space.grid(search)
    assert math.prod(map(len, sides.values())) >= n_trials + 2
    for name, distribution in space.space(search).items():
        assert all(distribution.low <= value <= distribution.high for value in sides[name])
