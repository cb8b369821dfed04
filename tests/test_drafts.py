"""What a killed process left half built is removed; what a living one builds is not."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from study.processes import Process
from study.storage import create_sqlite

KILLED_BUILD = """
import os, signal, sys
from pathlib import Path
from study.storage import create_sqlite
create_sqlite(Path(sys.argv[1]), "Optuna", lambda uri: os.kill(os.getpid(), signal.SIGKILL), make_folder=False)
"""


def test_what_a_killed_build_leaves_is_swept_by_the_next_and_a_living_one_is_not(tmp_path):
    path = tmp_path / "x.db"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", KILLED_BUILD, str(path)], env=environment)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".store-")
    kept = [tmp_path / f".store-{Process.this()}-abc", tmp_path / ".store-unknown"]
    old = tmp_path / ".store-old"
    for folder in (*kept, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    create_sqlite(
        path, "Optuna", lambda uri: Path(uri.removeprefix("sqlite:///")).write_text("s"), make_folder=False
    )
    assert sorted(tmp_path.iterdir()) == sorted([*kept, path])
