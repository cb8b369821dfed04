"""`study ui`: MLflow's UI on the project's store.

MLflow is imported inside a function, because that takes seconds, and a port that is taken is answered first.
"""

import contextlib
import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from study.commands.checks import check_tracking
from study.errors import UserError
from study.interrupts import Interrupted, Interrupts
from study.storage import UI_HOST

if TYPE_CHECKING:
    from study.tracking.guidance_store import GuidanceStore

EXPERIMENTS_PAGE = "#/experiments?workflowType=machine_learning"
"""The path of the list of experiments."""

LONGEST_START = 120
"""Seconds within which the server must answer. It takes about ten on an idle machine."""

LONGEST_END = 10
"""Seconds that the server has to end by itself."""


def serve(tracking_uri: str, port: int) -> int:
    """Serve a store in MLflow's UI, to this machine only, until the server ends or a signal comes.

    Parameters
    ----------
    tracking_uri : str
    port : int

    Returns
    -------
    int
        The server's exit code.

    Raises
    ------
    Interrupted
        If SIGINT or SIGTERM comes. The server has ended then.
    StoreError
        If the store cannot be opened.
    UserError
        If the port is taken, or the server does not answer.
    """
    _check_port(port)
    check_tracking(tracking_uri)
    from study.tracking.guidance_store import GuidanceStore

    with Interrupts() as interrupts:
        try:
            with interrupts.allowed():
                address = f"http://{UI_HOST}:{port}/"
                links = _links(GuidanceStore(tracking_uri), address)
            with contextlib.closing(_Server(tracking_uri, port)) as server, interrupts.allowed():
                server.wait_until_it_answers()
                print("\n".join(["ready; open one of these pages in a browser", *links]), flush=True)
                while server.process.poll() is None:
                    # The exception of a signal is lost if it is raised inside a destructor, so this asks again.
                    interrupts.check()
                    time.sleep(0.2)
                return server.process.returncode
        except Interrupted as error:
            error.advice = "the UI has ended"
            raise


class _Server:
    """MLflow's server, in a group of processes of its own, which end together, and with this one.

    Parameters
    ----------
    tracking_uri : str
    port : int
    """

    def __init__(self, tracking_uri: str, port: int) -> None:
        self._port = port
        command = [sys.executable, "-m", "study.commands.ui_server", "server"]
        command += ["--host", UI_HOST, "--port", str(port), "--workers", "1"]
        # In the environment, because other users can read a process's arguments, and the URI may hold a password.
        environment = {**os.environ, "MLFLOW_BACKEND_STORE_URI": tracking_uri}
        # MLflow's job execution serves its own jobs. A study has none of them, and it takes 1.7 GB.
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        # Nothing is written to the pipe. When it closes, because this process has ended, the server ends.
        self.process = subprocess.Popen(
            command, env=environment, start_new_session=True, stdin=subprocess.PIPE
        )

    def wait_until_it_answers(self) -> None:
        """Wait; raise UserError if the server ends, or does not answer in time."""
        deadline = time.monotonic() + LONGEST_START
        while not self._answers():
            if self.process.poll() is not None:
                raise UserError(
                    f"MLflow's server ended with exit code {self.process.returncode} before it answered; "
                    "what it printed says why"
                )
            if time.monotonic() > deadline:
                raise UserError(f"MLflow's server did not answer within {LONGEST_START} s; try it again")
            time.sleep(0.2)

    def close(self) -> None:
        """End the server and all that it started."""
        self._send(signal.SIGTERM)
        deadline = time.monotonic() + LONGEST_END
        while self._is_there() and time.monotonic() < deadline:
            time.sleep(0.05)
        self._send(signal.SIGKILL)
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()

    def _answers(self) -> bool:
        # Not by urllib, which may ask a proxy for this machine's own address.
        connection = http.client.HTTPConnection(UI_HOST, self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _is_there(self) -> bool:
        # Without this call a server that has ended would still count as a process.
        self.process.poll()
        return self._send(0)

    def _send(self, number: int) -> bool:
        """Send a signal to all processes of the group; return whether there is one."""
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            return False
        return True


def _check_port(port: int) -> None:
    """Raise UserError if the server could not listen at the port."""
    with socket.socket() as listener:
        # As the server does: a port whose last connections are not quite closed yet is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((UI_HOST, port))
        except OSError as error:
            is_taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if is_taken else f"cannot be used ({error.strerror})"
            raise UserError(f"port {port} {why}; name another one with --port") from None


def _links(store: "GuidanceStore", address: str) -> list[str]:
    """Return a line for each page of every study, the newest first, and of every ledger of the guidance."""
    # The bare address opens MLflow's page for language models.
    pages: dict[str, str] = {}
    for study in store.find_studies():
        pages[study.name] = study.page
        name = study.tags["study.name"]
        if f"{name}, trials" not in pages:
            pages |= {f"{name}, {kind}": page for kind, page in store.pages(name).items()}
    pages |= {ledger.name: ledger.page for ledger in store.find_ledgers()}
    pages["all experiments"] = EXPERIMENTS_PAGE
    return [f"{name}: {address}{page}" for name, page in pages.items()]
