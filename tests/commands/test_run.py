"""A whole study, read back from its store with MLflow's and Optuna's own clients."""

import contextlib
import json
import sqlite3

import mlflow
import numpy as np
import optuna
import pytest

from study.commands import run
from study.config import Storage
from study.errors import ConfigError, UserError
from tests.commands.tiny_study import N_TRIALS, load, paths


def test_one_parent_has_a_child_for_every_trial(client, children, summary):
    experiment = client.get_experiment_by_name("tiny").experiment_id
    parents = client.search_runs([experiment], "tags.`study.kind` = 'study'")
    assert [parent.info.run_id for parent in parents] == [summary.run_id]
    assert [int(child.data.tags["study.trial_number"]) for child in children] == list(range(N_TRIALS))


def test_states_match_optunas(children, trials):
    optunas = {"FINISHED": "COMPLETE", "KILLED": "PRUNED", "FAILED": "FAIL"}
    statuses = {"complete": "FINISHED", "pruned": "KILLED", "diverged": "KILLED", "failed": "FAILED"}
    assert {child.data.tags["study.state"] for child in children} == {"complete", "diverged"}
    for child, trial in zip(children, trials, strict=True):
        assert optunas[child.info.status] == trial.state.name
        assert statuses[child.data.tags["study.state"]] == child.info.status


def test_every_trial_has_its_params_curves_weights_and_plots(client, children, trials):
    for child, trial in zip(children, trials, strict=True):
        assert float(child.data.params["eta"]) == trial.params["eta"]
        assert float(child.data.params["beta"]) == 1 - trial.params["1 - beta"]
        for key in ("train_loss", "val_loss"):
            curve = client.get_metric_history(child.info.run_id, key)
            assert [point.step for point in curve] == list(range(1, len(curve) + 1))
            assert all(np.isfinite(point.value) and point.value < 1e308 for point in curve)
            assert len(curve) == 30 or child.data.tags["study.state"] == "diverged"
        assert set(paths(client, child.info.run_id)) == {
            "weights.json", "plots/loss_curve.png", "plots/weights.png",
        }  # fmt: skip
        if child.data.tags["study.state"] == "complete":
            assert child.data.metrics["objective"] == trial.value


def test_weights_carry_their_names(client, children):
    path = client.download_artifacts(children[0].info.run_id, "weights.json")
    with open(path, encoding="utf-8") as file:
        weights = json.load(file)
    assert weights["feature_names"] == ["Chins", "Situps", "Jumps"]
    assert np.shape(weights["coef"]) == (3, 3)


def test_a_second_run_is_a_second_study_with_the_same_trials(client, summary, folder, trials):
    again = run.run(load(), quiet=True)
    assert again.run_id != summary.run_id
    storage = f"sqlite:///{folder}/mlruns/optuna.db"
    second = optuna.load_study(study_name="tiny #2", storage=storage).trials
    assert [(t.params, t.values) for t in second] == [(t.params, t.values) for t in trials]
    assert client.get_model_version_by_alias("tiny", "champion").run_id == again.run_id


def test_resume_goes_on_to_a_larger_total_also_under_the_name_of_an_earlier_version(
    trials, stores, monkeypatch
):
    monkeypatch.chdir(stores)
    begun = run.run(load(n_trials=3), quiet=True)
    # Earlier versions named a study in Optuna's storage by the id of its run.
    with contextlib.closing(sqlite3.connect("mlruns/optuna.db")) as database, database:
        database.execute("UPDATE studies SET study_name = ?", (begun.run_id,))
    mlflow.MlflowClient(f"sqlite:///{stores}/mlruns/mlflow.db").delete_tag(begun.run_id, "study.optuna_study")
    run.run(load(n_trials=N_TRIALS), resume=True, quiet=True)
    went_on = optuna.load_study(study_name=begun.run_id, storage="sqlite:///mlruns/optuna.db").trials
    assert [(t.params, t.values) for t in went_on] == [(t.params, t.values) for t in trials]
    with pytest.raises(ConfigError, match=r"search\.sampler was tpe"):
        run.run(load(sampler="random"), resume=True, quiet=True)


