"""The end of a study: what its own run, its report and its registered model hold."""

import json
import re
import subprocess
import sys

import mlflow
import numpy as np
import pytest

from study.commands import conclusion, run
from study.errors import StudyError
from study.tuning.evaluation import evaluate
from study.tuning.study_data import load_study_data
from tests.commands.tiny_study import N_TRIALS, load, paths
from tests.loops import limit_of_moments


def test_the_parent_holds_the_whole_study(client, summary):
    parent = client.get_run(summary.run_id)
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
    } <= set(paths(client, summary.run_id))  # fmt: skip
    (dataset,) = parent.inputs.dataset_inputs
    assert dataset.dataset.name == "linnerud"


def test_the_summary_is_what_the_trials_say(summary, trials):
    best = min((t for t in trials if t.state.name == "COMPLETE"), key=lambda t: t.value)
    assert summary.best.objective == best.value
    assert summary.note.objective == trials[0].value
    assert summary.n_trials.total == N_TRIALS
    assert summary.optimum.objective <= best.value * (1 + 1e-9)
    assert summary.regret.tuner == best.value - summary.optimum.objective
    assert summary.regret.note == trials[0].value - summary.optimum.objective


def test_the_exact_optimum_is_the_objective_of_a_trial_there(summary):
    record = evaluate(load_study_data(load()), 0, summary.optimum.params)
    assert record.objective == pytest.approx(summary.optimum.objective, rel=1e-9)


def test_the_optimum_of_mini_batches_is_predicted_and_then_measured_as_a_trial(stores, monkeypatch):
    monkeypatch.chdir(stores)
    drawn = []
    draw = conclusion.draw_study
    monkeypatch.setattr(conclusion, "draw_study", lambda findings: drawn.append(findings) or draw(findings))
    settings = load(n_trials=4, model={"batch_size": 4})
    found = run.run(settings, quiet=True)
    data = load_study_data(settings)
    optimum = found.optimum
    assert optimum.measured == evaluate(data, 0, optimum.params).objective
    assert optimum.measured != optimum.objective
    assert found.regret.tuner == found.best.objective - optimum.measured
    assert found.regret.note == found.note.objective - optimum.measured
    assert found.to_json()["optimum"]["is_expected"]
    metrics = mlflow.MlflowClient(settings.storage.tracking_uri).get_run(found.run_id).data.metrics
    assert metrics["optimum_measured"] == optimum.measured
    assert metrics["optimum_objective"] == optimum.objective
    # What is drawn: the expected surface, and the least limit of the folds.
    assert drawn[0].surface_is_expected
    betas, etas = drawn[0].stability_limit
    for i in (0, len(betas) // 2):
        limits = [limit_of_moments(fold.rows.X, betas[i], 4) for fold in data.folds]
        assert etas[i] == pytest.approx(min(limits), rel=0.02)


def test_the_full_batchs_limit_is_not_drawn_for_mini_batches_whose_limit_is_not_known():
    data = load_study_data(load(model={"batch_size": 4, "dropout": 0.1}))
    assert conclusion._stability_limit(data, None) is None


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
    page = (folder / summary.report).read_text(encoding="utf-8")
    assert re.findall('src="(?!data:)|<link|@import', page) == []
    assert "<script" not in page
    assert page.count("data:image/png;base64,") == 4


def test_the_report_links_the_page_of_each_trial_in_the_ui(summary, folder, children):
    page = (folder / summary.report).read_text(encoding="utf-8")
    for number, child in enumerate(children):
        address = f"http://127.0.0.1:5000/#/experiments/{child.info.experiment_id}/runs/{child.info.run_id}"
        assert re.search(f'<a href="{re.escape(address)}[^"]*">{number}: ', page)


def test_a_target_that_no_setting_reaches_is_said_so(stores, monkeypatch):
    monkeypatch.chdir(stores)
    settings = load(n_trials=2, objective="epochs", eta={"low": 1e-6, "high": 1e-5})
    told = run.table(run.run(settings, quiet=True))
    assert told.count("not within 30 epochs") == 3
    assert "what following the note costs" not in told


def test_the_summary_in_the_store_is_the_one_that_is_returned(client, summary):
    with open(client.download_artifacts(summary.run_id, "summary.json"), encoding="utf-8") as file:
        assert json.load(file) == summary.to_json()


def test_the_best_trial_is_not_fitted_again_to_be_drawn(stores, monkeypatch):
    monkeypatch.chdir(stores)
    fitted = []
    monkeypatch.setattr(conclusion, "evaluate", lambda *arguments: fitted.append(arguments))
    run.run(load(n_trials=3), quiet=True)
    assert fitted == []


def test_the_best_trial_of_an_earlier_process_is_fitted_again_to_be_drawn(stores, monkeypatch):
    monkeypatch.chdir(stores)
    first = run.run(load(n_trials=3), quiet=True)
    fitted = []

    def again(data, number, params):
        fitted.append(number)
        return evaluate(data, number, params)

    monkeypatch.setattr(conclusion, "evaluate", again)
    run.run(load(n_trials=3), resume=True, quiet=True)
    assert fitted == [first.best.trial]


def test_a_study_whose_settings_all_diverge_names_the_stability_limit(stores, monkeypatch):
    monkeypatch.chdir(stores)
    settings = load(n_trials=3, eta={"low": 1e4, "high": 1e5}, beta={"low": 0.0, "high": 0.5})
    with pytest.raises(StudyError, match=r"every setting of the search space diverged") as raised:
        run.run(settings, quiet=True)
    # 2/L at β = 0, with L the largest curvature of any fold.
    largest = 0.0
    for fold in load_study_data(settings).folds:
        design = np.column_stack([fold.rows.X, np.ones(len(fold.rows.X))])
        largest = max(largest, np.linalg.eigvalsh(2 * design.T @ design / len(design))[-1])
    assert f"stable for eta < {2 / largest:.4g} at beta = 0 " in str(raised.value)


def test_a_study_of_mini_batches_whose_settings_all_diverge_names_their_limit(stores, monkeypatch):
    monkeypatch.chdir(stores)
    settings = load(
        n_trials=3, eta={"low": 1e4, "high": 1e5}, beta={"low": 0.0, "high": 0.5}, model={"batch_size": 4}
    )
    with pytest.raises(StudyError, match=r"every setting of the search space diverged") as raised:
        run.run(settings, quiet=True)
    named = float(re.search(r"stable for eta < ([\d.]+) at beta = 0 ", str(raised.value)).group(1))
    folds = load_study_data(settings).folds
    assert named == pytest.approx(min(limit_of_moments(f.rows.X, 0.0, 4) for f in folds), rel=0.02)
