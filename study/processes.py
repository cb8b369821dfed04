"""Which process made a record, and whether that process has ended."""

import os
import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Process:
    """A process of one machine.

    Its number alone does not identify it, because a number is given again after the process has ended.

    Attributes
    ----------
    host : str
        The machine's name.
    pid : int
    started : str
        When it was started, in letters and digits; equal for the same process only.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def this(cls) -> Self:
        """Return the process that calls."""
        return cls(socket.gethostname(), os.getpid(), _start(os.getpid()) or UNKNOWN)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return the process that `str` wrote as a text; None if it is no such text."""
        found = re.fullmatch(r"(.+)-(\d{1,10})-(\w+)", text)
        return None if found is None else cls(found[1], int(found[2]), found[3])

    def __str__(self) -> str:
        return f"{self.host}-{self.pid}-{self.started}"

    def is_another_that_runs(self) -> bool:
        """Whether it is another process of this machine, which has not ended."""
        is_here = self.host == socket.gethostname()
        return is_here and self.pid != os.getpid() and not self.has_ended()

    def has_ended(self) -> bool:
        """Whether it is known that the process has ended. Of a process of another machine nothing is known."""
        if self.host != socket.gethostname():
            return False
        start = _start(self.pid)
        return start is None or (start != self.started and UNKNOWN not in (start, self.started))


def _start(pid: int) -> str | None:
    """Return when a process was started; None if there is no such process, `UNKNOWN` if it cannot be told."""
    try:
        os.kill(pid, 0)  # sends nothing
    except ProcessLookupError:
        return None
    except PermissionError:
        pass  # another user's process
    start = _start_on_linux if Path("/proc/self/stat").exists() else _start_elsewhere
    try:
        return start(pid)
    except (OSError, IndexError):
        return UNKNOWN


def _start_on_linux(pid: int) -> str | None:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    # The name, in brackets, may hold blanks and brackets. The state is the third field, the start the 22nd.
    fields = stat.rpartition(")")[2].split()
    # The start is counted from the machine's own start.
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8")
    # A zombie has ended, but its parent has not asked for its exit code yet.
    return None if fields[0] in "ZX" else f"{fields[19]}b{boot[:8]}"


def _start_elsewhere(pid: int) -> str | None:
    command = ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    state, _, start = answer.stdout.strip().partition(" ")
    return None if state[:1] in ("", "Z") else re.sub(r"\W+", "", start)
