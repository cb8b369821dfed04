"""A store's file is created whole or not at all."""

from pathlib import Path

import pytest

from study.storage import create_sqlite


def test_a_build_that_fails_leaves_nothing(tmp_path):
    def build(uri):
        Path(uri.removeprefix("sqlite:///")).write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        create_sqlite(tmp_path / "new" / "x.db", "t", build, make_folder=True)
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_build_at_once_the_first_wins(tmp_path):
    path = tmp_path / "x.db"

    def build(uri):
        Path(uri.removeprefix("sqlite:///")).write_text("second")
        path.write_text("first")

    create_sqlite(path, "t", build, make_folder=False)
    assert path.read_text() == "first"


def test_an_empty_file_becomes_a_store(tmp_path):
    path = tmp_path / "x.db"
    path.touch()
    create_sqlite(
        path, "t", lambda uri: Path(uri.removeprefix("sqlite:///")).write_text("s"), make_folder=False
    )
    assert path.read_text() == "s"
