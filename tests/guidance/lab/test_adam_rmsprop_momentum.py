"""Adam, RMSprop and momentum on the same problems: what the coordinates change."""

import pytest

from study.guidance.claim import Budget
from study.guidance.lab import adam_rmsprop_momentum
from study.guidance.lab.adam_rmsprop_momentum import ADAM, ALIGNED, MOMENTUM, ROTATED, compare_solvers


@pytest.fixture(autouse=True)
def _fewer_epochs(monkeypatch):
    """Only what takes time is cut short, and the shortened comparisons do not stay in the cache."""
    compare_solvers.cache_clear()
    monkeypatch.setattr(adam_rmsprop_momentum, "EPOCHS", 300)
    yield
    compare_solvers.cache_clear()


def test_a_rotation_changes_the_path_of_adam_and_not_that_of_momentum():
    rotated, aligned = (
        compare_solvers("κ = 30,", form, Budget("quick", 0, 1)).epochs[0] for form in (ROTATED, ALIGNED)
    )
    assert rotated[MOMENTUM] == aligned[MOMENTUM]
    assert rotated[ADAM] != aligned[ADAM]
