"""The stopping rule and the loop, on curves that are written down."""

import math

import numpy as np
import pytest
import scipy.sparse

from study.descent.loop import MiniBatch, Optimizer, StoppingRule, descend, window_length
from study.descent.quadratic import Objective, ResidualLoss


class Recorded:
    """An engine whose losses are known; it keeps the rates that it is given."""

    updates_per_epoch = 1

    def __init__(self, losses, *, is_noisy=False):
        self._losses, self.rates, self.is_noisy = iter(losses), [], is_noisy

    def epoch(self, eta):
        self.rates.append(eta)
        return next(self._losses)


def stops_at(losses, *, tol=1e-2, window=3, floor=0.0, noisy=False):
    """The epoch, from 1, at which the rule is met, or None. Asked loss by loss, or for all at once, it says the same."""
    rule = StoppingRule(tol, window, floor, noisy=noisy)
    found = next((epoch for epoch, loss in enumerate(losses, start=1) if rule.is_met(loss)), None)
    if not noisy:
        at_once = StoppingRule(tol, window, floor, noisy=False).epochs_met(np.array(losses, dtype=float))
        assert found == (int(at_once[0]) + 1 if len(at_once) else None)
    return found


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

    def test_is_met_by_losses_exactly_tol_apart_and_not_by_any_further(self):
        # With tol = 1/4 the margin below and above 4 is exactly 1.
        for last, met in ((3.0, 4), (2.99, None), (5.0, 4), (5.01, None)):
            assert stops_at([4.0, 4.0, 4.0, last], tol=0.25) == met
            assert stops_at([4.0, last, 4.0, 4.0], tol=0.25) == met
        assert stops_at([4.0, 9.0, 9.0, 9.0], tol=0.25, noisy=True) == 4

    def test_asks_for_twice_as_many_epochs_each_time_that_it_is_lengthened(self):
        rule = StoppingRule(1e-2, 2, 0.0, noisy=True)
        assert rule.windows == 1
        for windows, length in ((2, 4), (3, 8)):
            rule.lengthen()
            rule.restart()
            assert rule.windows == windows
            assert [rule.is_met(1.0) for _ in range(length + 1)] == [False] * length + [True]

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


def run(losses, *, max_iter=100, is_noisy=False, **options):
    engine = Recorded(losses, is_noisy=is_noisy)
    rule = StoppingRule(1e-2, 2, 0.0, noisy=is_noisy)
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


def test_a_descent_goes_on_from_where_its_losses_stay_until_the_minimum_is_near():
    asked = []

    def is_too_early(history):
        asked.append(len(history.loss_curve))
        return len(asked) < 4

    _, history = run([1.0] * 50, is_too_early=is_too_early)
    assert asked == [3, 4, 5, 6]
    assert (history.converged, history.has_stalled, len(history.loss_curve)) == (True, False, 6)


def test_a_noisy_descent_waits_twice_as_long_each_time_and_stalls_after_five_windows():
    asked = []

    def is_too_early(history):
        asked.append(len(history.loss_curve))
        return True

    _, history = run([1.0] * 200, max_iter=200, is_noisy=True, is_too_early=is_too_early)
    assert asked == [3, 5, 9, 17, 33]  # one more than 2, 4, 8, 16 and 32 epochs
    assert (history.converged, history.has_stalled, len(history.loss_curve)) == (False, True, 33)


def test_an_adaptive_descent_stalls_where_its_rate_is_a_millionth_and_the_minimum_far():
    _, history = run([1.0] * 200, max_iter=200, adaptive=True, is_too_early=lambda history: True)
    assert (history.converged, history.has_stalled, len(history.loss_curve)) == (False, True, 30)


def test_a_descent_that_uses_all_its_epochs_has_neither_converged_nor_stalled():
    _, history = run([1.0] * 50, max_iter=20, is_too_early=lambda history: True)
    assert (history.converged, history.has_stalled, len(history.loss_curve)) == (False, False, 20)


def test_a_callback_changes_the_loss_to_stop_on_and_may_stop_at_once():
    told = []

    def on_epoch(epoch, history):
        told.append((epoch, history.loss_curve[-1]))
        return 1.0, epoch == 1

    _, history = run([4.0, 3.0, 2.0, 1.0], on_epoch=on_epoch)
    assert told == [(0, 4.0), (1, 3.0)]
    assert len(history.loss_curve) == 2


class TestFarFromTheMinimum:
    def test_a_descent_goes_on_although_its_loss_has_stayed(self):
        _, history = run([1.0] * 40, max_iter=40, is_too_early=lambda history: len(history.loss_curve) < 25)
        assert history.converged
        assert len(history.loss_curve) == 25

    def test_a_descent_without_noise_goes_on_to_its_last_epoch(self):
        _, history = run([1.0] * 40, max_iter=40, is_too_early=lambda history: True)
        assert (history.converged, history.has_stalled) == (False, False)
        assert len(history.loss_curve) == 40

    def test_is_asked_only_where_the_loss_has_stayed(self):
        asked = []
        run(0.5 ** np.arange(30), max_iter=30, is_too_early=asked.append)
        assert not asked

    def test_a_noisy_descent_ends_after_windows_that_double(self):
        engine = Recorded([1.0] * 200, is_noisy=True)
        rule = StoppingRule(1e-2, 2, 0.0, noisy=True)
        history = descend(
            engine, 1.0, lambda epoch: 1.0, rule, max_iter=200, is_too_early=lambda history: True
        )
        assert (history.converged, history.has_stalled) == (False, True)
        assert len(history.loss_curve) == 2 * 2**4 + 1  # 2, 4, 8, 16 and 32 epochs like the one before them

    def test_a_noisy_descent_does_not_end_where_noise_has_lifted_its_loss(self):
        losses = [1.0] * 32 + [50.0, 50.0, 50.0, 1.0, 1.0]
        engine = Recorded(losses, is_noisy=True)
        rule = StoppingRule(1e-2, 2, 0.0, noisy=True)
        history = descend(
            engine, 1.0, lambda epoch: 1.0, rule, max_iter=200, is_too_early=lambda history: True
        )
        assert history.has_stalled
        assert history.loss_curve == losses[:36]

    def test_an_adaptive_descent_ends_at_its_last_plateau(self):
        engine = Recorded([1.0] * 200)
        rule = StoppingRule(1e-2, 2, 0.0, noisy=False)
        history = descend(
            engine,
            1.0,
            lambda epoch: 1.0,
            rule,
            max_iter=200,
            adaptive=True,
            is_too_early=lambda history: True,
        )
        assert (history.converged, history.has_stalled) == (False, True)
        assert engine.rates[-1] == pytest.approx(5.0**-9)


