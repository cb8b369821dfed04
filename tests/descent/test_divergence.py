"""What counts as diverged, case by case, and that exact curves and fits agree on it."""

import numpy as np
import pytest

from study import DivergenceError, MomentumRegressor
from study.descent.curves import objective_after
from study.descent.divergence import chunk_has_diverged, has_diverged, loss_floor, rounding
from study.descent.quadratic import GramLoss
from tests.conftest import LINEAR, standardised


@pytest.mark.parametrize(
    ("end", "diverged"),
    [
        (0.0, False), (10.0, False), (10 * (1 + 1e-10), False), (10 * (1 + 1e-8), True),
        (1e300, True), (np.inf, True), (-np.inf, True), (np.nan, True),
    ],
)  # fmt: skip
def test_a_full_batch_has_diverged_above_its_start_but_for_rounding(end, diverged):
    assert has_diverged(end, 10.0, 10.0) == diverged


def test_arrays_are_decided_entry_by_entry():
    found = has_diverged(np.array([1.0, 3.0, np.nan]), np.array([2.0, 2.0, 2.0]), 2.0)
    assert found.tolist() == [False, True, True]


def test_single_precision_has_more_rounding():
    assert has_diverged(1.0 + 1e-5, 1.0, 1.0)
    assert not has_diverged(1.0 + 1e-5, 1.0, 1.0, dtype=np.float32)


def test_the_floor_of_a_loss_is_the_mean_square_times_the_precision_to_the_power_of_three_halves():
    assert loss_floor(4.0, np.float64) == pytest.approx(4 * 2.0**-78, rel=1e-12)
    assert loss_floor(4.0, np.float32) == pytest.approx(4 * 2.0**-34.5, rel=1e-6)


def test_rounding_is_a_billionth_or_a_thousand_units_of_a_coarser_precision():
    assert rounding(np.float64) == 1e-9
    assert rounding(np.float32) == pytest.approx(1000 * 2.0**-23, rel=1e-12)


def test_an_exact_fit_may_end_above_its_start_by_the_floor_of_its_loss_and_no_more():
    floor = 4 * 2.0**-78
    assert not has_diverged(0.99 * floor, 0.0, 4.0)
    assert has_diverged(1.01 * floor, 0.0, 4.0)
    # Targets that are all 0 have a floor of 0.
    assert not has_diverged(0.0, 0.0, 0.0)
    assert has_diverged(1e-300, 0.0, 0.0)


def test_the_precision_of_the_loss_decides_for_mini_batches_and_chunks_too():
    for end, single in ((2 + 1e-4, False), (2 + 1e-3, True)):
        assert has_diverged(end, 0.1, 1.0, is_full_batch=False)
        assert chunk_has_diverged(end, 0.1, 1.0)
        assert has_diverged(end, 0.1, 1.0, is_full_batch=False, dtype=np.float32) == single
        assert chunk_has_diverged(end, 0.1, 1.0, dtype=np.float32) == single


def test_a_start_beyond_the_floating_point_range_is_no_reason_to_warn_and_its_infinite_end_has_diverged():
    assert has_diverged(np.inf, np.inf, 1.0)
    assert has_diverged(np.nan, np.nan, np.nan, is_full_batch=False)
    assert not has_diverged(1.7e308, 1.7e308, 1.7e308, is_full_batch=False)
    assert not chunk_has_diverged(1.7e308, 1.7e308, 1.7e308)
    most = np.finfo(float).max
    assert not has_diverged(most, most, 1.0)
    assert not chunk_has_diverged(most, most, 1.0)


def test_a_linear_full_batch_never_leaves_a_good_start_for_a_worse_end():
    assert has_diverged(0.5, 0.1, 1.0)


@pytest.mark.parametrize("end", [0.5, 1.0])
def test_adam_may_leave_a_good_start_up_to_the_mean_square(end):
    assert not has_diverged(end, 0.1, 1.0, is_linear=False)
    assert has_diverged(1.01, 0.1, 1.0, is_linear=False)


def test_mini_batches_may_end_at_twice_the_mean_square_because_of_noise():
    assert not has_diverged(1.99, 0.1, 1.0, is_full_batch=False)
    assert has_diverged(2.01, 0.1, 1.0, is_full_batch=False)


def test_ratios_decide_at_any_scale():
    for scale in (1e-290, 1.0, 1e300):
        assert not has_diverged(1.99 * scale, 0.1 * scale, scale, is_full_batch=False)
        assert has_diverged(2.01 * scale, 0.1 * scale, scale, is_full_batch=False)


def test_a_chunk_has_diverged_above_twice_what_knowing_nothing_has_cost_on_any_chunk():
    for reference in (1.0, 4.0):
        assert not chunk_has_diverged(1.99 * reference, 0.1, reference)
        assert chunk_has_diverged(2.01 * reference, 0.1, reference)
    assert chunk_has_diverged(np.nan, 0.1, 1.0)
    assert chunk_has_diverged(np.inf, np.inf, 1.0)


def test_a_chunk_whose_loss_was_high_and_fell_has_not_diverged():
    assert not chunk_has_diverged(50.0, 60.0, 1.0)
    assert chunk_has_diverged(61.0, 60.0, 1.0)


@pytest.mark.parametrize("alpha", [0.0, 0.3])
@pytest.mark.parametrize("solver", LINEAR)
def test_exact_curves_and_fits_diverge_at_the_same_settings(solver, alpha):
    X, y = standardised("iris")
    loss = GramLoss(X, y[:, None])
    betas, etas = (
        side.ravel() for side in np.meshgrid([0.0, 0.5, 0.9], np.geomspace(0.01, 10, 25), indexing="ij")
    )
    for epochs in (1, 12):
        ends = objective_after(loss, betas, etas, epochs, alpha=alpha, solver=solver)
        expected = has_diverged(ends, loss.mean_square_target, loss.mean_square_target)
        assert 0 < expected.sum() < len(expected)
        for beta, eta, diverged in zip(betas, etas, expected, strict=True):
            model = MomentumRegressor(eta, beta, solver=solver, alpha=alpha, max_iter=epochs, tol=None)
            try:
                model.fit(X, y)
            except DivergenceError:
                assert diverged, (beta, eta)
            else:
                assert not diverged, (beta, eta)


@pytest.mark.parametrize("mean_square", [1e-300, 1e40, 1e300])
def test_targets_whose_squares_leave_single_precision_have_a_floor_and_can_diverge(mean_square):
    eps = 2.0**-23
    assert loss_floor(mean_square, np.float32) == pytest.approx(eps * eps**0.5 * mean_square, rel=1e-12)
    ends = np.array([1.1, 1e6]) * mean_square
    assert has_diverged(ends, mean_square, mean_square, dtype=np.float32).tolist() == [True, True]
