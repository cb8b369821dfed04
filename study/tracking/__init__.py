"""What an MLflow run holds: a study is a parent run, its trials are the children.

The only importer of mlflow. Everything goes through `MlflowClient`, which keeps no global state: threads
and processes may share a store, and a caller's own tracking URI and active run stay as they were.
"""

import os

# Set before mlflow is imported. A study makes no network calls of its own; a tracking server's links would be
# printed once a trial, each after one more request; a bar for every file would tear our own apart.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

from study.errors import StoreError
from study.tracking.store import Store
from study.tracking.values import RunView

__all__ = ["RunView", "Store", "StoreError"]
