"""What the tests of tracking/ share: an empty store and an open study."""

import shutil
from pathlib import Path

import pytest

from study.tracking import Store


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A database with MLflow's schema, which takes seconds to create: it is made once and then copied."""
    path = tmp_path_factory.mktemp("template") / "mlflow.db"
    Store(f"sqlite:///{path}")
    return path


@pytest.fixture
def uri(template, tmp_path) -> str:
    (tmp_path / "mlruns").mkdir()
    shutil.copy(template, tmp_path / "mlruns" / "mlflow.db")
    return f"sqlite:///{tmp_path}/mlruns/mlflow.db"


@pytest.fixture
def artifacts(tmp_path) -> Path:
    return tmp_path / "mlruns" / "artifacts"


@pytest.fixture
def store(uri, artifacts) -> Store:
    return Store(uri, artifacts)


@pytest.fixture
def study_id(store) -> str:
    return store.start_study(
        "diabetes", {"problem": "diabetes", "space": {"eta": [1e-4, 1.0]}}, {"commit": "abc"}
    )
