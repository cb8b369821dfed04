"""Combined with Adam or RMSprop, momentum usually does better: what the claim hands over."""

import pytest

from study.guidance.claims import adam_combination_better
from study.guidance.lab import adam_rmsprop_momentum
from tests.guidance.claims.noisy_checks import (
    ONE_SEED,
    assert_can_be_recorded,
    assert_enough_problems,
    assert_log_ratios_of_arms,
)


@pytest.fixture(scope="module")
def measured():
    """One seed, with fewer epochs; the shortened comparisons do not stay in the cache."""
    adam_rmsprop_momentum.compare_solvers.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adam_rmsprop_momentum, "EPOCHS", 200)
        yield adam_combination_better.measure(ONE_SEED)
    adam_rmsprop_momentum.compare_solvers.cache_clear()


def test_there_are_enough_problems_in_both_groups(measured):
    assert_enough_problems(measured)


def test_curves_and_pictures_can_be_recorded(measured):
    assert_can_be_recorded(measured)


def test_an_effect_is_the_log_ratio_of_the_epochs_of_momentum_and_adam(measured):
    assert_log_ratios_of_arms(measured, "momentum", "Adam")
