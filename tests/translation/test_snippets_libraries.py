"""The code that is printed, run with the library itself, makes the updates of MomentumRegressor."""

import pytest

from study.translation.snippets import RATES
from tests.translation.running import assert_follows, need

pytestmark = [pytest.mark.libraries, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

LIBRARIES = ["pytorch", "keras", "optax"]


CASES = [
    *[(solver, "constant") for solver in RATES],
    *[("momentum", schedule) for schedule in ("invscaling", "exponential", "cosine")],
    ("nesterov", "cosine"),
]


@pytest.mark.parametrize(("solver", "schedule"), CASES)
@pytest.mark.parametrize("library", LIBRARIES)
def test_1000_updates_are_ours(library, solver, schedule):
    need(library)
    # The least curvature is 0.018: at this rate most of the error in its direction is left after 1,000 updates.
    eta = 0.002 if solver == "heavy_ball" else 0.02
    assert_follows(library, solver=solver, schedule=schedule, beta=0.9, eta=eta, alpha=0.01)


@pytest.mark.parametrize("library", LIBRARIES)
def test_without_a_penalty_or_an_intercept_and_with_several_targets(library):
    need(library)
    assert_follows(library, beta=0.9, eta=0.02)
    assert_follows(library, beta=0.9, eta=0.02, alpha=0.05, fit_intercept=False, epochs=(30,))
    assert_follows(library, beta=0.9, eta=0.02, alpha=0.05, targets=3, epochs=(30,))


@pytest.mark.parametrize("library", LIBRARIES)
def test_mini_batches_in_the_same_order_with_a_shorter_last_one(library):
    need(library)
    values = {"beta": 0.8, "eta": 0.01, "alpha": 0.01, "batch_size": 100, "epochs": (20,)}
    assert_follows(library, solver="nesterov", schedule="exponential", **values)
