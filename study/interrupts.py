"""Ctrl-C and SIGTERM, handled only where no record can be left incomplete."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """SIGINT (Ctrl-C) or SIGTERM has come.

    Parameters
    ----------
    number : int
        Of the signal.

    Attributes
    ----------
    advice : str
        How a person goes on, in a few words; empty where nothing was begun.
    exit_code : int
        What a shell reports of a process that the signal ended.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.advice = ""
        self.exit_code = 128 + number


class Interrupts:
    """Turns both signals into Interrupted: at once inside `allowed`, elsewhere at the next `check`.

    It handles the signals while it is entered as a context manager. In another thread than the main thread it
    does nothing, because Python delivers signals to the main thread only.
    """

    def __init__(self) -> None:
        self._pending = 0
        self._allowed = False

    def __enter__(self) -> "Interrupts":
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        # It stays pending, so that `check` raises it again if a library ignores it, as one does in a callback.
        self._pending = number
        if self._allowed:
            raise Interrupted(number)

    def check(self) -> None:
        """Raise Interrupted if a signal has come."""
        if self._pending:
            number, self._pending = self._pending, 0
            raise Interrupted(number)

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """Let a signal interrupt the block at once; a signal that came before it interrupts it at its start."""
        self.check()
        self._allowed = True
        try:
            yield
        finally:
            self._allowed = False


def end_at_a_signal() -> None:
    """Let both signals end this process at once with one line, until somebody else handles them.

    It is for the time in which a command loads its modules and in which the interpreter ends. A KeyboardInterrupt
    would print a traceback there.
    """
    for number in SIGNALS:
        signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"interrupted\n")
    os._exit(128 + number)
