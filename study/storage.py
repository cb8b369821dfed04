"""Where studies are recorded, and checks of a store before MLflow or Optuna opens it, because they fail late.

MLflow retries an unreachable server or database for minutes, creates any folder that a mistyped path names,
and leaves half a schema where it is interrupted. This module imports neither library, and SQLAlchemy only where
a database is asked, so that a config is read without them.
"""

import contextlib
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, unquote_plus

from study.drafts import draft_folder, sweep
from study.errors import StoreError

TRACKING_URI = "sqlite:///mlruns/mlflow.db"
"""MLflow's store, unless the config or an option says otherwise."""

OPTUNA_URI = "sqlite:///mlruns/optuna.db"
"""Optuna's storage, unless the config or an option says otherwise."""

ARTIFACTS = "mlruns/artifacts"
"""Folder of MLflow's artifacts."""

REPORTS = Path("mlruns/reports")
"""Folder of the reports, one folder a study."""

UI_HOST = "127.0.0.1"
"""Where the UI listens: this machine only."""

UI_PORT = 5000
"""Port of MLflow's UI."""

Program = Literal["MLflow", "Optuna"]
"""What keeps its records in a store."""

TABLE: dict[Program, str] = {"MLflow": "experiments", "Optuna": "studies"}
"""A table by which each program's schema is recognised."""

DATABASES = ("postgresql", "mysql", "mssql")
"""Schemes of the databases that both programs open."""

TIMEOUT = 5
"""Seconds to wait for a server or a database."""


def artifact_root(tracking_uri: str) -> str | None:
    """Return the folder of the artifacts of the default store; None lets another store decide for itself."""
    return ARTIFACTS if tracking_uri == TRACKING_URI else None


# The parsers of SQLAlchemy and of the standard library end a password at its first "@" or "/", and would show the
# rest of a password that is not percent-encoded. These expressions reach to the last "@".
_USER_AND_PASSWORD = re.compile(r"\b((?!sqlite:///)[a-z][\w+.-]*:/+[^:]*?:)(.*)@", re.IGNORECASE | re.DOTALL)
_WITHOUT_SCHEME = re.compile(r"(?<!\S)(?!\S*:/)([^\s:@]+:)(\S*)@")
_TOKEN = re.compile(r"\b(https?:/+)([^\s:@/]+)@", re.IGNORECASE)
_QUERY = re.compile(r"((?:^|[?&;\s])([^\s=&?;]+)=)([^\s&;]*)")
_SECRET_KEY = re.compile("pass|pwd|secret|token|key|credential|auth|odbc", re.IGNORECASE)


def hide_credentials(text: str) -> str:
    """Return a URI, or a text that holds one, with stars in the place of its passwords and tokens.

    Parameters
    ----------
    text : str
        Whatever stands between the user's name and the last ``@`` is hidden, and so is the value of every key of
        the query that is called like a secret. Rather too much is hidden than too little.

    Examples
    --------
    >>> hide_credentials("postgresql://me:p@ss/word@host/study")
    'postgresql://me:***@host/study'
    >>> hide_credentials("mysql://host/study?user=me&password=p%40ss")
    'mysql://host/study?user=me&password=***'
    """
    text = _USER_AND_PASSWORD.sub(r"\1***@", text)
    text = _WITHOUT_SCHEME.sub(r"\1***@", text)
    text = _TOKEN.sub(r"\1***@", text)
    return _QUERY.sub(lambda m: f"{m[1]}***" if _SECRET_KEY.search(unquote(m[2])) else m[0], text)


def one_line(error: object, uri: str) -> str:
    """Return the first line of an exception's message, without the credentials that it may quote of a URI."""
    lines = str(error).strip().splitlines()
    if not lines:
        return type(error).__name__
    text = hide_credentials(lines[0].strip().replace(uri, hide_credentials(uri)))
    for secret in _secrets(uri):
        # A short password may be a part of a longer word, which says nothing about it.
        before, after = (r"\b" if end.isalnum() else "" for end in (secret[0], secret[-1]))
        text = re.sub(before + re.escape(secret) + after, "***", text)
    return text[:300]


