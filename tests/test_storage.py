"""A store is checked before it is opened, is created whole or not at all, and its credentials are never shown."""

import sqlite3
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from study.errors import StoreError
from study.storage import (
    artifact_root,
    check_store,
    check_uri,
    create_sqlite,
    hide_credentials,
    one_line,
    probe_server,
    whole_or_not_at_all,
)


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


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://me:hunter2@host:5432/db", "postgresql://me:***@host:5432/db"),
        ("postgresql+psycopg2://me:hunter2@host/db", "postgresql+psycopg2://me:***@host/db"),
        ("postgresql://host/db?user=me&password=hunter2", "postgresql://host/db?user=me&password=***"),
        ("postgresql://host/db?Pass%57ord=hunter2&sslmode=require", "postgresql://host/db?Pass%57ord=***&sslmode=require"),
        ("mysql://host/db?passwd=hunter2", "mysql://host/db?passwd=***"),
        ("mssql+pyodbc:///?odbc_connect=UID%3Dme%3BPWD%3Dhunter2", "mssql+pyodbc:///?odbc_connect=***"),
        ("redis://:hunter2@host:6379/0", "redis://:***@host:6379/0"),
        ("postgresql://me:hunter2/hunter2@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me:hunter2@hunter2@host/db", "postgresql://me:***@host/db"),
        ("postgresql://me@azure:hunter2@host/db", "postgresql://me@azure:***@host/db"),
        ("postgresql://me:%68unter2%40@host/db", "postgresql://me:***@host/db"),
        ("postgresql:/me:hunter2@host/db", "postgresql:/me:***@host/db"),
        ("postgresql:me:hunter2@host/db", "postgresql:***@host/db"),
        ("me:hunter2@host/db", "me:***@host/db"),
        ("https://hunter2@host", "https://***@host"),
        ("http://me:hunter2@127.0.0.1:5000", "http://me:***@127.0.0.1:5000"),
        ("password=hunter2 host=here", "password=*** host=here"),
        ("into sqlite:///a@b.db and redis://:hunter2@host", "into sqlite:///a@b.db and redis://:***@host"),
    ],
)  # fmt: skip
def test_the_credentials_of_a_uri_are_hidden(uri, shown):
    assert hide_credentials(uri) == shown
    assert hide_credentials(shown) == shown


@pytest.mark.parametrize(
    "uri",
    ["sqlite:///mlruns/mlflow.db", "sqlite:////home/me@work/c:d/x.db", "http://127.0.0.1:5000", "postgresql://me@host/db"],
)  # fmt: skip
def test_a_uri_without_credentials_is_shown_as_it_is(uri):
    assert hide_credentials(uri) == uri


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12))
def test_no_password_is_shown_in_any_place_of_a_uri(middle):
    password = f"S3cr3t{middle}T0k3n"
    encoded = quote(password, safe="")
    for uri in (f"postgresql://me:{encoded}@host/db", f"postgresql://host/db?user=me&password={encoded}"):
        url = make_url(uri)  # SQLAlchemy finds the password in it, so this is how one is written
        assert password in (url.password, url.query.get("password"))
        hidden = hide_credentials(uri)
        assert "S3cr3t" not in hidden
        assert "T0k3n" not in hidden
    # Written as it is, which a person may do by mistake.
    hidden = hide_credentials(f"postgresql://me:{password}@host/db and redis://:{password}@host/0")
    assert "S3cr3t" not in hidden
    assert "T0k3n" not in hidden


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("postgresql://me:hunt%40er2@host/db", 'password authentication failed for "hunt@er2"'),
        ("postgresql://me:hunt@er2@host/db", 'could not translate host name "er2@host" to address'),
        ("postgresql://me:hunt/er2@host/db", "invalid dsn: hunt/er2"),
        ("http://me:hunter2@host", "cannot reach http://me:hunter2@host/api"),
        ("postgresql://host/db?password=hunt%40er2", "invalid option hunt@er2"),
        ("postgresql://me:er2@host/db", "no such user: er2"),
    ],
)
def test_what_a_driver_says_of_a_uri_is_shown_without_its_password(uri, message):
    shown = one_line(ValueError(f"{message}\nand more"), uri)
    assert "er2" not in shown
    assert "hunt" not in shown
    assert "***" in shown
    assert "and more" not in shown


