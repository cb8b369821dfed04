"""`tune` and `advise` are the commands, called from Python, and leave the caller's process as it was."""

import contextlib
import logging
import os
import random
import shutil
import signal
import sys
import warnings
from pathlib import Path

import matplotlib
import mlflow
import numpy as np
import optuna
import pandas as pd
import pytest
import scipy.sparse
from click.testing import CliRunner
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from study import advise, tune
from study.cli import main
from study.errors import ConfigError, TableError
from study.provenance import derive_seed
from tests.commands.test_run_table import houses

SETTINGS = {"n_trials": 4, "max_iter": 20, "metric": "r2", "group": "city", "drop": ["rooms"], "seed": 5}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a table and no stores."""
    folder = tmp_path_factory.mktemp("python")
    houses().to_parquet(folder / "houses.parquet")
    (folder / "houses.toml").write_text(
        'data = { path = "houses.parquet", target = "price", group = "city", drop = "rooms" }\n'
        'seed = 5\nmodel.max_iter = 20\nsearch = { n_trials = 4, metric = "r2" }\n'
    )
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="module")
def client(folder):
    return mlflow.MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")


def process_state():
    """Return what a library must leave as it is."""
    loggers = [
        logging.root,
        *(logging.getLogger(name) for name in ("mlflow", "optuna", "alembic", "matplotlib")),
    ]
    return {
        "tracking uri": mlflow.get_tracking_uri(),
        "registry uri": mlflow.get_registry_uri(),
        "active run": mlflow.active_run().info.run_id,
        # With the methods of the class itself, matplotlib would choose a backend here.
        "matplotlib": [*dict.items(matplotlib.rcParams)],
        "pyplot": "matplotlib.pyplot" in sys.modules,
        "loggers": [(a.name, a.level, a.disabled, a.propagate, list(a.handlers)) for a in loggers],
        "logging": logging.root.manager.disable,
        "optuna": optuna.logging.get_verbosity(),
        "warnings": (list(warnings.filters), warnings.showwarning),
        "numpy": [part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],
        "floating point": np.geterr(),
        "random": random.getstate(),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "hooks": (sys.excepthook, sys.unraisablehook, sys.stdout, sys.stderr),
        "pandas": pd.get_option("display.max_columns"),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
    }  # fmt: skip


@pytest.fixture(scope="module")
def found(folder, empty_stores):
    """The study of houses in memory, which makes its stores, and the process's state before and after."""
    table = houses()
    uri = mlflow.get_tracking_uri()
    other = shutil.copytree(empty_stores, folder / "others")
    mlflow.set_tracking_uri(f"sqlite:///{other}/mlflow.db")
    np.random.seed(11)
    try:
        with mlflow.start_run():
            before = process_state()
            result = tune(table.drop(columns="price"), table["price"], name="houses", quiet=True, **SETTINGS)
            advise(table.drop(columns="price"), table["price"])
            yield result, before, process_state()
    finally:
        mlflow.set_tracking_uri(uri)


@pytest.fixture(scope="module")
def result(found):
    return found[0]


@pytest.fixture(scope="module")
def commands_run(folder, result, client):
    """The run of the same study, that the command made from the table's file."""
    done = CliRunner().invoke(main, ["run", "houses.toml", "--quiet"], catch_exceptions=False)
    assert done.exit_code == 0
    return client.get_run(client.get_model_version_by_alias("houses", "champion").run_id)


def children(client, run):
    parent = f"tags.`mlflow.parentRunId` = '{run.info.run_id}'"
    found = client.search_runs([run.info.experiment_id], parent)
    return sorted(found, key=lambda child: int(child.data.tags["study.trial_number"]))


def test_the_state_of_the_process_is_after_a_study_what_it_was_before(found):
    _, before, after = found
    assert [name for name, value in before.items() if after[name] != value] == []


def test_the_trials_are_the_commands_to_the_last_bit(result, commands_run, client):
    assert commands_run.info.run_id != result.run_id
    runs = children(client, commands_run)
    assert list(result.trials["number"]) == [int(run.data.tags["study.trial_number"]) for run in runs]
    assert list(result.trials["state"]) == [run.data.tags["study.state"] for run in runs]
    for name in ("beta", "eta"):
        assert list(result.trials[name]) == [float(run.data.params[name]) for run in runs]
    objectives = [run.data.metrics.get("objective", np.nan) for run in runs]
    np.testing.assert_array_equal(result.trials["objective"], objectives)
    assert len(runs) == 4


