"""Optuna without its messages."""

import contextlib
import warnings
from collections.abc import Iterator

import optuna


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna's log and its warnings on experimental features off the terminal while the block runs."""
    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            # The note's advice is tried also where the search space does not hold it.
            warnings.filterwarnings("ignore", "Fixed parameter", UserWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)
