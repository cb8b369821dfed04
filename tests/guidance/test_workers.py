"""Tasks that run side by side: each ends with a result or with the reason why it has none."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

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


PARENT = """
import os, signal, time
from functools import partial
from study.guidance.workers import run_tasks
from tests.guidance.test_workers import say_and_sleep

if __name__ == "__main__":
    try:
        for ended in run_tasks({str(n): partial(say_and_sleep, n) for n in range(30)}, 2):
            print(ended, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def say_and_sleep(number):
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    # One write, because both workers write to one pipe.
    os.write(
        1,
        f"{os.getpid()} {os.environ['OMP_NUM_THREADS']} {mask >= {signal.SIGINT, signal.SIGTERM}}\n".encode(),
    )
    time.sleep(30)


@pytest.fixture
def parent():
    """A process whose two workers are at work, and the workers' numbers."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment, start_new_session=True,
    )  # fmt: skip
    try:
        lines = [process.stdout.readline().split() for _ in range(2)]
        assert [line[1:] for line in lines] == [["1", "True"]] * 2
        yield process, [int(line[0]) for line in lines]
    finally:
        process.kill()
        process.communicate()


def wait_until_dead(pids):
    deadline = time.monotonic() + 10
    while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not any(is_alive(pid) for pid in pids)


def is_alive(pid):
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return done.stdout.strip()[:1] not in ("", "Z")


def test_workers_end_with_a_parent_that_is_killed(parent):
    process, workers = parent
    assert all(is_alive(pid) for pid in workers)
    process.kill()
    assert wait_until_dead(workers)


@pytest.mark.parametrize("send", [os.kill, os.killpg])
def test_a_ctrl_c_ends_the_workers_and_interrupts_the_parent_alone(parent, send):
    process, workers = parent
    send(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
    assert wait_until_dead(workers)
