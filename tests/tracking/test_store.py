"""What a store holds, read back through a client of its own."""

import json
import logging
import math
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from study import storage as stores
from study.estimator.regressor import MomentumRegressor
from study.tracking import Store, StoreError
from study.tracking import charts_view as views
from study.tracking import values as entries
from study.trial import TrialRecord

PNG = b"\x89PNG not really"


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """MLflow's schema takes seconds to create: once, then copied."""
    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    Store(f"sqlite:///{path}")
    return path


@pytest.fixture
def store(template, tmp_path):
    (tmp_path / "mlruns").mkdir()
    shutil.copy(template, tmp_path / "mlruns" / "mlflow.db")
    return Store(f"sqlite:///{tmp_path}/mlruns/mlflow.db", tmp_path / "mlruns" / "artifacts")


@pytest.fixture
def study_id(store):
    return store.start_study(
        "diabetes", {"problem": "diabetes", "space": {"eta": [1e-4, 1.0]}}, {"commit": "abc"}
    )


def make_record(state="complete", train=(3.0, 2.0, 1.0), targets=1, **changes):
    train = np.array(train)
    values = {
        "number": 7,
        "state": state,
        "params": {"beta": np.float64(0.912), "eta": 0.31, "schedule": "cosine"},
        "train_loss": train,
        "val_loss": train * 1.1,
        "floor": 0.9,
        "objective": float(train[-1]) * 1.1 if state == "complete" else None,
        "epochs_to_target": 3 if state == "complete" else None,
        "feature_names": ["a", "b"],
        "target_names": [f"y{k}" for k in range(targets)],
        "coef": np.arange(2 * targets * 2, dtype=float).reshape(2, targets, 2),
        "intercept": np.ones((2, targets)),
    }
    return TrialRecord(**values | changes)


def run_trial(store, study_id, record, pngs=None):
    run_id = store.start_trial(study_id, record.number, record.params)
    store.end_trial(run_id, record, {"plots/loss_curve.png": PNG} if pngs is None else pngs)
    return run_id


def read(store, run_id):
    return MlflowClient(store.uri).get_run(run_id)


def artifact(store, run_id, path):
    return Path(MlflowClient(store.uri).download_artifacts(run_id, path)).read_bytes()


# ---- trials ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status"),
    [("complete", "FINISHED"), ("pruned", "KILLED"), ("diverged", "KILLED"), ("failed", "FAILED")],
)
def test_a_trial_ends_in_its_true_state(store, study_id, state, status):
    run = read(
        store, run_trial(store, study_id, make_record(state, error="why" if state == "failed" else None))
    )
    assert run.info.status == status
    assert run.data.tags["study.state"] == state
    assert run.data.tags.get("study.error") == ("why" if state == "failed" else None)


def test_a_trial_leaves_its_curves_params_tags_and_artifacts(store, study_id):
    record = make_record()
    run_id = run_trial(store, study_id, record, {"plots/loss_curve.png": PNG, "plots/weights.png": PNG})
    run, client = read(store, run_id), MlflowClient(store.uri)
    assert run.data.params == {"beta": "0.912", "eta": "0.31", "schedule": "cosine"}
    assert run.data.tags["mlflow.parentRunId"] == study_id
    assert run.data.tags["study.kind"] == "trial"
    assert run.data.tags["study.trial_number"] == "7"
    assert run.info.run_name == "trial 007: β 0.912, η 0.31"
    assert set(run.data.metrics) == {"train_loss", "val_loss", "objective", "epochs_to_target"}
    for key in ("train_loss", "val_loss"):
        points = {p.step: p.value for p in client.get_metric_history(run_id, key)}
        assert points == dict(enumerate(getattr(record, key), start=1))
    assert run.data.metrics["objective"] == record.objective
    assert artifact(store, run_id, "plots/weights.png") == PNG
    assert artifact(store, run_id, "plots/loss_curve.png") == PNG
    assert json.loads(artifact(store, run_id, "weights.json")) == {
        "feature_names": ["a", "b"],
        "target_names": ["y0"],
        "coef": [1.0, 2.0],
        "intercept": 1.0,
        "folds": [{"coef": [0.0, 1.0], "intercept": 1.0}, {"coef": [2.0, 3.0], "intercept": 1.0}],
    }


def test_a_run_is_open_before_its_work(store, study_id):
    run_id = store.start_trial(study_id, 0, {"beta": 0.9, "eta": 0.1})
    assert read(store, run_id).info.status == "RUNNING"


