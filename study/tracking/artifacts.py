"""The files of a run, written and read back."""

import tempfile
from collections.abc import Mapping
from pathlib import Path

from mlflow import MlflowClient


def log(client: MlflowClient, run_id: str, files: Mapping[str, bytes]) -> None:
    """Log files, by artifact path, all at once."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        client.log_artifacts(run_id, folder)


def read(client: MlflowClient, run_id: str) -> dict[str, bytes]:
    """Return all files of a run, by artifact path."""
    with tempfile.TemporaryDirectory() as folder:
        client.download_artifacts(run_id, "", folder)
        files = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
