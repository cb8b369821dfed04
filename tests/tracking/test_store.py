"""What a store holds, read back through a client of its own."""

import json
import logging
import math
import os
import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from study.tracking import Store, StoreError, charts_view
from study.tracking.values import LONGEST_TEXT
from tests.tracking.runs import PNG, artifact, in_a_killed_process, make_record, read, run_trial


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
    assert run.info.run_name == "β 0.912 η 0.31"
    assert set(run.data.metrics) == {
        "train_loss", "val_loss", "objective", "epochs_to_target", "log10_eta", "log10_1_minus_beta"
    }  # fmt: skip
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
    assert [(p.step, p.value) for p in history] == [(1, 1.0)]
    run = read(store, run_id)
    assert "objective" not in run.data.metrics
    assert run.data.tags["study.diverged_epoch"] == "3"
    held = json.loads(artifact(store, run_id, "weights.json"))
    assert held["coef"] == [None, None]
    assert held["folds"][0]["coef"] == [1.0, None]


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


def test_the_error_of_a_trial_is_recorded_without_the_password_that_it_quotes(store, study_id):
    run_id = store.start_trial(study_id, 3, {})
    store.fail_trial(run_id, OSError("no connection to postgresql://me:hunter2@host/db"))
    said = read(store, run_id).data.tags["study.error"]
    assert said == "OSError: no connection to postgresql://me:***@host/db"


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


def test_a_study_opens_with_its_config_and_tags(store, study_id):
    run = read(store, study_id)
    assert run.info.status == "RUNNING"
    assert run.data.params == {"problem": "diabetes", "space.eta": "[0.0001, 1.0]"}
    assert {"study.kind": "study", "study.name": "diabetes", "commit": "abc"}.items() <= run.data.tags.items()


def test_the_ui_needs_no_setting_up(store, study_id):
    experiment = MlflowClient(store.uri).get_experiment_by_name("diabetes")
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert charts_view.view_tags().items() <= experiment.tags.items()
    assert "trials are its children" in experiment.tags["mlflow.note.content"]
    assert experiment.artifact_location == f"{store.artifact_root}/diabetes"
    assert f"experiments/{experiment.experiment_id}/runs?" in store.pages("diabetes")["trials"]
    assert store.pages("nothing of the name") == {}


def test_an_experiment_of_an_earlier_version_gets_what_it_lacks_and_keeps_what_it_has(store):
    client = MlflowClient(store.uri)
    old = client.create_experiment("old", tags={"mlflow.note.content": "mine"})
    store.start_study("old", {}, {})
    tags = client.get_experiment(old).tags
    assert tags["mlflow.note.content"] == "mine"
    assert charts_view.view_tags().items() <= tags.items()


def test_a_study_is_found_in_optuna_by_the_name_that_was_recorded_or_by_its_runs_id(store, study_id):
    assert store.study(study_id).optuna_study == study_id
    store.name_in_optuna(study_id, "diabetes #1")
    assert store.study(study_id).optuna_study == "diabetes #1"


def test_a_study_that_has_not_ended_says_how_it_goes_on(store, study_id):
    assert "--resume" in read(store, study_id).data.tags["mlflow.note.content"]


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
    assert store.read_files(study_id)["report.html"] == "<p>é</p>".encode()
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
    running = store.start_trial(study_id, 2, {"beta": 0.9, "eta": 0.1})
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
    assert [run.run_id for run in fresh.trials(study_id) if run.status == "RUNNING"] == [running]
    assert fresh.trials(later) == []


def test_a_study_whose_process_was_killed_is_closed_with_its_trials(store, study_id):
    code = (
        "study = store.start_study('diabetes', {}, {})\n"
        "print(study, store.start_trial(study, 0, {'beta': 0.9}), sep='\\n')"
    )
    dead, trial = in_a_killed_process(store, code)
    assert [run.run_id for run in store.find_studies("diabetes") if run.is_dead] == [dead]
    store.close_dead(read_view(store, dead))
    for run_id in (dead, trial):
        run = read(store, run_id)
        assert run.info.status == "FAILED"
        assert run.data.tags["study.error"] == "the process was killed"
    assert read(store, trial).data.tags["study.state"] == "failed"
    assert read(store, study_id).info.status == "RUNNING"


def test_a_study_that_is_resumed_belongs_to_this_process(store):
    code = (
        "study = store.start_study('diabetes', {}, {})\n"
        "print(study, store.start_trial(study, 0, {'beta': 0.9}), sep='\\n')"
    )
    dead, trial = in_a_killed_process(store, code)
    store.reopen_study(dead)
    assert not read_view(store, dead).is_dead
    assert read(store, dead).data.tags["study.pid"] == str(os.getpid())
    assert read(store, trial).info.status == "FAILED"


def test_a_study_that_is_resumed_has_no_error_any_more(store, study_id):
    store.fail_study(study_id, KeyboardInterrupt())
    store.reopen_study(study_id)
    assert "study.error" not in read(store, study_id).data.tags


def read_view(store, run_id):
    return next(run for run in store.find_studies() if run.run_id == run_id)


def test_long_values_are_cut_and_absent_ones_left_out(store):
    run_id = store.start_study("long", {"text": "x" * 9000, "none": None}, {"note": "y" * 9000})
    run = read(store, run_id)
    assert len(run.data.params["text"]) == len(run.data.tags["note"]) == LONGEST_TEXT
    assert "none" not in run.data.params


def test_a_new_store_says_nothing(tmp_path, capfd, caplog, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with caplog.at_level(logging.DEBUG):
        store = Store("sqlite:///mlruns/mlflow.db", "mlruns/artifacts")
        study_id = store.start_study("quiet", {}, {})
        run_trial(store, study_id, make_record())
        X = pd.DataFrame({"a": [1, 2, 3, 4, 5, 7], "b": [0.1, 0.4, 0.2, 0.9, 0.5, 0.3]})
        model = make_pipeline(StandardScaler(), Ridge()).fit(X, np.arange(6.0))
        store.log_model(study_id, model, "quiet", X.head(2))
        store.end_study(study_id, {}, {}, report="", pngs={}, note="")
    out, err = capfd.readouterr()
    assert out == err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mlruns"]
    assert sorted(path.name for path in (tmp_path / "mlruns").iterdir()) == ["artifacts", "mlflow.db"]
    monkeypatch.chdir("/")
    assert [run.name for run in store.find_studies("quiet")] == ["quiet #1"]


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


def test_an_old_schema_is_named_with_the_mend(empty_stores, tmp_path):
    path = tmp_path / "old.db"
    shutil.copy(empty_stores / "mlflow.db", path)
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


def test_a_deleted_experiment_is_named_with_the_mend(store, study_id):
    client = MlflowClient(store.uri)
    client.delete_experiment(client.get_experiment_by_name("diabetes").experiment_id)
    with pytest.raises(StoreError, match="mlflow experiments restore"):
        store.start_study("diabetes", {}, {})


def test_a_run_that_is_not_there_is_a_store_error(store):
    with pytest.raises(StoreError, match="not found"):
        store.start_trial("0" * 32, 0, {})
