"""MLflow's messages on the terminal, switched off while a store works."""

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import Protocol

from mlflow.utils.logging_utils import MLFLOW_LOGGING_STREAM


class TextStream(Protocol):
    """What can be written to."""

    def write(self, text: str, /) -> object: ...


class Silencer:
    """A context in which a stream ignores what is written to it.

    Threads may be in the context at the same time; the stream writes again when the last one has left it.

    Parameters
    ----------
    stream : object with a `write` method
        The method must be defined by the object's class: inside the context an attribute of the object, with the
        same name, hides it.
    """

    def __init__(self, stream: TextStream) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._n_inside = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._n_inside:
                # len takes a text and returns a number, as write does.
                self._stream.write = len  # type: ignore[method-assign]
            self._n_inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if not self._n_inside:
                del self._stream.write


# MLflow's own switch is no help: some of its calls switch the stream on again when they end.
mlflow_silenced = Silencer(MLFLOW_LOGGING_STREAM)
"""The context in which MLflow writes nothing on the terminal."""


@contextlib.contextmanager
def without_warnings() -> Iterator[None]:
    """MLflow warns of its own type hints and of what it calls, which nobody here can change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
