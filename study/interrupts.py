"""Ctrl-C and SIGTERM, taken only where nothing can be left half-recorded."""

import contextlib
import signal
import threading
from collections.abc import Iterator


class Interrupts:
    """Turns both signals into KeyboardInterrupt: at once inside `allowed`, elsewhere at the next `check`.

    As a context it installs itself, in the main thread; elsewhere Python delivers no signals.
    """

    def __init__(self) -> None:
        self._pending = False
        self._allowed = False

    def __enter__(self) -> "Interrupts":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame) -> None:
        self._pending = True
        if self._allowed:
            self.check()

    def check(self) -> None:
        """Raise KeyboardInterrupt if a signal has come."""
        if self._pending:
            self._pending = False
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """Let a signal interrupt the block at once."""
        self.check()
        self._allowed = True
        try:
            yield
        finally:
            self._allowed = False
