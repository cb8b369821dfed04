"""Optuna's storage opens, or says in one line why it does not."""

import traceback

import pytest

from study.errors import StoreError
from study.tuning.storage import open_storage


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:////dev/null/x.db",
        "nonsense",
        "sqlite:///{folder}",
        "sqlite:///{folder}/new/optuna.db",
        "sqlite:///?mode=ro",
        "sqlite:///a\0b",
        "redis://:hunter2@127.0.0.1:9",
        "postgresql://me:hunter2@127.0.0.1:9/db",
        "postgresql://127.0.0.1:9/db?user=me&password=hunter2",
        "postgresql://me:hunter2@hunter2/3@127.0.0.1:9/db",
    ],
)
def test_a_storage_that_cannot_be_opened_is_named_and_leaves_nothing(url, tmp_path):
    with pytest.raises(StoreError) as raised:
        open_storage(url.format(folder=tmp_path))
    assert str(raised.value).isprintable()
    assert "hunter2" not in str(raised.value)
    assert "hunter2" not in "".join(traceback.format_exception(raised.value))
    assert list(tmp_path.iterdir()) == []