def test_nothing_that_is_not_finite_is_stored(store, study_id):
    coef = np.array([[[1.0, np.nan]], [[np.inf, 2.0]]])
    record = make_record("diverged", (1.0, 1e9, np.inf, np.nan), coef=coef, objective=math.inf)
    run_id = run_trial(store, study_id, record)
    history = MlflowClient(store.uri).get_metric_history(run_id, "train_loss")
    assert [(p.step, p.value) for p in history] == [(1, 1.0), (2, 1e9)]
    run = read(store, run_id)
    assert "objective" not in run.data.metrics
    assert run.data.tags["study.diverged_epoch"] == "3"
    held = json.loads(artifact(store, run_id, "weights.json"))
    assert held["coef"] == [None, None]
    assert held["folds"][0]["coef"] == [1.0, None]


def test_weights_of_several_targets_keep_sklearns_shape():
    held = entries.weights(make_record(targets=3))
    assert np.shape(held["coef"]) == (3, 2)
    assert np.shape(held["intercept"]) == (3,)


def test_a_trial_without_weights_is_logged(store, study_id):
    empty = make_record("failed", (), coef=np.empty((0, 0, 0)), intercept=np.empty((0, 0)))
    held = json.loads(artifact(store, run_trial(store, study_id, empty), "weights.json"))
    assert held["coef"] == held["folds"] == []


def test_a_long_curve_is_stored_whole(store, study_id):
    run_id = run_trial(store, study_id, make_record(train=np.linspace(2, 1, 1200)))
    history = MlflowClient(store.uri).get_metric_history(run_id, "val_loss")
    assert sorted(p.step for p in history) == list(range(1, 1201))


def test_a_trial_whose_work_dies_is_failed_with_what_it_tried(store, study_id):
    run_id = store.start_trial(study_id, 3, {"beta": 0.5, "eta": 2.0})
    store.fail_trial(run_id, RuntimeError("out of luck"))
    run = read(store, run_id)
    assert run.info.status == "FAILED"
    assert run.data.tags["study.state"] == "failed"
    assert run.data.tags["study.error"] == "RuntimeError: out of luck"
    assert run.data.params == {"beta": "0.5", "eta": "2.0"}


def test_another_process_can_fail_a_trial_it_did_not_start(store, study_id):
    run_id = store.start_trial(study_id, 3, {"beta": 0.5})
    Store(store.uri).fail_trial(run_id, KeyboardInterrupt())
    assert read(store, run_id).data.tags["study.error"] == "KeyboardInterrupt"