def test_the_record_is_the_commands(result, commands_run, client):
    own = client.get_run(result.run_id)
    assert own.data.metrics == commands_run.data.metrics
    assert own.data.tags["study.data_hash"] == commands_run.data.tags["study.data_hash"]
    own_files, files = (
        {f.path for f in client.list_artifacts(run)} for run in (result.run_id, commands_run.info.run_id)
    )
    assert own_files == files
    assert {"report.html", "summary.json", "weights.json"} <= files
    for run, trial in zip(children(client, own), result.trials.itertuples(), strict=True):
        assert run.info.run_id == trial.run_id
    differing = {key for key in own.data.params if own.data.params[key] != commands_run.data.params.get(key)}
    assert differing == set()
    assert {*commands_run.data.params} - {*own.data.params} == {"data.path", "data.target"}


def test_a_config_gives_the_same_study(result, folder):
    again = tune(config="houses.toml", name="again", quiet=True)
    pd.testing.assert_frame_equal(again.trials.drop(columns="run_id"), result.trials.drop(columns="run_id"))
    assert again.best_score_ == result.best_score_
    # It reads the file's columns, as the model that the command registers.
    np.testing.assert_array_equal(
        again.best_estimator_.predict(houses()),
        result.best_estimator_.predict(houses().drop(columns="price")),
    )


def test_a_study_goes_on_to_more_trials(result, folder):
    table = houses()
    X, y = table.drop(columns="price"), table["price"]
    tune(X, y, name="resumed", quiet=True, **{**SETTINGS, "n_trials": 2})
    went_on = tune(X, y, name="resumed", quiet=True, resume=True, **SETTINGS)
    pd.testing.assert_frame_equal(went_on.trials.drop(columns="run_id"), result.trials.drop(columns="run_id"))


def test_the_best_estimator_of_arrays_predicts_arrays_as_least_squares_does(folder):
    draw = np.random.default_rng(0)
    X = draw.normal(size=(80, 3)) * [1, 10, 100] + 5
    y = X @ [1, 0.2, 0.03] + draw.normal(size=80)
    result = tune(X, y, name="arrays", n_trials=1, max_iter=500, quiet=True)
    training, _ = train_test_split(np.arange(80), test_size=0.2, random_state=derive_seed(0, "test split"))
    expected = LinearRegression().fit(X[training], y[training]).predict(X)
    np.testing.assert_allclose(result.best_estimator_.predict(X), expected, rtol=1e-6)
    assert result.summary.weights.feature_names == ["x0", "x1", "x2"]


def test_what_is_understood_is_said_before_the_first_trial(folder, capsys):
    with pytest.raises(ConfigError, match="no study named 'new'"):
        tune(houses()[["size", "rooms"]], houses()["price"], name="new", resume=True)
    assert "numbers: size, rooms\n" in capsys.readouterr().err


def test_the_advice_prints_as_the_command_prints_it(folder):
    table = houses()
    printed = CliRunner().invoke(main, ["advise", "houses.parquet", "--target", "price"]).stdout
    advice = advise(table.drop(columns="price"), table["price"], name="houses")
    # Of a file, the description says its name too.
    assert f"{advice}\n" == printed.replace(" of houses.parquet", "")
    assert printed.startswith("houses: price from ")
    assert f"κ = {advice.condition:.4g} " in printed
    assert str(advise(path="houses.parquet", target="price")) + "\n" == printed
    assert "η &lt; " in advice._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "keys", "said"),
    [
        ((), {}, "no data are given; give X and y, config=..., path=... and target=..., or problem=..."),
        (([[1.0]],), {}, "X is given without y; give both"),
        ((None, [1.0]), {}, "y is given without X; give both"),
        (([[1.0]], [1.0]), {"config": "a.toml"}, "X and config are both given; leave one of them out"),
        (([[1.0]], [1.0]), {"n_trails": 3}, "unknown key 'n_trails'; did you mean 'n_trials'?"),
        ((), {"problem": "iri"}, "data.problem = 'iri' is unknown; did you mean 'iris'?"),
        ((scipy.sparse.eye_array(20, format="csr"), range(20)), {}, "X is a sparse matrix, which a study cannot split and scale"),
        (("houses.csv", "price"), {}, "X is of type str; give a frame or an array of shape (n, columns)"),
        ((np.ones((20, 2)), range(19)), {}, "X has 20 rows and y has 19"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("function", [tune, advise])
def test_what_a_person_did_wrong_is_one_line_and_leaves_nothing(
    tmp_path, monkeypatch, function, arguments, keys, said
):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((ConfigError, TableError)) as raised:
        function(*arguments, **keys)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_the_code_of_the_readme_does_what_it_says(stores, monkeypatch):
    readme = Path(__file__).parents[1].joinpath("README.md").read_text(encoding="utf-8")
    code = readme.split("## In Python\n")[1].split("```python\n")[1].split("```")[0]
    monkeypatch.chdir(stores)
    found: dict = {}
    # Fewer trials and no progress: the rest of the code is the README's.
    exec(code.replace("n_trials=20,", "n_trials=2, quiet=True,"), found)
    assert found["result"].best_params_.keys() == {"beta", "eta"}
    assert found["result"].summary.study == "progression"
    assert len(found["result"].trials) == 2
