"""Advice against the note's own numbers and against fits."""

import re

import numpy as np
import pytest

from study import MomentumRegressor, config
from study.commands import advise
from study.errors import ConfigError
from study.problems import catalogue, splits


def load(problem, **changes):
    return config.Config.model_validate({"name": "try", "data": {"problem": problem, **changes}})


def test_the_notes_example_has_the_notes_condition_and_best_pair():
    # All of the note's data but one row, because there must be a test part.
    text = advise.advise(load("note", scale=False, test_size=0.01))
    condition = float(re.search(r"κ = ([\d.]+)", text).group(1))
    beta, eta = (float(x) for x in re.search(r"β\* = ([\d.]+), η\* = ([\d.]+)", text).groups())
    assert condition == pytest.approx(12.17, rel=0.05)
    assert (beta, eta) == (pytest.approx(0.307, abs=0.02), pytest.approx(0.845, rel=0.05))


@pytest.mark.parametrize("problem", ["diabetes", "wine"])
def test_the_epochs_of_the_notes_advice_are_those_of_a_fit(problem):
    settings = load(problem)
    text = advise.advise(settings)
    X, _, y, _ = splits.train_test(catalogue.load(settings.data, 0), settings.data, 0)
    rows, target = splits.scaling_pipeline(settings.data).fit_transform(X), y.to_numpy()[:, 0]
    design = np.column_stack([rows, np.ones(len(rows))])
    least = np.mean((target - design @ np.linalg.lstsq(design, target, rcond=None)[0]) ** 2)
    model = MomentumRegressor(0.1, 0.9, max_iter=1000, tol=None).fit(rows, target)
    excess = (np.array(model.loss_curve_) - least) / (np.mean(target**2) - least)
    said = int(re.search(r"the note's 0.9, 0.1 +β 0.9 η 0.1 +(\d+)", text).group(1))
    assert said == np.flatnonzero(excess > 1e-2)[-1] + 2


def test_the_best_pair_is_named_in_pytorchs_terms():
    text = advise.advise(load("diabetes"))
    beta, eta = (float(x) for x in re.search(r"best for 1e-6 +β ([\d.]+) η ([\d.]+)", text).groups())
    momentum, rate = (float(x) for x in re.search(r"momentum=([\d.]+), lr=([\d.]+)", text).groups())
    assert momentum == pytest.approx(beta, rel=0.01)
    assert rate == pytest.approx(eta * (1 - beta), rel=0.02)


def test_solvers_without_exact_curves_are_refused():
    settings = config.Config.model_validate(
        {"name": "try", "data": {"problem": "iris"}, "model": {"solver": "adam"}}
    )
    with pytest.raises(ConfigError, match="adam"):
        advise.advise(settings)


def test_no_option_needs_fewer_epochs_than_the_best_pair():
    advice = advise.compute_advice(load("wine"))
    for option in advice.options:
        for target, epochs in option.epochs.items():
            assert epochs >= advice.fewest_epochs[target]
