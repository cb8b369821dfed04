"""The stopping rule and the loop, on curves that are written down."""

import math

import numpy as np
import pytest

from study.descent.loop import Optimizer, StoppingRule, descend, window_length


class Recorded:
    """An engine whose losses are known; it keeps the rates that it is given."""

    updates_per_epoch = 1

    def __init__(self, losses):
        self._losses, self.rates = iter(losses), []

    def epoch(self, eta):
        self.rates.append(eta)
        return next(self._losses)


def stops_at(losses, *, tol=1e-2, window=3, floor=0.0, noisy=False):
    """The epoch, from 1, at which the rule is met, or None."""
    rule = StoppingRule(tol, window, floor, noisy=noisy)
    return next((epoch for epoch, loss in enumerate(losses, start=1) if rule.is_met(loss)), None)


class TestStoppingRule:
    def test_is_met_when_the_loss_has_stayed_for_a_whole_window(self):
        assert stops_at([10, 5, 1, 1, 1, 1, 1]) == 6

    def test_is_not_met_while_the_loss_falls(self):
        assert stops_at(0.9 ** np.arange(50)) is None

    def test_is_not_met_on_an_upswing(self):
        assert stops_at([10, 1, 2, 3, 4, 5, 6, 7, 8]) is None

    def test_of_noisy_losses_compares_the_best_of_the_window(self):
        assert stops_at([10, 1, 2, 3, 4], noisy=True) == 5
        assert stops_at([10, 1, 2, 3, 0.5, 2, 2], noisy=True) is None

    def test_counts_losses_below_the_floor_as_equal(self):
        losses = [1e-20 * 0.5**epoch for epoch in range(8)]
        assert stops_at(losses) is None
        assert stops_at(losses, floor=1e-17) == 4

    def test_without_a_tolerance_is_never_met(self):
        assert stops_at([1.0] * 50, tol=None) is None

    def test_forgets_what_it_saw_when_it_restarts(self):
        rule = StoppingRule(1e-2, 2, 0.0, noisy=False)
        assert [rule.is_met(1.0) for _ in range(3)] == [False, False, True]
        rule.restart()
        assert [rule.is_met(1.0) for _ in range(3)] == [False, False, True]


@pytest.mark.parametrize(
    ("n_iter_no_change", "beta", "updates", "expected"),
    [(5, 0.0, 1, 5), (5, 0.875, 1, 24), (5, 0.9, 10, 5), (5, 0.99, 7, 43)],
)
def test_a_window_outlasts_three_time_constants_of_momentum(n_iter_no_change, beta, updates, expected):
    assert window_length(n_iter_no_change, beta, updates) == expected


def run(losses, *, max_iter=100, **options):
    engine = Recorded(losses)
    rule = StoppingRule(1e-2, 2, 0.0, noisy=False)
    return engine, descend(engine, 0.8, lambda epoch: 0.5**epoch, rule, max_iter=max_iter, **options)


def test_the_rate_of_each_epoch_is_eta_times_the_schedules_factor():
    engine, history = run([4.0, 3.0, 2.0], max_iter=3)
    assert engine.rates == history.eta_curve == [0.8, 0.4, 0.2]
    assert history.loss_curve == [4.0, 3.0, 2.0]
    assert not history.converged


@pytest.mark.parametrize("last", [math.inf, math.nan])
def test_a_descent_ends_at_the_first_loss_that_is_not_finite(last):
    _, history = run([1.0, last, 0.5])
    assert len(history.loss_curve) == 2
    assert not history.converged


def test_a_descent_ends_where_it_has_converged():
    _, history = run([4.0] + [1.0] * 50)
    assert history.converged
    assert len(history.loss_curve) == 4


def test_adaptive_divides_the_rate_by_five_and_ends_below_a_millionth():
    engine = Recorded([1.0] * 200)
    rule = StoppingRule(1e-2, 2, 0.0, noisy=False)
    history = descend(engine, 1.0, lambda epoch: 1.0, rule, max_iter=200, adaptive=True)
    assert engine.rates[:4] == [1.0, 1.0, 1.0, 0.2]
    assert history.converged
    assert engine.rates[-1] == pytest.approx(5.0**-9)  # the first power of 5 that is over a million


def test_a_callback_changes_the_loss_to_stop_on_and_may_stop_at_once():
    told = []

    def on_epoch(epoch, history):
        told.append((epoch, history.loss_curve[-1]))
        return 1.0, epoch == 1

    _, history = run([4.0, 3.0, 2.0, 1.0], on_epoch=on_epoch)
    assert told == [(0, 4.0), (1, 3.0)]
    assert len(history.loss_curve) == 2


def test_a_copied_optimizer_is_in_the_same_state_and_apart():
    one = Optimizer("momentum", np.zeros((2, 1)), beta=0.9, beta_2=0.999, epsilon=1e-8)
    one.update(np.ones((2, 1)), 0.1)
    other = one.copy(np.float32)
    assert other.updates == 1
    assert other.theta.dtype == other.velocity.dtype == np.float32
    np.testing.assert_allclose(other.velocity, 0.1)
    other.theta[:] = 7
    assert (one.theta != 7).all()
