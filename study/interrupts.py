"""Ctrl-C and SIGTERM, handled only where no record can be left incomplete."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interrupts:
    """Turns both signals into KeyboardInterrupt: at once inside `allowed`, elsewhere at the next `check`.

    It handles the signals while it is entered as a context manager. In another thread than the main thread it
    does nothing, because Python delivers signals to the main thread only.
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

    def _receive(self, number: int, frame: FrameType | None) -> None:
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
        """Let a signal interrupt the block at once; a signal that came before it interrupts it at its start."""
        self.check()
        self._allowed = True
        try:
            yield
        finally:
            self._allowed = False