def test_a_copied_optimizer_is_in_the_same_state_and_apart():
    one = Optimizer("momentum", np.zeros((2, 1)), beta=0.9, beta_2=0.999, epsilon=1e-8)
    one.update(np.ones((2, 1)), 0.1)
    other = one.copy(np.float32)
    assert other.updates == 1
    assert other.theta.dtype == other.velocity.dtype == np.float32
    np.testing.assert_allclose(other.velocity, 0.1)
    other.theta[:] = 7
    assert (one.theta != 7).all()


def test_an_optimizer_and_its_copy_make_adams_updates_as_its_paper_writes_them(rng):
    one = Optimizer("adam", np.ones((3, 2)), beta=0.8, beta_2=0.9, epsilon=1e-3)
    w, m, v = np.ones((3, 2)), 0.0, 0.0
    for t in range(1, 7):
        g = rng.normal(size=(3, 2))
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g**2
        w = w - 0.05 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.9**t)) + 1e-3)
        np.testing.assert_allclose(one.update(g, 0.05), w, rtol=1e-12)
        assert one.updates == t
        one = one.copy(np.float64)


def test_a_copied_optimizer_is_stored_row_by_row_as_the_kernels_read_it():
    one = Optimizer("momentum", np.zeros((2, 3), order="F"), beta=0.9, beta_2=0.999, epsilon=1e-8)
    other = one.copy(np.float64)
    assert all(state.flags.c_contiguous for state in (other.theta, other.velocity, other.square))


@pytest.mark.parametrize("shuffled", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
@pytest.mark.parametrize(("batch_size", "updates"), [(4, 3), (5, 2), (10, 1), (99, 1)])
def test_an_epoch_of_mini_batches_is_a_plain_loop_over_the_rows(
    kind, batch_size, updates, weighted, shuffled, rng
):
    X, y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
    weights = rng.uniform(0.5, 2, size=10) if weighted else None
    optimizer = Optimizer("momentum", np.zeros((4, 2)), beta=0.6, beta_2=0.9, epsilon=1e-8)
    engine = MiniBatch(
        Objective(ResidualLoss(X, y, weights), 0.3, np.float64), optimizer, kind(X), y, weights,
        batch_size=batch_size, alpha=0.3, dropout=0.0,
        shuffle=np.random.default_rng(7) if shuffled else None, masks=None,
    )  # fmt: skip
    assert (engine.updates_per_epoch, engine.is_noisy) == (updates, True)
    design, share = np.column_stack([X, np.ones(10)]), np.ones(10) if weights is None else weights
    w, v, orders = np.zeros((4, 2)), 0.0, np.random.default_rng(7)
    for _ in range(2):
        found = engine.epoch(0.05)
        order = orders.permutation(10) if shuffled else np.arange(10)
        for first in range(0, 10, batch_size):
            rows = order[first : first + batch_size]
            error = (share[rows] / share.mean())[:, None] * (design[rows] @ w - y[rows])
            g = 2 / len(rows) * design[rows].T @ error + 2 * 0.3 * w * [[1], [1], [1], [0]]
            v = 0.6 * v + 0.4 * g
            w = w - 0.05 * v
        loss = np.average(((y - design @ w) ** 2).mean(axis=1), weights=share)
        assert found == pytest.approx(loss, rel=1e-10)
        np.testing.assert_allclose(optimizer.theta, w, rtol=1e-9)
    assert optimizer.updates == 2 * updates


@pytest.mark.parametrize("kind", [np.asarray, scipy.sparse.csr_array])
def test_mini_batches_in_single_precision_take_weights_in_double_precision(kind, rng):
    X, y = rng.normal(size=(10, 3)).astype(np.float32), rng.normal(size=(10, 1)).astype(np.float32)
    weights = rng.uniform(0.5, 2, size=10)
    optimizer = Optimizer("sgd", np.zeros((4, 1), np.float32), beta=0.0, beta_2=0.9, epsilon=1e-8)
    engine = MiniBatch(
        Objective(ResidualLoss(X, y, weights), 0.0, np.float32), optimizer, kind(X), y, weights,
        batch_size=10, alpha=0.0, dropout=0.0, shuffle=None, masks=None,
    )  # fmt: skip
    engine.epoch(0.1)
    expected = 0.2 * np.column_stack([X, np.ones(10)]).T @ (weights / weights.sum() * y[:, 0])
    np.testing.assert_allclose(optimizer.theta[:, 0], expected, rtol=1e-5, atol=1e-6)
