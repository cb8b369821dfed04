"""Advice against the note's own numbers and against fits."""

import re
import subprocess
import sys

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from study import MomentumRegressor, config
from study.commands import advise
from study.descent import theory
from study.errors import ConfigError
from study.problems import catalogue, splits

PROBLEMS = ["diabetes", "wine", "linnerud", "note"]


def load(problem, model=None, **changes):
    return config.Config.model_validate(
        {"name": "try", "data": {"problem": problem, **changes}, "model": model or {}}
    )


def training_rows(settings):
    """The rows that are advised on, as a study scales them, and their targets."""
    X, _, y, _ = splits.train_test(catalogue.load(settings.data, 0), settings.data, 0)
    rows = StandardScaler().fit_transform(X) if settings.data.scale else X.to_numpy()
    return rows, y.to_numpy(float)


def plain_excess(settings, betas, etas, epochs):
    """Shares of the starting excess after each epoch, shape (epochs + 1, pairs), by the rule itself in the eigenbasis."""
    X, y = training_rows(settings)
    design = np.column_stack([X, np.ones(len(X))])
    least = np.linalg.lstsq(design, y, rcond=None)[0]
    lam, vectors = np.linalg.eigh(2 * design.T @ design / len(X))
    weight = lam * np.sum((vectors.T @ least) ** 2, axis=1)
    e = np.ones((len(betas), len(lam)))
    v = np.zeros_like(e)
    result = [np.full(len(betas), weight.sum())]
    beta, eta = np.array(betas)[:, None], np.array(etas)[:, None]
    for _ in range(epochs):
        v = beta * v + (1 - beta) * lam * e
        step = v if settings.model.solver == "momentum" else beta * v + (1 - beta) * lam * e
        e = e - eta * step
        result.append(e**2 @ weight)
    return np.array(result) / weight.sum()


def plain_arrivals(shares, target):
    """First epoch from which the share stays at most the target; len(shares) if there is none."""
    above = ~(shares <= target)
    last = len(shares) - 1 - np.argmax(above[::-1], axis=0)
    return np.where(above.any(axis=0), last + 1, 0)


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
    rows, target = StandardScaler().fit_transform(X), y.to_numpy()[:, 0]
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


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
@pytest.mark.parametrize("scale", [True, False])
@pytest.mark.parametrize("problem", [*PROBLEMS, "iris", "breast_cancer"])
def test_no_option_needs_fewer_epochs_than_the_best_pair(problem, scale, solver):
    advice = advise.compute_advice(load(problem, {"solver": solver}, scale=scale))
    for option in advice.options:
        for target, epochs in option.epochs.items():
            assert epochs >= advice.fewest_epochs[target]
    by_name = {option.name: option for option in advice.options}
    for name in advise.TARGETS:
        best = by_name[f"best for {name}"]
        assert (best.pairs[name], best.epochs[name]) == (advice.best[name], advice.fewest_epochs[name])
        usual, note = by_name["β = 0.9, its best η"], by_name["the note's 0.9, 0.1"]
        assert usual.epochs[name] <= note.epochs[name]


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_number_of_epochs_is_that_of_the_plain_recurrence(problem, solver):
    settings = load(problem, {"solver": solver})
    advice = advise.compute_advice(settings)
    for option in advice.options:
        for name, target in advise.TARGETS.items():
            beta, eta = option.pairs[name]
            shares = plain_excess(settings, [beta], [eta], 2 * advice.most_epochs)
            found = plain_arrivals(shares, target)[0]
            assert option.epochs[name] == min(found, advice.most_epochs + 1)


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_no_pair_of_a_grid_is_sooner_than_the_best(problem, solver):
    settings = load(problem, {"solver": solver})
    advice = advise.compute_advice(settings)
    beta, share = np.meshgrid(1 - np.geomspace(1, 1e-2, 50), np.geomspace(1e-2, 0.999, 50))
    beta = beta.ravel()
    eta = share.ravel() * theory.stability_limit(beta, advice.largest_curvature, solver)
    shares = plain_excess(settings, beta, eta, 2 * max(advice.fewest_epochs.values()))
    for name, target in advise.TARGETS.items():
        assert advice.fewest_epochs[name] <= plain_arrivals(shares, target).min()


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
def test_the_long_run_pair_is_the_solvers_own_and_arrives(solver):
    settings = load("diabetes", {"solver": solver})
    advice = advise.compute_advice(settings)
    (option,) = [option for option in advice.options if option.name == "β*, η*"]
    beta, eta = advice.long_run
    assert option.epochs["1e-6"] <= advice.most_epochs
    assert f"β* = {beta:.4g}, η* = {eta:.4g}" in str(advice)
    assert (beta, eta) == theory.optimal_beta_eta(advice.smallest_curvature, advice.largest_curvature, solver)


