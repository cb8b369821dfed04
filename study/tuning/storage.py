"""Optuna's storage."""

from pathlib import Path

import optuna

from study.errors import StoreError
from study.storage import create_sqlite, hide_password, one_line
from study.tuning.quiet import quiet_optuna


def open_storage(url: str) -> optuna.storages.BaseStorage:
    """Open Optuna's storage, and create it if it is an sqlite file that does not exist.

    Parameters
    ----------
    url : str
        Such as `sqlite:///mlruns/optuna.db`.

    Raises
    ------
    StoreError
        If it cannot be opened.
    """

    def build(uri: str) -> optuna.storages.BaseStorage:
        with quiet_optuna():
            return optuna.storages.get_storage(uri)

    try:
        if url.startswith("sqlite:///"):
            path = Path(url.removeprefix("sqlite:///")).absolute()
            create_sqlite(path, "studies", build, make_folder=True)
        return build(url)
    except StoreError:
        raise
    except Exception as error:
        raise StoreError(
            f"store {hide_password(url)}: Optuna cannot open it ({one_line(error, url)}); check --storage"
        ) from error
