"""Where a store keeps its artifacts."""

from study import defaults


def test_only_the_default_store_is_told_where_its_artifacts_go():
    assert defaults.artifact_root("sqlite:///mlruns/mlflow.db") == "mlruns/artifacts"
    assert defaults.artifact_root("sqlite:///elsewhere/mlflow.db") is None
    assert defaults.artifact_root("http://127.0.0.1:5000") is None
