"""What the tests of tracking/ share: an empty store and an open study."""

from pathlib import Path

import pytest

from study.tracking import Store


@pytest.fixture
def uri(stores) -> str:
    return f"sqlite:///{stores}/mlruns/mlflow.db"


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