@pytest.mark.parametrize("program", ["MLflow", "Optuna"])
@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("sqlite:///a\0b.db", "a character that cannot be printed"),
        ("postgresql://me:hunter2 3@host/db", "a character that cannot be printed"),
        ("sqlite:///", "sqlite:///FILE"),
        ("sqlite:///?mode=ro", "sqlite:///FILE"),
        ("sqlite:///x.db?password=hunter2", "sqlite:///FILE"),
        ("sqlite:///:memory:", "sqlite:///FILE"),
        ("sqlite:///folder/", "sqlite:///FILE"),
        ("sqlite://", "sqlite:///FILE"),
        ("redis://:hunter2@host", "sqlite:///FILE"),
        ("me:hunter2@host", "sqlite:///FILE"),
        ("", "sqlite:///FILE"),
        ("sqlite:////no/such/x.db", "folder /no/such does not exist"),
        ("sqlite:////dev/null/x.db", "Not a directory"),
        ("sqlite:////proc/x.db", "cannot be created"),
        ("sqlite:////" + "x" * 300 + "/x.db", "cannot be opened"),
        ("sqlite:////dev/zero", "is no file"),
        ("mysql+nodriver://me:hunter2@host/db", "no connection"),
    ],
)  # fmt: skip
def test_a_store_that_cannot_be_opened_is_said_in_one_line_at_once(program, uri, said):
    began = time.monotonic()
    with pytest.raises(StoreError) as raised:
        check_store(uri, program)
    assert said in str(raised.value)
    assert str(raised.value).isprintable()
    assert "hunter2" not in str(raised.value)
    assert time.monotonic() - began < 1


def test_only_mlflow_opens_a_server():
    check_uri("http://127.0.0.1:5000", "MLflow")
    with pytest.raises(StoreError, match="Optuna opens sqlite:///FILE"):
        check_uri("http://127.0.0.1:5000", "Optuna")


def test_a_check_creates_nothing(tmp_path):
    uri = f"sqlite:///{tmp_path}/new/x.db"
    assert not check_store(uri, "Optuna", make_folder=True)
    with pytest.raises(StoreError, match="does not exist"):
        check_store(uri, "Optuna")
    assert list(tmp_path.iterdir()) == []


def test_a_store_below_a_file_cannot_be_created(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="Not a directory"):
        check_store(f"sqlite:///{tmp_path}/file/x.db", "MLflow", make_folder=True)


def test_each_programs_tables_are_known(tmp_path):
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE studies (id)")
    connection.close()
    assert check_store(f"sqlite:///{path}", "Optuna")
    with pytest.raises(StoreError, match="holds another program's tables"):
        check_store(f"sqlite:///{path}", "MLflow")


def test_a_store_is_removed_again_where_the_other_one_cannot_be_opened(tmp_path):
    path = tmp_path / "new" / "x.db"

    def build(uri):
        Path(uri.removeprefix("sqlite:///")).write_text("s")

    def open_both():
        with whole_or_not_at_all(f"sqlite:///{path}"):
            create_sqlite(path, "Optuna", build, make_folder=True)
            raise StoreError("the other one")

    with pytest.raises(StoreError, match="the other one"):
        open_both()
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_does_not_answer_is_named_without_the_password():
    for uri in ("http://me:hunter2@127.0.0.1:9", "http://me:hunter2/3@127.0.0.1:9"):
        with pytest.raises(StoreError, match="nothing answers") as raised:
            probe_server(uri)
        assert "hunter2" not in str(raised.value)
        assert str(raised.value).isprintable()


def test_a_store_is_removed_if_the_next_one_is_interrupted(tmp_path):
    path = tmp_path / "new" / "x.db"

    def interrupted():
        with whole_or_not_at_all(f"sqlite:///{path}"):
            path.parent.mkdir()
            path.write_text("s")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []
