"""Importance tells which hyper-parameter matters."""

import numpy as np
import pytest

from study.tuning.importance import importance, pedanova
from tests.tuning.studies import load, run_study


def test_the_shares_of_a_study_have_the_estimators_names_and_sum_to_one():
    shares = importance(run_study(load(40)))
    assert set(shares) == {"beta", "eta"}
    assert np.isclose(sum(shares.values()), 1)


def test_too_few_trials_have_no_shares():
    assert importance(run_study(load(1))) == {}


def test_pedanova_finds_the_parameter_that_matters():
    one_minus_beta, eta = np.meshgrid(np.geomspace(1e-3, 1, 13), np.geomspace(1e-3, 10, 17))
    points = {"beta": one_minus_beta.ravel(), "eta": eta.ravel()}
    shares = pedanova(points, np.log(points["eta"]) ** 2)
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["eta"] > 0.99
    swapped = pedanova({"beta": points["eta"], "eta": points["beta"]}, np.log(points["eta"]) ** 2)
    assert swapped["beta"] == pytest.approx(shares["eta"])


def test_pedanova_of_a_constant_is_even():
    shares = pedanova({"beta": np.geomspace(0.1, 1, 9), "eta": np.geomspace(0.1, 1, 9)}, np.ones(9))
    assert shares["beta"] == pytest.approx(shares["eta"])
