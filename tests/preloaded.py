"""`python -c` in a process that is forked from one that has loaded the slow libraries already.

A command takes seconds to load MLflow, Optuna and matplotlib. Here they are loaded once for all tests of a pytest process, by
multiprocessing's fork server. What is forked has a number, a session, an environment and a folder of its own, and can be
stopped, interrupted and killed as any other process. Its arguments, which `ps` shows, are those of the fork server.
"""

import contextlib
import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]

FORKS = multiprocessing.get_context("forkserver")
# Modules alone: a thread or an open store would not outlive the fork. The last five are those that the commands load late.
FORKS.set_forkserver_preload(
    [
        "study.cli", "study.commands.run", "study.commands.report", "study.commands.guidance", "study.commands.ui",
        "alembic.command", "mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store", "optuna.importance",
        "sqlalchemy.dialects.sqlite",
    ]
)  # fmt: skip


class Python:
    """What `python -c code` does in a folder. Has the part of `subprocess.Popen` that the tests use."""

    def __init__(self, folder, code):
        ends = [FORKS.Pipe(duplex=False) for _ in range(2)]
        writers = [writer for _, writer in ends]
        self._process = FORKS.Process(
            target=_run, args=(code, folder, {**os.environ, "PYTHONPATH": str(ROOT)}, *writers)
        )
        # The fork server imports this package from the folder in which it is started.
        with contextlib.chdir(ROOT):
            self._process.start()
        for writer in writers:
            writer.close()
        self._readers = [reader for reader, _ in ends]
        self.stdout, self.stderr = (os.fdopen(reader.fileno(), closefd=False) for reader in self._readers)
        self.pid = self._process.pid
        self.args = code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.wait()
        for stream in (self.stdout, self.stderr, *self._readers):
            stream.close()

    @property
    def returncode(self):
        """The exit code, or minus the signal that ended the process, or None while it runs."""
        return self._process.exitcode

    def send_signal(self, number):
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout=None):
        self._process.join(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def communicate(self, timeout=None):
        """Wait until the process has ended, and return what it has printed that was not read before."""
        threads = ThreadPoolExecutor(2)
        try:
            out, err = threads.map(lambda stream: stream.read(), (self.stdout, self.stderr), timeout=timeout)
        except TimeoutError:
            raise subprocess.TimeoutExpired(self.args, timeout) from None
        finally:
            threads.shutdown(wait=False)
        self.wait(timeout)
        return out, err


def start_study(folder, *arguments, before=""):
    """Start a command, after some lines of code."""
    words = [str(argument) for argument in arguments]
    code = "from study.interrupts import end_at_a_signal\nend_at_a_signal()\nfrom study.cli import main\n"
    return Python(folder, f"{code}{before}\nmain({words!r}, prog_name='study')")


def run_study(folder, *arguments, before=""):
    """Run a command to its end, as `subprocess.run` does."""
    with start_study(folder, *arguments, before=before) as process:
        out, err = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def _run(code, folder, environment, out, err):
    """Make the forked process what a new one would be, and run the code."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, pipe in enumerate((out, err), start=1):
        os.dup2(pipe.fileno(), number)
        pipe.close()
    sys.argv = ["-c"]
    exec(code, {"__name__": "__main__"})