def _secrets(uri: str) -> list[str]:
    """Return the passwords and tokens of a URI as a message may quote them, the longest first."""
    found = [m[2] for pattern in (_USER_AND_PASSWORD, _WITHOUT_SCHEME, _TOKEN) for m in pattern.finditer(uri)]
    found += [m[3] for m in _QUERY.finditer(uri) if _SECRET_KEY.search(unquote(m[2]))]
    # A driver takes a part of a password for the host where "@" or "/" was not percent-encoded.
    parts = {part for secret in found for part in (secret, *re.split("[@/:?#&]", secret))}
    forms = {
        form
        for part in parts
        for form in (part, unquote(part), unquote_plus(part), repr(unquote(part))[1:-1])
    }
    return sorted(forms - {""}, key=len, reverse=True)


def check_uri(uri: str, program: Program) -> None:
    """Raise StoreError if a URI names no store that a program can open. Nothing is opened.

    Parameters
    ----------
    uri : str
    program : {"MLflow", "Optuna"}
    """
    scheme = uri.partition(":")[0]
    is_file = uri.startswith("sqlite:///")
    if not uri.isprintable() or (not is_file and " " in uri):
        # Where such a URI holds a password is not known, so it is not shown.
        raise StoreError(
            "a store's URI has a space or a character that cannot be printed; write it as %20 or leave it out"
        )
    if is_file:
        file = uri.removeprefix("sqlite:///")
        if not file or file.endswith("/") or "?" in file or file.startswith(":memory:"):
            raise StoreError(
                f"store {hide_credentials(uri)}: name it as sqlite:///FILE, with nothing after FILE"
            )
        return
    servers = ("http", "https") if program == "MLflow" else ()
    if "://" not in uri or scheme.partition("+")[0] not in (*DATABASES, *servers):
        known = "sqlite:///FILE, a database's URI" + (" or a server's http(s)://HOST:PORT" if servers else "")
        raise StoreError(f"store {hide_credentials(uri)}: {program} opens {known}")


def check_store(uri: str, program: Program, *, make_folder: bool = False) -> bool:
    """Return whether a store exists; raise StoreError if a program could not open it. Nothing is created.

    Parameters
    ----------
    uri : str
    program : {"MLflow", "Optuna"}
    make_folder : bool
        Whether a missing folder of an sqlite file will be created.
    """
    check_uri(uri, program)
    path = sqlite_path(uri)
    if path is not None:
        return _check_sqlite(path, TABLE[program], make_folder)
    if uri.startswith("http"):
        probe_server(uri)
    else:
        probe_database(uri)
    return True


def sqlite_path(uri: str) -> Path | None:
    """Return the absolute path of an sqlite file's URI; None of another store's."""
    return Path(os.path.abspath(uri.removeprefix("sqlite:///"))) if uri.startswith("sqlite:///") else None


def is_in_default_folder(uri: str) -> bool:
    """Whether a store is an sqlite file in the folder of the default stores, which is created where it is missing."""
    path, default = sqlite_path(uri), sqlite_path(TRACKING_URI)
    return path is not None and default is not None and path.parent == default.parent


def why_not_writable(folder: Path) -> str | None:
    """Say why no file can be made in a folder, which may be missing; None if one can. Nothing is left behind."""
    try:
        existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return error.strerror


def probe_server(uri: str) -> None:
    """Raise StoreError if nothing answers at the address, or the server gives no access."""
    import http.client

    from study import server

    try:
        reason = server.why_refused(uri, TIMEOUT)
    except (OSError, ValueError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)
        raise StoreError(
            f"store {hide_credentials(uri)}: nothing answers ({one_line(cause, uri)}); "
            "start the server or mend the address"
        ) from None
    if reason is not None:
        raise StoreError(f"store {hide_credentials(uri)}: {one_line(reason, uri)}")


