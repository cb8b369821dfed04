"""Optuna's storage."""

from typing import TypeAlias

import optuna

from study.errors import StoreError
from study.storage import (
    check_uri,
    create_sqlite,
    hide_credentials,
    is_in_default_folder,
    one_line,
    probe_database,
    sqlite_path,
)
from study.tuning.quiet import quiet_optuna

OptunaStorage: TypeAlias = optuna.storages.BaseStorage


def open_storage(url: str) -> OptunaStorage:
    """Open Optuna's storage, and create it if it is an sqlite file that does not exist.

    Parameters
    ----------
    url : str
        `sqlite:///…`, or another database's URI. A missing folder is created only if it is that of the default stores.

    Raises
    ------
    StoreError
        If it cannot be opened.
    """

    def build(uri: str) -> optuna.storages.BaseStorage:
        with quiet_optuna():
            return optuna.storages.get_storage(uri)

    check_uri(url, "Optuna")
    path = sqlite_path(url)
    if path is None:
        probe_database(url)
    try:
        if path is not None:
            create_sqlite(path, "Optuna", build, make_folder=is_in_default_folder(url))
        return build(url)
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(
            f"store {hide_credentials(url)}: Optuna cannot open it ({one_line(error, url)}); check --storage"
        ) from None