def test_threads_share_a_store(store, study_id):
    work = [
        threading.Thread(target=run_trial, args=(store, study_id, make_record(number=number)))
        for number in range(6)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert [run.number for run in store.trials(study_id)] == list(range(6))
    assert {run.status for run in store.trials(study_id)} == {"FINISHED"}


# ---- studies ---------------------------------------------------------------------------------------


def test_a_study_opens_with_its_config_and_tags(store, study_id):
    run = read(store, study_id)
    assert run.info.status == "RUNNING"
    assert run.data.params == {"problem": "diabetes", "space.eta": "[0.0001, 1.0]"}
    assert {"study.kind": "study", "study.name": "diabetes", "commit": "abc"}.items() <= run.data.tags.items()


def test_the_ui_needs_no_setting_up(store, study_id):
    experiment = MlflowClient(store.uri).get_experiment_by_name("diabetes")
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert json.loads(experiment.tags[views.TAG])["state"].startswith("deflate;")
    assert experiment.artifact_location == f"{store.artifact_root}/diabetes"
    assert f"experiments/{experiment.experiment_id}/runs?" in store.pages("diabetes")["trials"]
    assert store.pages("nothing of the name") == {}


def test_a_study_ends_with_what_it_found(store, study_id):
    store.end_study(
        study_id,
        {"best": {"params": {"beta": np.float64(0.5)}, "objective": math.nan}, "n": np.int64(3)},
        {"best_objective": 1.5, "test_loss": None, "note_regret": math.inf},
        report="<p>é</p>",
        pngs={"plots/history.png": PNG},
        note="**best** 1.5",
    )
    run = read(store, study_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"best_objective": 1.5}
    assert run.data.tags["mlflow.note.content"] == "**best** 1.5"
    held = json.loads(artifact(store, study_id, "summary.json"))
    assert held == {"best": {"params": {"beta": 0.5}, "objective": None}, "n": 3}
    assert store.read_text(study_id, "report.html") == "<p>é</p>"
    assert artifact(store, study_id, "plots/history.png") == PNG


@pytest.mark.parametrize(("error", "status"), [(ValueError("x"), "FAILED"), (KeyboardInterrupt(), "KILLED")])
def test_a_study_that_dies_does_not_stay_running(store, study_id, error, status):
    store.fail_study(study_id, error)
    assert read(store, study_id).info.status == status
    store.reopen_study(study_id)
    assert read(store, study_id).info.status == "RUNNING"


def test_reading_back_for_a_resume(store, study_id):
    run_trial(store, study_id, make_record(number=1))
    run_trial(store, study_id, make_record("pruned", number=0))
    stale = store.start_trial(study_id, 2, {"beta": 0.9, "eta": 0.1})
    later = store.start_study("diabetes", {}, {})
    fresh = Store(store.uri)
    assert [run.run_id for run in fresh.find_studies("diabetes")] == [later, study_id]
    assert [run.name for run in fresh.find_studies("diabetes")] == ["diabetes #2", "diabetes #1"]
    assert fresh.find_studies("unheard of") == []
    assert [run.run_id for run in fresh.find_studies()] == [later, study_id]
    assert [(run.number, run.state) for run in fresh.trials(study_id)] == [
        (0, "pruned"),
        (1, "complete"),
        (2, None),
    ]
    assert fresh.trials(study_id)[1].params["beta"] == "0.912"
    assert [run.run_id for run in fresh.stale_trials(study_id)] == [stale]
    assert fresh.trials(later) == []


def test_long_values_are_cut_and_absent_ones_left_out(store):
    run_id = store.start_study("long", {"text": "x" * 9000, "none": None}, {"note": "y" * 9000})
    run = read(store, run_id)
    assert len(run.data.params["text"]) == len(run.data.tags["note"]) == entries.LONGEST
    assert "none" not in run.data.params


# ---- data and model --------------------------------------------------------------------------------

X = pd.DataFrame({"a": [1, 2, 3, 4, 5, 7], "b": [0.1, 0.4, 0.2, 0.9, 0.5, 0.3]})
Y = pd.Series([1.0, 2.0, 3.5, 4.0, 5.5, 7.0], name="target")


@pytest.mark.parametrize("targets", [Y, pd.DataFrame({"u": Y, "v": Y}), None])
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
    code = (
        "import sys, mlflow, pandas as pd\n"
        f"mlflow.set_tracking_uri({store.uri!r})\n"
        "uri = 'models:/diabetes@champion'\n"
        f"X = pd.DataFrame({X.to_dict('list')!r})\n"
        "print(*mlflow.sklearn.load_model(uri).predict(X), *mlflow.pyfunc.load_model(uri).predict(X))\n"
        "study = sys.modules.get('study')\n"
        "print(study and study.__file__)\n"
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=elsewhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    numbers, where = done.stdout.strip().splitlines()[-2:]
    np.testing.assert_allclose([float(v) for v in numbers.split()], np.tile(model.predict(X), 2))
    # The package comes with the model, unless it is installed here anyway.
    assert (where == "None") == isinstance(estimator, Ridge)
    info = MlflowClient(store.uri).get_model_version_by_alias("diabetes", "champion")
    assert (int(info.version), info.run_id) == (2, study_id)
    files = {path.name for path in Path(info.source).rglob("*")}
    assert {"MLmodel", "input_example.json", "requirements.txt"} <= files
    assert "__pycache__" not in files or isinstance(estimator, MomentumRegressor)
    assert "signature" in Path(info.source, "MLmodel").read_text()
    needs = Path(info.source, "requirements.txt").read_text().split()
    assert all("==" in need for need in needs)


def test_logging_a_model_leaves_the_callers_own_tracking_alone(store, study_id, template, tmp_path):
    import mlflow

    before = mlflow.get_tracking_uri()
    store.log_model(study_id, make_pipeline(StandardScaler(), Ridge()).fit(X, Y), "m", X.head(2))
    assert mlflow.get_tracking_uri() == before
    assert mlflow.active_run() is None
    assert read(store, study_id).info.status == "RUNNING"


# ---- the store -------------------------------------------------------------------------------------


def test_a_new_store_says_nothing(tmp_path, capfd, caplog, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.DEBUG):
        store = Store("sqlite:///mlruns/mlflow.db", "mlruns/artifacts")
        study_id = store.start_study("quiet", {}, {})
        run_trial(store, study_id, make_record())
        store.log_model(study_id, make_pipeline(StandardScaler(), Ridge()).fit(X, Y), "quiet", X.head(2))
        store.end_study(study_id, {}, {})
    out, err = capfd.readouterr()
    assert out == err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlruns"]
    assert sorted(path.name for path in (tmp_path / "mlruns").iterdir()) == ["artifacts", "mlflow.db"]
    monkeypatch.chdir("/")
    assert [run.name for run in store.find_studies("quiet")] == ["quiet #1"]


def test_a_hushed_stream_speaks_again_once_all_are_out():
    class Stream:
        said = ""

        def write(self, text):
            self.said += text

    stream = Stream()
    hush = stores.Hush(stream)
    with hush:
        with hush:
            stream.write("a")
        stream.write("b")
    stream.write("c")
    assert stream.said == "c"


def test_another_programs_tables_are_left_alone(tmp_path):
    path = tmp_path / "optuna.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE studies (study_id INTEGER)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program's tables"):
        Store(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_what_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database" * 100)
    with pytest.raises(StoreError, match="file is not a database"):
        Store(f"sqlite:///{path}")
    assert path.read_text() == "not a database" * 100


def test_an_old_schema_is_named_with_the_mend(template, tmp_path):
    path = tmp_path / "old.db"
    shutil.copy(template, path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '451aebb31d03'")
    connection.close()
    with pytest.raises(StoreError, match="mlflow db upgrade"):
        Store(f"sqlite:///{path}")


@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("sqlite:////no/such/folder/mlflow.db", "folder /no/such/folder does not exist"),
        ("sqlite:////proc/mlflow.db", "cannot be created"),
        ("sqlite:////tmp", "is a folder"),
        ("http://127.0.0.1:9", "nothing answers"),
        ("postgresql://someone:secret@127.0.0.1:9/db", "someone:|driver"),
        ("mlruns", "sqlite:///FILE"),
        ("file:///tmp/mlruns", "sqlite:///FILE"),
        ("ftp://host", "sqlite:///FILE"),
        ("sqlite:///", "sqlite:///FILE"),
        ("", "sqlite:///FILE"),
    ],
)
def test_a_store_that_cannot_be_opened_gets_one_line(uri, says, capfd):
    with pytest.raises(StoreError, match=says) as caught:
        Store(uri)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert not Path("/no").exists()
    assert capfd.readouterr().err == ""


def test_a_folder_is_made_only_for_the_artifacts_own_store(tmp_path):
    with pytest.raises(StoreError, match="does not exist"):
        Store(f"sqlite:///{tmp_path}/typo/mlflow.db", tmp_path / "mlruns" / "artifacts")
    assert list(tmp_path.iterdir()) == []


def test_a_build_that_fails_leaves_nothing(tmp_path):
    def build(uri):
        Path(uri.removeprefix("sqlite:///")).write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stores.create_sqlite(tmp_path / "new" / "x.db", "t", build, make_folder=True)
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_build_at_once_the_first_wins(tmp_path):
    path = tmp_path / "x.db"

    def build(uri):
        Path(uri.removeprefix("sqlite:///")).write_text("second")
        path.write_text("first")

    stores.create_sqlite(path, "t", build, make_folder=False)
    assert path.read_text() == "first"


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "x.db"
    path.touch()
    stores.create_sqlite(
        path, "t", lambda uri: Path(uri.removeprefix("sqlite:///")).write_text("s"), make_folder=False
    )
    assert path.read_text() == "s"


def test_a_deleted_experiment_is_named_with_the_mend(store, study_id):
    client = MlflowClient(store.uri)
    client.delete_experiment(client.get_experiment_by_name("diabetes").experiment_id)
    with pytest.raises(StoreError, match="mlflow experiments restore"):
        store.start_study("diabetes", {}, {})


def test_a_run_that_is_not_there_is_a_store_error(store):
    with pytest.raises(StoreError, match="not found"):
        store.start_trial("0" * 32, 0, {})


@pytest.mark.parametrize(
    ("beta", "shown"),
    [(0.9, "0.9"), (0.99512, "0.9951"), (0.9995, "0.9995"), (0.0, "0"), (1 - 1e-5, "0.99999")],
)
def test_a_trials_name_tells_betas_near_one_apart(beta, shown):
    assert entries.trial_name(12, {"beta": beta, "eta": 0.30999}) == f"trial 012: β {shown}, η 0.31"


def test_a_trials_name_does_without_beta():
    assert entries.trial_name(3, {"eta": "auto"}) == "trial 003: η auto"
    assert entries.trial_name(3, {}) == "trial 003"
