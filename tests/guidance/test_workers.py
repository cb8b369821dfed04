"""Tasks that run side by side: each ends with a result or with the reason why it has none."""

import os
from functools import partial

import pytest

from study.guidance.workers import Ended, run_tasks


def double(value):
    return 2 * value


def fail():
    raise ZeroDivisionError("nothing\nleft")


def be_killed():
    os._exit(9)


@pytest.mark.parametrize("n_processes", [1, 2])
def test_every_task_ends_with_its_result(n_processes):
    ended = list(run_tasks({str(n): partial(double, n) for n in range(3)}, n_processes))
    assert sorted((task.name, task.result, task.error) for task in ended) == [
        ("0", 0, None),
        ("1", 2, None),
        ("2", 4, None),
    ]


def test_an_exception_is_one_line_that_names_its_place():
    (ended,) = run_tasks({"a": fail}, 1)
    assert ended.result is None
    assert ended.error.startswith("ZeroDivisionError: nothing left (test_workers.py, line ")


def test_a_killed_process_ends_every_task_that_had_not_ended():
    ended = list(run_tasks({"a": be_killed, "b": be_killed}, 2))
    assert ended == [Ended(name, error="a worker process was killed") for name in ("a", "b")]
