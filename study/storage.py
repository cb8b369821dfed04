"""Checks of a store before MLflow or Optuna opens it, because they fail late or leave half a store behind.

MLflow retries an unreachable server or database for minutes, creates any folder that a mistyped path names,
and leaves half a schema where it is interrupted. This module imports neither library.
"""

import contextlib
import os
import re
import sqlite3
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy

from study import defaults
from study.errors import StoreError

__all__ = [
    "StoreError",
    "create_sqlite",
    "hide_password",
    "one_line",
    "prepare",
    "probe_database",
    "probe_server",
]

TIMEOUT = 5
"""Seconds to wait for a server or a database."""


def hide_password(uri: str) -> str:
    """Return a URI with its password, if it has one, replaced by stars."""
    return re.sub(r"//([^/:@]+):[^/@]*@", r"//\1:***@", uri)


def one_line(error: BaseException, uri: str) -> str:
    """Return the first line of an exception's message, without the password that it may quote."""
    lines = str(error).strip().splitlines()
    return (
        hide_password(lines[0].strip()).replace(uri, hide_password(uri))[:300]
        if lines
        else type(error).__name__
    )


def prepare(
    uri: str, artifact_root: str | Path | None, build: Callable[[str, str], object]
) -> tuple[str, str | None]:
    """Make sure that MLflow can open a tracking store, or raise an error that names what to change.

    Parameters
    ----------
    uri : str
        `sqlite:///…`, another database's URI, or a tracking server's `http(s)://…`.
    artifact_root : str, Path or None
        None: `artifacts` beside an sqlite file, `mlruns/artifacts` for another database.
    build : callable
        Given an sqlite URI and an artifact root, creates MLflow's schema.

    Returns
    -------
    uri : str
        The same store, with an absolute path where it is a file.
    artifact_root : str or None
        None where a server decides.

    Raises
    ------
    StoreError
    """
    scheme = uri.partition(":")[0].partition("+")[0]
    if uri.startswith("sqlite:///") and len(uri) > len("sqlite:///"):
        path = Path(os.path.abspath(uri.removeprefix("sqlite:///")))
        root = _location(artifact_root or path.parent / "artifacts")
        # A missing folder is created only if the artifacts belong in it too. Any other may be a mistyped path.
        make_folder = artifact_root is not None and Path(root).parent == path.parent
        create_sqlite(path, "experiments", lambda draft: build(draft, root), make_folder=make_folder)
        return f"sqlite:///{path}", root
    if scheme in ("postgresql", "mysql", "mssql"):
        probe_database(uri)
        return uri, _location(artifact_root or defaults.ARTIFACTS)
    if scheme in ("http", "https"):
        probe_server(uri)
        return uri, None
    raise StoreError(
        f"store {hide_password(uri)}: use sqlite:///FILE, a database's URI or a server's http(s)://HOST:PORT"
    )


@contextlib.contextmanager
def whole_or_not_at_all(uri: str) -> Iterator[None]:
    """Remove an sqlite store that was created in the block, if the block then fails to open another store."""
    path = Path(os.path.abspath(uri.removeprefix("sqlite:///"))) if uri.startswith("sqlite:///") else None
    is_new = path is not None and not path.exists()
    try:
        yield
    except StoreError:
        if path is not None and is_new:
            with contextlib.suppress(OSError):
                path.unlink()
                path.parent.rmdir()  # if it is empty
        raise


def _location(root: str | Path) -> str:
    """Return the URI of an artifact root, or its absolute path."""
    return str(root) if "://" in str(root) else os.path.abspath(root)


def probe_server(uri: str) -> None:
    """Raise StoreError if nothing answers at the address. An HTTP error is an answer."""
    try:
        urllib.request.urlopen(uri.rstrip("/") + "/health", timeout=TIMEOUT).close()
    except urllib.error.HTTPError as error:
        error.close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise StoreError(
            f"store {hide_password(uri)}: nothing answers ({reason}); start the server or mend the address"
        ) from None


def probe_database(uri: str) -> None:
    """Raise StoreError if the database does not accept a connection."""
    name = hide_password(uri)
    limit = {"connect_timeout": TIMEOUT} if uri.startswith(("postgresql", "mysql")) else {}
    try:
        engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool, connect_args=limit)
        engine.connect().close()
    except ImportError as error:
        raise StoreError(f"store {name}: its driver {error.name} is not installed; pip install it") from None
    except (sqlalchemy.exc.SQLAlchemyError, ValueError) as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(
            f"store {name}: no connection ({one_line(cause, uri)}); start the database or mend the address"
        ) from None


def create_sqlite(path: Path, table: str, build: Callable[[str], object], *, make_folder: bool) -> None:
    """Make sure that an sqlite file holds a program's schema. A new file is created whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    table : str
        A table by which this program's schema is recognised.
    build : callable
        Given a URI, creates the schema there.
    make_folder : bool
        Whether a missing folder is created.

    Raises
    ------
    StoreError
        If the path cannot hold the store, or already holds something else.
    """
    name = f"store sqlite:///{path}"
    if path.exists() and not path.is_file():
        raise StoreError(f"{name}: is a folder; name a file in it, such as {path / 'mlflow.db'}")
    if path.exists() and path.stat().st_size:
        tables = _tables(path, name)
        if table not in tables and tables:
            raise StoreError(
                f"{name}: holds another program's tables ({tables[0]}, …); name a file of its own"
            )
        if tables:
            return
    with (
        _folder(path.parent, name, make_folder),
        tempfile.TemporaryDirectory(dir=path.parent, prefix=".store-") as build_folder,
    ):
        draft = Path(build_folder, path.name)
        build(f"sqlite:///{draft}")
        if path.exists() and not path.stat().st_size:
            os.replace(draft, path)
        else:
            # Several processes may find the file missing at once. Each builds its own; the first one is kept.
            with contextlib.suppress(FileExistsError):
                _link(draft, path)


def _link(draft: Path, path: Path) -> None:
    """Give a finished file its name; raise FileExistsError if another process was first."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise
    except OSError:
        # This file system has no hard links.
        os.replace(draft, path)


def _tables(path: Path, name: str) -> list[str]:
    """Return the names of the tables in an sqlite file."""
    try:
        with contextlib.closing(
            sqlite3.connect(path.as_uri() + "?mode=rw", uri=True, timeout=TIMEOUT)
        ) as connection:
            return [
                row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
    except sqlite3.Error as error:
        raise StoreError(
            f"{name}: cannot be opened ({error}); name an SQLite file that may be written"
        ) from None


@contextlib.contextmanager
def _folder(folder: Path, name: str, make: bool) -> Iterator[None]:
    """Create a store's folder for the block, if it is missing and may be made; remove it again if it stays empty."""
    made = not folder.exists()
    if made and not make:
        raise StoreError(f"{name}: the folder {folder} does not exist; create it or mend the path")
    try:
        if made:
            folder.mkdir(parents=True)
        yield
    except OSError as error:
        raise StoreError(
            f"{name}: cannot be created ({error.strerror}); name a folder that may be written"
        ) from None
    finally:
        if made:
            with contextlib.suppress(OSError):
                # It can be removed only if it is empty, that is, if the store was not built.
                folder.rmdir()
