"""Folders in which a store is built before it gets its name, and those that killed processes left."""

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from study.processes import Process

PREFIX = ".store-"
"""How the name of such a folder begins; the process that builds there follows."""

LONGEST = 3600
"""Seconds after which a folder is surely forgotten. Building takes a few seconds."""


@contextlib.contextmanager
def draft_folder(parent: Path) -> Iterator[Path]:
    """Make a folder for the block that says whose it is, and remove it with its content."""
    with tempfile.TemporaryDirectory(dir=parent, prefix=f"{PREFIX}{Process.this()}-") as folder:
        yield Path(folder)


def sweep(parent: Path) -> None:
    """Remove the folders of processes that have ended, and those that are an hour old, whoever made them."""
    for draft in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            owner = Process.parse(draft.name.removeprefix(PREFIX).rpartition("-")[0])
            age = time.time() - draft.stat().st_mtime
            if age > LONGEST or (owner is not None and owner.has_ended()):
                shutil.rmtree(draft)
