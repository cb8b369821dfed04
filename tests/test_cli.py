"""The commands as a person runs them: what they print, and how they fail."""

import importlib.metadata
import os
import signal
import subprocess
import sys
from pathlib import Path

import optuna
import pytest

from tests.commands.records import CONFIG
from tests.preloaded import run_study, start_study


@pytest.fixture
def bare(tmp_path):
    """A folder with a config and nothing else."""
    (tmp_path / "try.toml").write_text(CONFIG.format(n_trials=4), encoding="utf-8")
    return tmp_path


@pytest.fixture
def folder(stores):
    """A folder with a config and stores that hold no study yet."""
    (stores / "try.toml").write_text(CONFIG.format(n_trials=4), encoding="utf-8")
    return stores


def study(folder, *arguments):
    """Run a command as a person does, in a process that loads all that it needs."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    command = [sys.executable, "-m", "study", *map(str, arguments)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_run_prints_what_to_do_and_where_to_look(bare):
    done = study(bare, "run", "try.toml")
    assert done.returncode == 0, done.stderr
    for words in ("best setting", "note's advice, β = 0.9, η = 0.1", "what following the note costs",
                  "held-out test loss", "4 complete", "make ui", "mlruns/reports/try/"):  # fmt: skip
        assert words in done.stdout
    assert "trial 4/4" in done.stderr
    understood, *lines = done.stderr.split("mlruns/optuna.db\n")
    assert understood.startswith("try: petal width (cm) from the other 3")
    assert all(line.startswith("trial ") for line in "".join(lines).splitlines())
    assert run_study(bare, "report", "-o", "page.html").returncode == 0
    assert "<!doctype html>" in (bare / "page.html").read_text(encoding="utf-8")


def test_quiet_shows_no_progress(folder):
    assert run_study(folder, "run", "try.toml", "--quiet", "--trials", 1).stderr == ""


def test_dry_run_touches_no_store(bare):
    done = study(bare, "run", "try.toml", "--dry-run")
    assert done.returncode == 0
    assert "petal width (cm) from the other 3" in done.stdout
    assert os.listdir(bare) == ["try.toml"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.toml"], "no such file"),
        (["."], "cannot be read"),
        (["try.toml", "--trials", "0"], "search.n_trials = 0"),
        (["try.toml", "--tracking-uri", "sqlite:////dev/null/x.db"], "/dev/null"),
        (["try.toml", "--storage", "sqlite:////dev/null/x.db"], "/dev/null"),
        (["try.toml", "--tracking-uri", "nonsense"], "nonsense"),
        (["try.toml", "--resume"], "no study named 'try'"),
    ],
)
def test_what_a_person_did_wrong_gets_one_line_and_leaves_nothing(bare, arguments, said):
    done = study(bare, "run", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""
    if "--resume" not in arguments:
        assert os.listdir(bare) == ["try.toml"]


def test_a_space_that_diverges_ends_with_the_stability_limit(folder):
    text = CONFIG.format(n_trials=4) + "eta = { low = 1e4, high = 1e5 }\n"
    (folder / "far.toml").write_text(text, encoding="utf-8")
    done = run_study(folder, "run", "far.toml", "--quiet")
    assert done.returncode == 2
    assert "every setting of the search space diverged" in done.stderr
    assert "stable for eta <" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_study_loses_no_finished_trial_and_goes_on(folder, how):
    mlflow = pytest.importorskip("mlflow")
    (folder / "try.toml").write_text(CONFIG.format(n_trials=15), encoding="utf-8")
    with start_study(folder, "run", "try.toml") as process:
        for line in process.stderr:
            if line.startswith("trial 6/"):
                break
        process.send_signal(how)
        said = [line for line in process.communicate()[1].splitlines() if not line.startswith("trial ")]
    if how == signal.SIGKILL:
        assert (process.returncode, said) == (-signal.SIGKILL, [])
    else:
        assert process.returncode == 128 + how
        assert said == ["interrupted: go on with `study run try.toml --resume`, and the same options"]
    client = mlflow.MlflowClient(f"sqlite:///{folder}/mlruns/mlflow.db")
    experiment = client.get_experiment_by_name("try").experiment_id

    def runs(condition):
        return client.search_runs([experiment], condition)

    if how != signal.SIGKILL:
        assert runs("attributes.status = 'RUNNING'") == []
    assert run_study(folder, "run", "try.toml", "--resume", "--quiet").returncode == 0
    (parent,) = runs("tags.`study.kind` = 'study'")
    assert parent.info.status == "FINISHED"
    assert runs("attributes.status = 'RUNNING'") == []
    finished = runs("tags.`study.kind` = 'trial' and attributes.status != 'FAILED'")
    (name,) = optuna.get_all_study_names(f"sqlite:///{folder}/mlruns/optuna.db")
    trials = optuna.load_study(study_name=name, storage=f"sqlite:///{folder}/mlruns/optuna.db").trials
    ended = [t.number for t in trials if t.state.name in ("COMPLETE", "PRUNED")]
    assert len(ended) == 15
    assert sorted(int(r.data.tags["study.trial_number"]) for r in finished) == ended


def test_the_version_is_that_of_the_distribution(bare):
    done = study(bare, "--version")
    assert done.stdout.split() == ["study,", "version", importlib.metadata.version("momentum-study")]


def test_a_report_that_cannot_be_written_is_said_in_one_line(folder):
    run_study(folder, "run", "try.toml", "--quiet", "--trials", 1)
    done = run_study(folder, "report", "-o", "no/such/folder/page.html")
    assert done.returncode == 2
    assert "-o no/such/folder/page.html: cannot be written" in done.stderr


def test_a_report_of_an_empty_store_is_said_in_one_line(folder):
    done = run_study(folder, "report")
    assert done.returncode == 2
    assert "the store holds no study yet" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_claim_that_is_not_there_is_said_before_a_store_is_made(bare):
    done = study(bare, "guidance", "--claims", "converges-fastr")
    assert done.returncode == 2
    assert "converges-fastr" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert os.listdir(bare) == ["try.toml"]
