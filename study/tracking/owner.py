"""Which process works on a run, as tags of the run."""

from collections.abc import Mapping

from study.processes import Process

HOST, PID, STARTED = "study.host", "study.pid", "study.process_started"


def owner_tags() -> dict[str, str]:
    """Return the tags that say that this process works on a run."""
    this = Process.this()
    return {HOST: this.host, PID: str(this.pid), STARTED: this.started}


def owner(tags: Mapping[str, str]) -> Process | None:
    """Return the process that works, or worked, on a run; None if its tags do not say."""
    try:
        return Process(tags[HOST], int(tags[PID]), tags[STARTED])
    except (KeyError, ValueError):
        return None
