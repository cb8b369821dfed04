"""A run's data and its model, read back; the model in a process that has no other code of this package."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import study
from study.estimator.regressor import MomentumRegressor
from tests.tracking.runs import read

X = pd.DataFrame({"a": [1, 2, 3, 4, 5, 7], "b": [0.1, 0.4, 0.2, 0.9, 0.5, 0.3]})
Y = pd.Series([1.0, 2.0, 3.5, 4.0, 5.5, 7.0], name="target")

PACKAGE = str(Path(study.__file__).parents[1])

# Without the installed package, which an editable install finds by a path or by a finder of its own.
LOAD = """
import importlib.util, sys
sys.path = [path for path in sys.path if path != {package!r}]
sys.meta_path = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
assert importlib.util.find_spec("study") is None

import mlflow, pandas as pd
mlflow.set_tracking_uri({uri!r})
model = "models:/diabetes@champion"
X = pd.DataFrame({X!r})
numbers = [*mlflow.sklearn.load_model(model).predict(X), *mlflow.pyfunc.load_model(model).predict(X)]
ours = [module for name, module in sys.modules.items() if name.partition(".")[0] == "study"]
print(" ".join(map(str, numbers)), *(module.__file__ for module in ours), sep="|")
"""


def test_the_registered_model_and_its_version_have_descriptions(store, study_id):
    model = make_pipeline(StandardScaler(), Ridge()).fit(X, Y)
    store.log_model(study_id, model, "described", X.head(2), "β = 0.5")
    client = MlflowClient(store.uri)
    assert "@champion" in client.get_registered_model("described").description
    assert client.get_model_version("described", "1").description == "β = 0.5"


@pytest.mark.parametrize("targets", [Y.to_frame(), pd.DataFrame({"u": Y, "v": Y})], ids=["one", "two"])
def test_the_dataset_is_the_runs_input(store, study_id, targets):
    store.log_dataset(study_id, X, targets, "toy", digest="0123456789" * 5)
    (found,) = read(store, study_id).inputs.dataset_inputs
    assert (found.dataset.name, found.dataset.digest) == ("toy", ("0123456789" * 5)[:36])
    assert '"a"' in found.dataset.schema
    assert [tag.value for tag in found.tags] == ["training"]


@pytest.mark.parametrize(
    "estimator",
    [Ridge(), MomentumRegressor(eta=0.5, beta=0.5, max_iter=50, tol=None)],
    ids=["sklearn", "ours"],
)
def test_the_model_loads_in_a_fresh_process_elsewhere(store, study_id, tmp_path, estimator):
    model = make_pipeline(StandardScaler(), estimator).fit(X, Y)
    assert store.log_model(study_id, model, "diabetes", X.head(2)) == 1
    assert store.log_model(study_id, model, "diabetes", X.head(2)) == 2
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD.format(uri=store.uri, X=X.to_dict("list"), package=PACKAGE)],
        cwd=elsewhere,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    numbers, *modules = done.stdout.strip().splitlines()[-1].split("|")
    np.testing.assert_allclose([float(v) for v in numbers.split()], np.tile(model.predict(X), 2))
    # Every module of this package that was imported is one that the model carries.
    assert all("/code/study/" in path for path in modules)
    assert bool(modules) == isinstance(estimator, MomentumRegressor)
    info = MlflowClient(store.uri).get_model_version_by_alias("diabetes", "champion")
    assert (int(info.version), info.run_id) == (2, study_id)
    files = {path.name for path in Path(info.source).rglob("*")}
    assert {"MLmodel", "input_example.json", "requirements.txt"} <= files
    assert "__pycache__" not in files or isinstance(estimator, MomentumRegressor)
    assert "signature" in Path(info.source, "MLmodel").read_text()
    carried = {path.name for path in Path(info.source, "code", "study").glob("*")} - {"__pycache__"}
    ours = {"__init__.py", "errors.py", "descent", "estimator", "problems"}
    assert carried == (ours if isinstance(estimator, MomentumRegressor) else set())
    needs = Path(info.source, "requirements.txt").read_text().split()
    assert all("==" in need for need in needs)


def test_logging_a_model_leaves_the_callers_own_tracking_alone(store, study_id, empty_stores, tmp_path):
    import mlflow

    before = mlflow.get_tracking_uri()
    store.log_model(study_id, make_pipeline(StandardScaler(), Ridge()).fit(X, Y), "m", X.head(2))
    assert mlflow.get_tracking_uri() == before
    assert mlflow.active_run() is None
    assert read(store, study_id).info.status == "RUNNING"
