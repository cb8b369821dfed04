"""Where a study is recorded and the port of the UI, unless the config or an option says otherwise."""

from pathlib import Path

TRACKING_URI = "sqlite:///mlruns/mlflow.db"
"""MLflow's store."""

OPTUNA_URI = "sqlite:///mlruns/optuna.db"
"""Optuna's storage."""

ARTIFACTS = "mlruns/artifacts"
"""Folder of MLflow's artifacts."""

REPORTS = Path("mlruns/reports")
"""Folder of the reports, one folder a study."""

UI_HOST = "127.0.0.1"
"""Where the UI listens: this machine only."""

UI_PORT = 5000
"""Port of MLflow's UI."""


def artifact_root(tracking_uri: str) -> str | None:
    """Return the folder of the artifacts of the default store; None lets another store decide for itself."""
    return ARTIFACTS if tracking_uri == TRACKING_URI else None
