"""What both stores hold, counted with SQL, and commands that are killed at a chosen point."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

from tests.preloaded import run_study, start_study

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

CONFIG = """
[data]
problem = "iris"
n_splits = 3
[model]
max_iter = 20
[search]
n_trials = {n_trials}
"""

HOOKS = """
import os, signal


def call(cls, name, when, number, what):
    '''Have the n-th call of a method do something before or after its work.'''
    original, calls = getattr(cls, name), []

    def method(*args, **kwargs):
        calls.append(1)
        if when == "before" and len(calls) == number:
            what()
        result = original(*args, **kwargs)
        if when == "after" and len(calls) == number:
            what()
        return result

    setattr(cls, name, method)


def send(name):
    os.kill(os.getpid(), getattr(signal, name))

"""


def query(path, text, *values):
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return connection.execute(text, values).fetchall()


class Records:
    """The stores of a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.mlflow, self.optuna = folder / "mlruns" / "mlflow.db", folder / "mlruns" / "optuna.db"

    def runs(self, kind):
        """MLflow's runs of a kind, the oldest first: id, name and status."""
        return query(
            self.mlflow,
            "SELECT runs.run_uuid, name, status FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid "
            "WHERE tags.key = 'study.kind' AND tags.value = ? ORDER BY start_time, name",
            kind,
        )

    def statuses(self, kind):
        return Counter(status for _, _, status in self.runs(kind))

    def tags(self, run_id):
        return dict(query(self.mlflow, "SELECT key, value FROM tags WHERE run_uuid = ?", run_id))

    def optuna_study(self, study_run):
        """Optuna's name of the study of a run: its tag, or its id where it was killed before it had the tag."""
        return self.tags(study_run).get("study.optuna_study", study_run)

    def n_running(self):
        """Runs of any kind and trials of any study that are still running."""
        return (
            query(self.mlflow, "SELECT count(*) FROM runs WHERE status = 'RUNNING'")[0][0],
            query(self.optuna, "SELECT count(*) FROM trials WHERE state = 'RUNNING'")[0][0],
        )

    def table(self, study_run):
        """The finished trials of a study, in the order in which they were asked for, without their numbers."""
        trials = query(
            self.optuna,
            "SELECT trial_id, state FROM trials JOIN studies USING (study_id) "
            "WHERE study_name = ? AND state IN ('COMPLETE', 'PRUNED') ORDER BY number",
            self.optuna_study(study_run),
        )
        of_trial = "FROM trial_{} WHERE trial_id = ? ORDER BY 1"
        return [
            (
                state,
                query(self.optuna, f"SELECT param_name, param_value {of_trial.format('params')}", trial),
                query(self.optuna, f"SELECT value {of_trial.format('values')}", trial),
            )
            for trial, state in trials
        ]

    def numbers(self, study_run):
        """Optuna's numbers of the finished trials."""
        found = query(
            self.optuna,
            "SELECT number FROM trials JOIN studies USING (study_id) "
            "WHERE study_name = ? AND state IN ('COMPLETE', 'PRUNED') ORDER BY number",
            self.optuna_study(study_run),
        )
        return [number for (number,) in found]

    def numbers_of_ended_runs(self, study_run):
        """The numbers that MLflow's runs of finished trials carry."""
        found = query(
            self.mlflow,
            "SELECT number.value FROM runs "
            "JOIN tags AS number ON number.run_uuid = runs.run_uuid AND number.key = 'study.trial_number' "
            "JOIN tags AS parent ON parent.run_uuid = runs.run_uuid AND parent.key = 'mlflow.parentRunId' "
            "WHERE parent.value = ? AND status IN ('FINISHED', 'KILLED')",
            study_run,
        )
        return sorted(int(number) for (number,) in found)

    def summary(self, name, study_run):
        path = self.folder / "mlruns" / "artifacts" / name / study_run / "artifacts" / "summary.json"
        return json.loads(path.read_text(encoding="utf-8"))


def start(folder, *arguments):
    """Start a command as a person does, in a process that loads all that it needs."""
    return subprocess.Popen(
        [sys.executable, "-m", "study", *map(str, arguments)], cwd=folder, env=ENVIRONMENT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip


def start_with_hook(folder, hook, *arguments):
    """Start a command that first runs some lines, such as `call(...)` with `send("SIGKILL")`."""
    return start_study(folder, *arguments, before=HOOKS + hook)


def study_with_hook(folder, hook, *arguments):
    """Run a command to its end as `start_with_hook` does."""
    return run_study(folder, *arguments, before=HOOKS + hook)
