"""On some problems RMSprop or Adam may do better: when it counts as occurring."""

import pytest

from study.guidance.claims import not_for_every_problem
from study.guidance.lab import adam_rmsprop_momentum
from tests.guidance.claims.noisy_checks import ONE_SEED, assert_can_be_recorded, assert_enough_problems


@pytest.fixture(scope="module")
def measured():
    """One seed, with fewer epochs; the shortened comparisons do not stay in the cache."""
    adam_rmsprop_momentum.compare_solvers.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adam_rmsprop_momentum, "EPOCHS", 200)
        yield not_for_every_problem.measure(ONE_SEED)
    adam_rmsprop_momentum.compare_solvers.cache_clear()


def test_there_are_enough_problems(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


def test_it_occurs_where_the_better_one_needs_ten_percent_fewer_epochs(measured):
    for unit in measured.units:
        lead = unit.arms["momentum"] / min(unit.arms["Adam"], unit.arms["RMSprop"])
        assert unit.effect == float(lead > 1.1)
