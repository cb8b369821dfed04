"""What an MLflow run holds: a study is a parent run, its trials its children. The only importer of mlflow.

Every call goes through `MlflowClient`, which has no global state: threads and processes may share a store,
and the caller's own tracking URI and active run stay as they are.
"""

import os

# MLflow reads these when it is imported. Without them it would send data on its use to its makers, print links after
# every trial, which takes one more request to the server, and draw a progress bar for every file.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")

from study.errors import StoreError
from study.tracking.run_view import RunView
from study.tracking.store import Store

__all__ = ["RunView", "Store", "StoreError"]
