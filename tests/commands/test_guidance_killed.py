"""`study guidance`, killed and interrupted while its workers measure, and what the store and the machine hold then."""

import contextlib
import os
import signal
import subprocess
import time

from tests.commands.records import Records, start
from tests.preloaded import start_study


def processes_of(session):
    """The processes of a session that have not ended."""
    listing = subprocess.run(["ps", "-eo", "stat=,sess=,pid="], capture_output=True, text=True, check=True)
    rows = [line.split() for line in listing.stdout.splitlines()]
    return [pid for state, its_session, pid in rows if its_session == str(session) and state[0] != "Z"]


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


@contextlib.contextmanager
def started(folder, n_ledgers, start, n_processes):
    """A ledger whose two workers are there, with the processes that clean up after them."""
    with start(folder, "guidance", "--quiet") as process:
        try:
            wait_until(lambda: len(processes_of(process.pid)) == n_processes)
            assert len(Records(folder).runs("guidance")) == n_ledgers
            yield process
        finally:
            process.kill()


def test_a_killed_ledger_is_closed_by_the_next_and_an_interrupted_one_closes_itself(stores):
    records = Records(stores)
    # Two processes clean up. One of them a forked command shares with the tests.
    with started(stores, n_ledgers=1, start=start_study, n_processes=4) as process:
        process.kill()
        wait_until(lambda: processes_of(process.pid) == [])
    assert records.statuses("guidance") == {"RUNNING": 1}
    with started(stores, n_ledgers=2, start=start, n_processes=5) as process:
        (killed, _, status), _ = records.runs("guidance")
        assert status == "FAILED"
        assert records.tags(killed)["study.error"] == "the process was killed"
        os.killpg(process.pid, signal.SIGINT)
        out, error = process.communicate(timeout=60)
        wait_until(lambda: processes_of(process.pid) == [])
    assert (out, process.returncode) == ("", 130)
    assert error == "interrupted: the guidance cannot go on from here; run `study guidance` again\n"
    assert records.statuses("guidance") == {"FAILED": 1, "KILLED": 1}
    assert records.n_running() == (0, 0)
