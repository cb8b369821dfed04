"""Processes that run tasks side by side. Knows nothing of claims."""

import traceback
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from joblib import Parallel, delayed, parallel_config
from joblib.externals.loky.process_executor import BrokenProcessPool


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
    """
    left = dict.fromkeys(tasks)
    # One thread each: the processes already use all cores.
    limits = {"backend": "loky", "inner_max_num_threads": 1} if n_processes > 1 else {"backend": "sequential"}
    with parallel_config(**limits):
        pool = Parallel(n_jobs=n_processes, return_as="generator_unordered", batch_size=1, pre_dispatch="all")
        results = pool(delayed(_attempt)(name, task) for name, task in tasks.items())
    try:
        for ended in results:
            del left[ended.name]
            yield ended
    except BrokenProcessPool:
        # Killed from outside, for example because memory ran out. What has been yielded is not lost.
        for name in left:
            yield Ended(name, error="a worker process was killed")
    finally:
        results.close()


def _attempt(name: str, task: Callable[[], Any]) -> Ended:
    try:
        return Ended(name, task())
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        text = " ".join(f"{type(error).__name__}: {error}".split())
        # The line but not the folder, which differs from machine to machine.
        return Ended(name, error=f"{text} ({where.filename.rsplit('/', 1)[-1]}, line {where.lineno})")
