"""How a person gets to MLflow's UI."""

import sys

import pytest

from study.commands import links


@pytest.fixture
def without_a_shell(monkeypatch):
    """A shell that finds no `study`."""
    monkeypatch.setattr(links.shutil, "which", lambda name: None)


def test_the_command_is_the_short_one_where_the_shell_finds_it(monkeypatch):
    monkeypatch.setattr(links.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert links.how_to_see("sqlite:///mlruns/mlflow.db") == "study ui"


def test_another_store_is_named_without_its_password(monkeypatch):
    monkeypatch.setattr(links.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert links.how_to_see("sqlite:///my runs/a.db") == "study ui --tracking-uri 'sqlite:///my runs/a.db'"
    assert "secret" not in links.how_to_see("postgresql://me:secret@host/runs")


def test_the_command_is_a_path_from_the_folder_where_the_person_stands(
    without_a_shell, tmp_path, monkeypatch
):
    program = tmp_path / ".venv" / "bin" / "study"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr(sys, "executable", str(program.with_name("python")))
    monkeypatch.chdir(tmp_path)
    assert links.how_to_see("sqlite:///mlruns/mlflow.db") == ".venv/bin/study ui"


def test_without_the_script_the_module_is_run(without_a_shell, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert links.how_to_see("sqlite:///mlruns/mlflow.db") == "python -m study ui"


@pytest.mark.parametrize(
    "uri", ["http://me:p@ss/word@host:8080", "http://token@host:8080", "http://host:8080/"]
)
def test_a_tracking_server_shows_its_runs_itself_and_no_password_is_said(uri):
    assert links.how_to_see(uri) == "http://host:8080"
