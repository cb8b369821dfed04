"""Whether a process has ended, asked of processes that live, that were killed, and that run elsewhere."""

import dataclasses
import os
import signal
import subprocess
import sys
import time

import pytest

from study.processes import Process, _start_elsewhere

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def child():
    """A process that lives, and how it is known."""
    with subprocess.Popen(SLEEP) as process:
        started = dataclasses.replace(Process.this(), pid=process.pid).has_ended()
        assert started  # this process's own start is not the child's
        yield process
        process.kill()


def known_as(process):
    code = f"from study.processes import Process, _start; import sys; print(_start({process.pid}))"
    started = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    return Process(Process.this().host, process.pid, started.strip())


def test_this_process_has_not_ended():
    assert not Process.this().has_ended()
    assert Process.this().pid == os.getpid()


def test_a_process_has_ended_when_it_was_killed_also_if_nobody_asked_for_its_exit_code(child):
    known = known_as(child)
    assert not known.has_ended()
    os.kill(child.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while not known.has_ended() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert known.has_ended()  # a zombie
    child.wait()
    assert known.has_ended()


def test_another_process_with_the_same_number_is_another_process():
    this = Process.this()
    assert dataclasses.replace(this, started="1bffffffff").has_ended()
    assert not dataclasses.replace(this, started="unknown").has_ended()


def test_of_another_machine_nothing_is_known():
    assert not Process("elsewhere", 2**22 + 1, "1").has_ended()
    assert Process(Process.this().host, 2**22 + 1, "1").has_ended()


def test_a_process_is_written_as_a_text_and_read_back():
    this = dataclasses.replace(Process.this(), host="a-host.of-mine")
    assert Process.parse(str(this)) == this
    assert Process.parse("abc") is None
    assert Process.parse("abc-def-ghi") is None


def test_ps_tells_the_same_process_apart_where_there_is_no_proc(child):
    first = _start_elsewhere(child.pid)
    assert first
    assert first.isalnum()
    child.kill()
    child.wait()
    assert _start_elsewhere(child.pid) is None