def test_resume_without_a_study_says_so(stores, monkeypatch):
    monkeypatch.chdir(stores)
    with pytest.raises(ConfigError, match="no study named 'tiny'"):
        run.run(load(), resume=True, quiet=True)


def test_resume_refuses_a_key_that_was_taken_out(stores, monkeypatch):
    monkeypatch.chdir(stores)
    slow = {"low": 1e-2, "high": 0.1}
    run.run(load(n_trials=2, eta=slow, alpha={"low": 1e-3, "high": 1.0}), quiet=True)
    with pytest.raises(ConfigError, match=r"search\.alpha\.high was 1\.0 .* unset now"):
        run.run(load(n_trials=3, eta=slow), resume=True, quiet=True)


def test_a_credential_is_in_no_record_and_no_output_and_a_study_is_resumed_all_the_same(
    stores, monkeypatch, capfd
):
    """The stores are opened as sqlite files, but the config names them as a database with a password."""
    monkeypatch.chdir(stores)
    files = {"postgresql://me:hunter2@host/mlflow": "sqlite:///mlruns/mlflow.db",
             "postgresql://host/optuna?user=me&password=hunter2": "sqlite:///mlruns/optuna.db"}  # fmt: skip
    tracking_uri, storage = files
    store, open_storage = run.Store, run.open_storage
    monkeypatch.setattr(run, "check_run", lambda config, *, resume: None)
    monkeypatch.setattr(run, "Store", lambda uri, root: store(files[uri], root))
    monkeypatch.setattr(run, "open_storage", lambda uri: open_storage(files[uri]))

    def config(n_trials):
        stores = Storage(tracking_uri=tracking_uri, optuna=storage)
        return load(n_trials=n_trials, eta={"low": 1e-2, "high": 0.1}).model_copy(update={"storage": stores})

    print(run.table(run.run(config(2))))
    resumed = run.run(config(3), resume=True)
    print(run.describe(run.load_study_data(config(3))))
    written = capfd.readouterr()
    assert resumed.n_trials.complete + resumed.n_trials.diverged == 3
    assert (
        "into postgresql://me:***@host/mlflow and postgresql://host/optuna?user=me&password=***"
        in written.out
    )
    assert "hunter2" not in written.out + written.err
    files = [path for path in stores.rglob("*") if path.is_file()]
    assert {"mlflow.db", "optuna.db", "report.html", "summary.json"} <= {path.name for path in files}
    assert [path for path in files if b"hunter2" in path.read_bytes()] == []
    assert any(b"me:***@host" in path.read_bytes() for path in files)


def test_a_dry_run_hides_credentials_and_touches_no_store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stores = Storage(optuna="postgresql://me:hunter2@hunter2/3@host/db", tracking_uri="https://hunter2@host")
    text = run.describe(run.load_study_data(load().model_copy(update={"storage": stores})))
    assert "into https://***@host and postgresql://me:***@host/db" in text
    assert "hunter2" not in text
    assert list(tmp_path.iterdir()) == []


def test_a_reports_folder_that_cannot_be_written_is_said_before_the_first_trial(stores, monkeypatch):
    monkeypatch.chdir(stores)
    (stores / "mlruns" / "reports").touch()
    before = (stores / "mlruns" / "mlflow.db").read_bytes()
    with pytest.raises(UserError, match="mlruns/reports/tiny: cannot be written"):
        run.run(load(), quiet=True)
    assert (stores / "mlruns" / "mlflow.db").read_bytes() == before


def test_resume_in_an_empty_folder_leaves_it_empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no study named 'tiny'"):
        run.run(load(), resume=True, quiet=True)
    assert list(tmp_path.iterdir()) == []
