"""A whole study, read back from its store with MLflow's and Optuna's own clients."""

import json
import subprocess
import sys

import numpy as np
import optuna
import pytest

from study import config
from study.commands import run
from study.errors import ConfigError
from study.tuning import search as tune
from study.tuning.study_data import prepare_data

mlflow = pytest.importorskip("mlflow")

N_TRIALS = 8


def load(**search):
    return config.Config.model_validate(
        {
            "name": "tiny",
            "data": {"problem": "linnerud", "n_splits": 3},
            "model": {"max_iter": 30},
            "search": {"n_trials": N_TRIALS, "eta": {"low": 1e-2, "high": 1e2}, **search},
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


@pytest.fixture(scope="module")
def summary(folder):
    return run.run(load(), quiet=True)


@pytest.fixture(scope="module")
def client(folder, summary):
    return mlflow.MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")


@pytest.fixture(scope="module")
def children(client, summary):
    experiment = client.get_experiment_by_name("tiny").experiment_id
    found = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{summary['run_id']}'")
    return sorted(found, key=lambda child: int(child.data.tags["study.trial_number"]))


@pytest.fixture(scope="module")
def trials(folder, summary):
    return optuna.load_study(
        study_name=summary["run_id"], storage=f"sqlite:///{folder}/mlruns/optuna.db"
    ).trials


def paths(client, run_id, folder=None):
    found = []
    for item in client.list_artifacts(run_id, folder):
        found += paths(client, run_id, item.path) if item.is_dir else [item.path]
    return found


def test_one_parent_has_a_child_for_every_trial(client, children, summary):
    experiment = client.get_experiment_by_name("tiny").experiment_id
    parents = client.search_runs([experiment], "tags.`study.kind` = 'study'")
    assert [parent.info.run_id for parent in parents] == [summary["run_id"]]
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
        assert float(child.data.params["beta"]) == 1 - trial.params[tune.SLOWNESS]
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


def test_the_parent_holds_the_whole_study(client, summary):
    parent = client.get_run(summary["run_id"])
    assert parent.info.status == "FINISHED"
    assert parent.data.params["search.sampler"] == "tpe"
    assert {"study.name", "study.data_hash", "study.version.numpy", "mlflow.note.content"} <= set(
        parent.data.tags
    )
    assert parent.data.metrics["note_regret"] == pytest.approx(
        parent.data.metrics["note_objective"] - parent.data.metrics["best_objective"]
    )
    assert {
        "summary.json", "report.html", "plots/history.png", "plots/plane.png",
        "plots/importance.png", "plots/best_curve.png",
    } <= set(paths(client, summary["run_id"]))  # fmt: skip
    (dataset,) = parent.inputs.dataset_inputs
    assert dataset.dataset.name == "linnerud"


def test_the_summary_is_what_the_trials_say(summary, trials):
    best = min((t for t in trials if t.state.name == "COMPLETE"), key=lambda t: t.value)
    assert summary["best"]["objective"] == best.value
    assert summary["note"]["objective"] == trials[0].value
    assert sum(summary["n_trials"].values()) == N_TRIALS
    assert summary["optimum"]["objective"] <= best.value * (1 + 1e-9)
    assert summary["regret"]["tuner"] == best.value - summary["optimum"]["objective"]
    assert summary["regret"]["note"] == trials[0].value - summary["optimum"]["objective"]


def test_the_exact_optimum_is_the_objective_of_a_trial_there(summary):
    from study.tuning.evaluation import evaluate

    prepared = prepare_data(load())
    record = evaluate(load(), prepared.splits, 0, summary["optimum"]["params"])
    assert record.objective == pytest.approx(summary["optimum"]["objective"], rel=1e-9)


def test_the_champion_predicts_in_a_fresh_process_without_the_package(folder, summary, tmp_path):
    code = (
        "import mlflow, pandas as pd\n"
        f"mlflow.set_tracking_uri('sqlite:///{folder}/mlruns/mlflow.db')\n"
        "model = mlflow.sklearn.load_model('models:/tiny@champion')\n"
        "frame = pd.DataFrame({'Chins': [5.0], 'Situps': [100.0], 'Jumps': [50.0]})\n"
        "print(model.predict(frame).shape, type(model[-1]).__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.strip() == "(1, 3) MomentumRegressor"


def test_the_report_is_one_page_that_needs_nothing_else(summary, folder, children):
    page = (folder / summary["report"]).read_text(encoding="utf-8")
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page
    assert page.count("data:image/png;base64,") == 4
    assert all(child.info.run_id in page for child in children)


def test_a_second_run_is_a_second_study_with_the_same_trials(client, summary, folder, trials):
    again = run.run(load(), quiet=True)
    assert again["run_id"] != summary["run_id"]
    storage = f"sqlite:///{folder}/mlruns/optuna.db"
    second = optuna.load_study(study_name=again["run_id"], storage=storage).trials
    assert [(t.params, t.values) for t in second] == [(t.params, t.values) for t in trials]
    assert client.get_model_version_by_alias("tiny", "champion").run_id == again["run_id"]


def test_resume_goes_on_to_a_larger_total(folder, summary, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run.run(load(n_trials=3), quiet=True)
    resumed = run.run(load(n_trials=N_TRIALS), resume=True, quiet=True)
    storage = f"sqlite:///{tmp_path}/mlruns/optuna.db"
    whole = f"sqlite:///{folder}/mlruns/optuna.db"
    went_on = optuna.load_study(study_name=resumed["run_id"], storage=storage).trials
    at_once = optuna.load_study(study_name=summary["run_id"], storage=whole).trials
    assert [(t.params, t.values) for t in went_on] == [(t.params, t.values) for t in at_once]
    with pytest.raises(ConfigError, match=r"search\.sampler was tpe"):
        run.run(load(sampler="random"), resume=True, quiet=True)


def test_resume_without_a_study_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no study named 'tiny'"):
        run.run(load(), resume=True, quiet=True)


def test_a_target_that_no_setting_reaches_is_said_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load(n_trials=2, objective="epochs", eta={"low": 1e-6, "high": 1e-5})
    told = run.table(run.run(settings, quiet=True))
    assert told.count("not within 30 epochs") == 3
    assert "what following the note costs" not in told


def test_resume_refuses_a_key_that_was_taken_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    slow = {"low": 1e-2, "high": 0.1}
    run.run(load(n_trials=2, eta=slow, alpha={"low": 1e-3, "high": 1.0}), quiet=True)
    with pytest.raises(ConfigError, match=r"search\.alpha\.high was 1\.0 .* unset now"):
        run.run(load(n_trials=3, eta=slow), resume=True, quiet=True)