def probe_database(uri: str) -> None:
    """Raise StoreError if the database does not accept a connection."""
    import sqlalchemy

    name = hide_credentials(uri)
    limit = {"connect_timeout": TIMEOUT} if uri.startswith(("postgresql", "mysql")) else {}
    try:
        engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool, connect_args=limit)
        engine.connect().close()
    except ImportError as error:
        raise StoreError(f"store {name}: its driver {error.name} is not installed; pip install it") from None
    except (sqlalchemy.exc.SQLAlchemyError, OSError, TypeError, ValueError) as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(
            f"store {name}: no connection ({one_line(cause, uri)}); start the database or mend the address"
        ) from None


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
    check_uri(uri, "MLflow")
    path = sqlite_path(uri)
    if path is not None:
        root = _location(artifact_root or path.parent / "artifacts")
        # A missing folder is created only if the artifacts belong in it too. Any other may be a mistyped path.
        make_folder = artifact_root is not None and Path(root).parent == path.parent
        create_sqlite(path, "MLflow", lambda draft: build(draft, root), make_folder=make_folder)
        return f"sqlite:///{path}", root
    if uri.startswith("http"):
        probe_server(uri)
        return uri, None
    probe_database(uri)
    return uri, _location(artifact_root or ARTIFACTS)


@contextlib.contextmanager
def whole_or_not_at_all(uri: str) -> Iterator[None]:
    """Remove an sqlite store that was created in the block, if the block fails or is interrupted before another is open."""
    path = sqlite_path(uri)
    is_new = path is not None and not path.exists()
    try:
        yield
    except (StoreError, KeyboardInterrupt):
        if path is not None and is_new:
            with contextlib.suppress(OSError):
                path.unlink()
                path.parent.rmdir()  # if it is empty
        raise


def _location(root: str | Path) -> str:
    """Return the URI of an artifact root, or its absolute path."""
    return str(root) if "://" in str(root) else os.path.abspath(root)


def create_sqlite(path: Path, program: Program, build: Callable[[str], object], *, make_folder: bool) -> None:
    """Make sure that an sqlite file holds a program's schema. A new file is created whole or not at all.

    Parameters
    ----------
    path : Path
        The file.
    program : {"MLflow", "Optuna"}
    build : callable
        Given a URI, creates the schema there.
    make_folder : bool
        Whether a missing folder is created.

    Raises
    ------
    StoreError
        If the path cannot hold the store, or already holds something else.
    """
    is_built = _check_sqlite(path, TABLE[program], make_folder)
    sweep(path.parent)
    if is_built:
        return
    with _folder(path.parent, f"store sqlite:///{path}"), draft_folder(path.parent) as build_folder:
        draft = build_folder / path.name
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


def _check_sqlite(path: Path, table: str, make_folder: bool) -> bool:
    """Return whether an sqlite file holds a program's schema; raise StoreError if it cannot. Nothing is created."""
    name = f"store sqlite:///{path}"
    try:
        size = path.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        size = None
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{name}: cannot be opened ({getattr(error, 'strerror', error)}); mend the path"
        ) from None
    if size is not None and not path.is_file():
        kind = "a folder" if path.is_dir() else "no file"
        raise StoreError(f"{name}: is {kind}; name a file that can hold a store")
    if size is None and not path.parent.exists() and not make_folder:
        raise StoreError(f"{name}: the folder {path.parent} does not exist; create it or mend the path")
    reason = why_not_writable(path.parent)
    if reason is not None:
        raise StoreError(f"{name}: cannot be created ({reason}); name a folder that may be written")
    tables = _tables(path, name) if size else []
    if tables and table not in tables:
        raise StoreError(f"{name}: holds another program's tables ({tables[0]}, …); name a file of its own")
    return bool(tables)


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
def _folder(folder: Path, name: str) -> Iterator[None]:
    """Create a store's folder for the block, if it is missing; remove it again if it stays empty."""
    made = not folder.exists()
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