def test_a_beta_near_1_is_not_written_as_1():
    text = advise.advise(load("breast_cancer", scale=False))
    assert not re.search(r"β\*? (= )?1[ ,]", text)
    assert "momentum=1," not in text
    assert "the best for 1e-6, which is not reached, in PyTorch" in text


def test_mini_batches_that_are_smaller_than_the_data_are_advised_on_and_the_configs_own_too():
    def sizes(problem, batch_size):
        settings = load(problem, {"batch_size": batch_size, "max_iter": 5})
        return [batch.batch_size for batch in advise.compute_advice(settings).batches]

    assert sizes("diabetes", None) == [8, 32, 128]
    assert sizes("diabetes", 50) == [8, 32, 50, 128]
    assert sizes("diabetes", 353) == [8, 32, 128]
    assert sizes("linnerud", None) == [8]


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
def test_the_limits_of_mini_batches_are_those_of_the_theory(solver):
    settings = load("wine", {"solver": solver, "max_iter": 5})
    X, _ = training_rows(settings)
    for batch in advise.compute_advice(settings).batches:
        for beta, limit in ((0.9, batch.limit_with_momentum), (0.0, batch.limit_without)):
            expected = theory.minibatch_stability_limit(X, beta, batch.batch_size, solver=solver)
            assert limit == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize("solver", ["momentum", "nesterov"])
def test_the_expected_excess_of_mini_batches_is_the_mean_of_fits(solver):
    settings = load("diabetes", {"solver": solver, "max_iter": 20, "batch_size": 16})
    X, y = training_rows(settings)
    design, target = np.column_stack([X, np.ones(len(X))]), y[:, 0]
    least = np.mean((target - design @ np.linalg.lstsq(design, target, rcond=None)[0]) ** 2)
    start = np.mean(target**2) - least
    for batch in advise.compute_advice(settings).batches:
        beta, eta = batch.best
        shares = []
        for seed in range(60):
            model = MomentumRegressor(
                eta,
                beta,
                solver=solver,
                batch_size=batch.batch_size,
                max_iter=20,
                tol=None,
                random_state=seed,
            )
            shares.append((np.mean((model.fit(X, target).predict(X) - target) ** 2) - least) / start)
        assert abs(batch.excess - np.mean(shares)) < 3 * np.std(shares, ddof=1) / len(shares) ** 0.5


def test_no_pair_of_a_grid_is_expected_to_be_far_better_for_mini_batches():
    settings = load("diabetes", {"max_iter": 20})
    X, y = training_rows(settings)
    design = np.column_stack([X, np.ones(len(X))])
    least = np.mean((y - design @ np.linalg.lstsq(design, y, rcond=None)[0]) ** 2)
    betas, etas = 1 - np.geomspace(1, 1e-2, 15), np.geomspace(1e-4, 1, 40)
    for batch in advise.compute_advice(settings).batches:
        losses, _ = theory.expected_surface(X, y, betas, etas, 20, batch.batch_size)
        assert batch.excess < 1.1 * (losses.min() - least) / (np.mean(y**2) - least)


def test_mini_batches_of_too_many_coordinates_are_not_predicted():
    settings = config.Config.model_validate(
        {"name": "try", "data": {"problem": "synthetic", "synthetic": {"n": 300, "d": 150}}}
    )
    advice = advise.compute_advice(settings)
    assert advice.batches is None
    assert "mini-batches: too many coordinates" in str(advice)


def test_the_table_of_batches_names_limits_pairs_and_what_is_left():
    text = advise.advise(load("diabetes", {"max_iter": 30}))
    assert "excess after 30 epochs" in text
    number = r"[\d.e-]+"
    assert re.search(
        rf"full batch +η < {number} +η < {number} +β {number} η {number} +1 % at epoch \d+", text
    )
    for size in (8, 32, 128):
        row = rf"batches of {size} +η < {number} +η < {number} +β {number} η {number} +{number} % expected"
        assert re.search(row, text)


def test_advice_needs_neither_optuna_nor_mlflow_nor_matplotlib():
    code = (
        "import sys\nfrom study import config\nfrom study.commands import advise\n"
        "advise.advise(config.load('configs/minibatch.toml'))\n"
        "print(sorted({'optuna', 'mlflow', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
