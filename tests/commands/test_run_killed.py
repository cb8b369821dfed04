"""`study run`, ended by a signal at a chosen point, and what both stores hold after `--resume`."""

import os
import shutil
import signal
import subprocess
import time

import pytest

from tests.commands.records import CONFIG, Records, start, start_with_hook, study_with_hook
from tests.preloaded import run_study

N_TRIALS = 4
CALLS = "from {module} import {cls}\ncall({cls}, {method!r}, {when!r}, {call}, {what})"
KILL = "lambda: send('SIGKILL')"


@pytest.fixture
def folder(stores):
    (stores / "try.toml").write_text(CONFIG.format(n_trials=N_TRIALS), encoding="utf-8")
    return stores


@pytest.fixture(scope="module")
def whole(empty_stores, tmp_path_factory):
    """The trials of a study that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole")
    shutil.copytree(empty_stores, folder / "mlruns")
    (folder / "try.toml").write_text(CONFIG.format(n_trials=N_TRIALS), encoding="utf-8")
    assert run_study(folder, "run", "try.toml", "--quiet").returncode == 0
    records = Records(folder)
    ((run_id, _, _),) = records.runs("study")
    return records.table(run_id)


KILLS = {
    "its config is not recorded yet": CALLS.format(
        module="mlflow", cls="MlflowClient", method="log_batch", when="before", call=1, what=KILL
    ),
    "a trial's record is whole, and Optuna is not told": CALLS.format(
        module="study.tracking", cls="Store", method="end_trial", when="after", call=3, what=KILL
    ),
    "the last trial's record is whole, and Optuna is not told": CALLS.format(
        module="study.tracking", cls="Store", method="end_trial", when="after", call=N_TRIALS, what=KILL
    ),
    "the study's summary is not recorded yet": CALLS.format(
        module="study.tracking", cls="Store", method="end_study", when="before", call=1, what=KILL
    ),
}


@pytest.mark.parametrize("hook", KILLS.values(), ids=KILLS)
def test_a_trial_is_counted_once_wherever_the_study_was_killed(folder, whole, hook):
    assert study_with_hook(folder, hook, "run", "try.toml", "--quiet").returncode == -signal.SIGKILL
    done = run_study(folder, "run", "try.toml", "--resume", "--quiet")
    assert done.returncode == 0, done.stderr
    records = Records(folder)
    ((run_id, _, status),) = records.runs("study")
    assert status == "FINISHED"
    assert records.n_running() == (0, 0)
    assert records.table(run_id) == whole
    assert records.numbers_of_ended_runs(run_id) == records.numbers(run_id)
    counts = records.summary("try", run_id)["n_trials"]
    assert counts == {"complete": N_TRIALS, "pruned": 0, "diverged": 0, "failed": 0}
    assert f"{N_TRIALS} complete\n" in done.stdout


STARTED = CALLS.format(
    module="study.tracking",
    cls="Store",
    method="start_trial",
    when="after",
    call=2,
    what="lambda: send({!r})",
)


def test_the_next_study_of_the_name_closes_one_that_was_killed(folder):
    killed = study_with_hook(folder, STARTED.format("SIGKILL"), "run", "try.toml", "--quiet")
    assert killed.returncode == -signal.SIGKILL
    records = Records(folder)
    assert records.n_running() == (2, 1)
    assert run_study(folder, "run", "try.toml", "--quiet", "--trials", 2).returncode == 0
    assert records.n_running() == (0, 0)
    (first, _, status), _ = records.runs("study")
    assert status == "FAILED"
    assert records.tags(first)["study.error"] == "the process was killed"
    assert records.statuses("trial") == {"FINISHED": 3, "FAILED": 1}


def wait_until_it_is_stopped(pid):
    deadline = time.monotonic() + 60
    state = ["ps", "-o", "stat=", "-p", str(pid)]
    while not subprocess.run(state, capture_output=True, text=True, check=True).stdout.startswith("T"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_study_that_still_runs_is_not_resumed(folder):
    hook = STARTED.format("SIGSTOP")
    with start_with_hook(folder, hook, "run", "try.toml", "--quiet") as process:
        try:
            wait_until_it_is_stopped(process.pid)
            done = run_study(folder, "run", "try.toml", "--resume", "--quiet")
            assert done.returncode == 2
            assert f"try #1 is still running, in process {process.pid}" in done.stderr
            assert Records(folder).n_running() == (2, 1)
        finally:
            process.kill()


@pytest.mark.parametrize(("name", "code"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_an_interrupted_study_says_in_one_line_how_it_goes_on(folder, name, code):
    done = study_with_hook(folder, STARTED.format(name), "run", "try.toml", "--quiet")
    assert done.returncode == code
    assert done.stderr == "interrupted: go on with `study run try.toml --resume`, and the same options\n"
    records = Records(folder)
    assert records.n_running() == (0, 0)
    ((run_id, _, status),) = records.runs("study")
    assert status == "KILLED"
    assert records.tags(run_id)["study.error"] == f"Interrupted: {name}"
    assert records.statuses("trial") == {"FINISHED": 1, "FAILED": 1}


def test_a_signal_before_the_stores_exist_is_one_line_and_leaves_nothing(tmp_path):
    (tmp_path / "try.toml").write_text(CONFIG.format(n_trials=N_TRIALS), encoding="utf-8")
    hook = CALLS.format(
        module="mlflow.store.tracking.sqlalchemy_store", cls="SqlAlchemyStore", method="__init__",
        when="after", call=1, what="lambda: send('SIGINT')",
    )  # fmt: skip
    done = study_with_hook(tmp_path, hook, "run", "try.toml", "--quiet")
    assert done.returncode == 130
    assert done.stderr == "interrupted: no study was begun; run it again\n"
    assert os.listdir(tmp_path) == ["try.toml"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_while_modules_are_loaded_prints_no_traceback(tmp_path, number, code):
    (tmp_path / "try.toml").write_text(CONFIG.format(n_trials=N_TRIALS), encoding="utf-8")
    for seconds in (0.15, 0.4, 1.0):
        with start(tmp_path, "run", "try.toml") as process:
            time.sleep(seconds)
            process.send_signal(number)
            _, error = process.communicate()
        assert error.startswith("interrupted")
        assert len(error.splitlines()) == 1
        assert process.returncode == code
