"""Processes that run tasks side by side. Knows nothing of claims."""

import contextlib
import os
import signal
import threading
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import as_completed
from dataclasses import dataclass
from multiprocessing import Pipe, resource_tracker
from multiprocessing.connection import Connection
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from study.interrupts import SIGNALS

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMBA", "NUMEXPR")
} | {"VECLIB_MAXIMUM_THREADS": "1"}
"""Environment of a worker: the processes already use all cores."""


@dataclass(frozen=True)
class Ended:
    """A task that has ended: its result, or in `error` why it has none."""

    name: str
    result: Any = None
    error: str | None = None


def run_tasks(tasks: Mapping[str, Callable[[], Any]], n_processes: int) -> Generator[Ended, None, None]:
    """Run tasks and yield each as soon as it has ended.

    Parameters
    ----------
    tasks : mapping of str to callable
        By name. With several processes each task is sent to one of them.
    n_processes : int
        With 1 the tasks run in this process.

    Yields
    ------
    Ended
        An exception in a task is its `error`. If a process is killed, so is every task that had not ended.

    Notes
    -----
    The processes end when the generator is closed, and when this process ends, however it does. Signals that a
    terminal or a service manager sends to all of them, such as Ctrl-C, are left to this process.
    """
    if n_processes == 1:
        yield from (_attempt(name, task) for name, task in tasks.items())
        return
    left = dict.fromkeys(tasks)
    # Only this process can write to the pipe. So its end is the end of this process, or of the work.
    reader, writer = Pipe(duplex=False)
    executor = ProcessPoolExecutor(n_processes, initializer=_end_with, initargs=(reader,), env=ONE_THREAD)
    try:
        with _without_signals():
            futures = [executor.submit(_attempt, name, task) for name, task in tasks.items()]
        for future in as_completed(futures):
            # Killed from outside, for example because memory ran out. What has been yielded is not lost.
            if not isinstance(future.exception(), BrokenProcessPool):
                ended = future.result()
                del left[ended.name]
                yield ended
        for name in left:
            yield Ended(name, error="a worker process was killed")
    finally:
        # Not `shutdown(kill_workers=True)`: with tasks left, loky's thread would print a KeyError.
        writer.close()
        executor.shutdown()
        reader.close()


def _end_with(reader: Connection) -> None:
    """Let this process end when nobody can write to a pipe any more. Called once in every worker."""

    def watch() -> None:
        with contextlib.suppress(EOFError):
            reader.recv()
        os._exit(1)

    threading.Thread(target=watch, name="end of the pipe", daemon=True).start()


@contextlib.contextmanager
def _without_signals() -> Iterator[None]:
    """Hold signals back while processes are started, which inherit that. This process receives them afterwards."""
    resource_tracker.ensure_running()  # the first process starts it, and it would let signals through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _attempt(name: str, task: Callable[[], Any]) -> Ended:
    try:
        return Ended(name, task())
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = " ".join(f"{type(error).__name__}: {error}".split())
        # The line but not the folder, which differs from machine to machine.
        return Ended(name, error=f"{text} ({where.filename.rsplit('/', 1)[-1]}, line {where.lineno})")
