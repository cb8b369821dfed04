"""Optuna's storage opens, or says in one line why it does not."""

import pytest

from study.errors import StoreError
from study.tuning.storage import open_storage


@pytest.mark.parametrize("url", ["sqlite:////dev/null/x.db", "nonsense", "sqlite:///{folder}"])
def test_a_storage_that_cannot_be_opened_is_named(url, tmp_path):
    with pytest.raises(StoreError) as raised:
        open_storage(url.format(folder=tmp_path))
    assert "\n" not in str(raised.value)
