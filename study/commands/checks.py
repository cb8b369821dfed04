"""What can be wrong before work begins, found with nothing created and before the libraries that take seconds to import."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from study import storage
from study.config import LARGEST_SEED, Config
from study.errors import ConfigError, UserError
from study.tuning.samplers import check_library

if TYPE_CHECKING:
    from study.tuning.study_data import StudyData


TABLES = (".csv", ".tsv", ".parquet", ".pq", ".xlsx")
"""How the names of tables end, in lower case."""


def check_is_config(path: Path, mend: str) -> None:
    """Raise ConfigError if a file that should be a config is a table, with what to do about it."""
    if path.suffix.lower() in TABLES:
        raise ConfigError(f"{path}: is a table; {mend}")


def check_run(config: Config, *, resume: bool = False) -> None:
    """Raise UserError if a study of this config could not begin, or not be resumed.

    Parameters
    ----------
    config : Config
    resume : bool
        Whether it is to go on with an earlier study, so that the stores must exist.
    """
    check_library(config.search)
    stores: dict[storage.Program, str] = {
        "Optuna": config.storage.optuna,
        "MLflow": config.storage.tracking_uri,
    }
    paths = [storage.sqlite_path(uri) for uri in stores.values()]
    if paths[0] is not None and paths[0] == paths[1]:
        raise ConfigError(f"storage.optuna and storage.tracking_uri are one file, {paths[0]}; name two")
    for program, uri in stores.items():
        is_there = storage.check_store(uri, program, make_folder=storage.is_in_default_folder(uri))
        if resume and not is_there:
            raise ConfigError(
                f"--resume: there is no study named {config.name!r}, because {program}'s store "
                f"{storage.hide_credentials(uri)} does not exist; leave --resume out, or name the store"
            )
    check_reports(storage.REPORTS / config.name)


def load_data(config: Config) -> "StudyData":
    """Return a study's data; raise UserError if they cannot be read, or are too few for its parts.

    Of the slow libraries, it imports only those that read tables and split them.
    """
    from study.tuning.study_data import load_study_data

    return load_study_data(config)


@contextlib.contextmanager
def page_file(output: Path) -> Iterator[None]:
    """Raise UserError if a page cannot be written into a file, which `-o` names: before the block, or where the block fails."""
    try:
        if not output.exists():
            # A file without a name, which is gone when it is closed: whether one can be made there.
            tempfile.TemporaryFile(dir=output.parent).close()
        elif output.is_dir():
            raise UserError(f"-o {output}: is a folder; name a file")
        yield
    except OSError as error:
        raise UserError(f"-o {output}: cannot be written ({error.strerror})") from None


def check_reports(folder: Path) -> None:
    """Raise UserError if no report could be written into a folder, which may be missing."""
    reason = storage.why_not_writable(folder)
    if reason is not None:
        raise UserError(f"{folder}: cannot be written ({reason}); reports go there")


def check_seed(seed: int) -> None:
    """Raise ConfigError if no generator takes the seed."""
    if not 0 <= seed <= LARGEST_SEED:
        raise ConfigError(f"--seed {seed}: it must be from 0 to {LARGEST_SEED}")


def check_tracking(uri: str) -> None:
    """Raise StoreError if MLflow could not open, or create, its store."""
    storage.check_store(uri, "MLflow", make_folder=storage.is_in_default_folder(uri))


def check_has_studies(uri: str) -> None:
    """Raise ConfigError if MLflow's store does not exist yet."""
    if not storage.check_store(uri, "MLflow", make_folder=storage.is_in_default_folder(uri)):
        raise ConfigError(
            f"store {storage.hide_credentials(uri)} does not exist, so it holds no study yet; make one with "
            "`study run CONFIG`, or name another store"
        )
