"""A small study, run once for each file of tests that reads it."""

import shutil

import mlflow
import optuna
import pytest

from study.commands import run
from tests.commands.tiny_study import load


@pytest.fixture(scope="module")
def folder(empty_stores, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    shutil.copytree(empty_stores, folder / "mlruns")
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
    found = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{summary.run_id}'")
    return sorted(found, key=lambda child: int(child.data.tags["study.trial_number"]))


@pytest.fixture(scope="module")
def trials(folder):
    return optuna.load_study(study_name="tiny #1", storage=f"sqlite:///{folder}/mlruns/optuna.db").trials
