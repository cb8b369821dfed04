"""Ctrl-C and SIGTERM, handled only where no record can be left incomplete."""

import contextlib
import os
import signal
import sys
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
        self._raised = 0
        self._allowed = False

    def __enter__(self) -> "Interrupts":
        self._before = {}
        self._hook_before = sys.unraisablehook
        if threading.current_thread() is threading.main_thread():
            sys.unraisablehook = self._hook
            for number in SIGNALS:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        sys.unraisablehook = self._hook_before

    def _hook(self, ignored: "sys.UnraisableHookArgs") -> None:
        """Keep a signal that was lost in a destructor, where Python has to ignore exceptions, for the next `check`."""
        if isinstance(ignored.exc_value, Interrupted):
            self._pending = self._raised
        else:
            self._hook_before(ignored)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if not self._allowed:
            self._pending = number
            return
        self._raised = number
        raise Interrupted(number)

    def check(self) -> None:
        """Raise Interrupted if a signal has come."""
        if self._pending:
            number, self._pending = self._pending, 0
            raise Interrupted(number)

    @contextlib.contextmanager
    def allowed(self) -> Iterator[None]:
        """Let a signal interrupt the block at once; a signal that came before it interrupts it at its start.

        The block ends with Interrupted also where a destructor loses that, or a library makes another exception of
        it.
        """
        self.check()
        self._raised = 0
        self._allowed = True
        try:
            yield
        except Interrupted:
            raise
        except BaseException:
            if self._raised:
                raise Interrupted(self._raised) from None
            raise
        else:
            self.check()
        finally:
            self._allowed = False


def end_at_a_signal() -> None:
    """Let both signals end this process at once with one line, where `Interrupts` does not handle them.

    It is for the time in which a command loads its modules. A KeyboardInterrupt would print a traceback there, and
    some libraries make another exception of it.
    """
    for number in SIGNALS:
        signal.signal(number, _end)


def _end(number: int, frame: FrameType | None) -> None:
    os.write(2, b"interrupted\n")
    os._exit(128 + number)
