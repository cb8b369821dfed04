"""A store's file is created whole or not at all."""

from pathlib import Path

import pytest

from study.storage import artifact_root, create_sqlite


def test_a_build_that_fails_leaves_nothing(tmp_path):
    def build(uri):
        Path(uri.removeprefix("sqlite:///")).write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_sqlite(tmp_path / "new" / "x.db", "Optuna", build, make_folder=True)
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_build_at_once_the_first_wins(tmp_path):
    path = tmp_path / "x.db"

    def build(uri):
        Path(uri.removeprefix("sqlite:///")).write_text("second")
        path.write_text("first")

    create_sqlite(path, "Optuna", build, make_folder=False)
    assert path.read_text() == "first"


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "x.db"
    path.touch()
    create_sqlite(
        path, "Optuna", lambda uri: Path(uri.removeprefix("sqlite:///")).write_text("s"), make_folder=False
    )
    assert path.read_text() == "s"


def test_only_the_default_store_is_told_where_its_artifacts_go():
    assert artifact_root("sqlite:///mlruns/mlflow.db") == "mlruns/artifacts"
    assert artifact_root("sqlite:///elsewhere/mlflow.db") is None
    assert artifact_root("http://127.0.0.1:5000") is None
