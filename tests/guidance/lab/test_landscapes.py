"""The functions with local minima, the descents on them, and the count of escapes."""

import numpy as np
import pytest

from study.guidance.lab.landscapes import (
    WITH_LOCAL_MINIMA,
    WITH_ONE_MINIMUM,
    descend,
    is_near,
    lowest,
    net_escapes,
    steps_to_target,
)


@pytest.mark.parametrize("landscape", WITH_LOCAL_MINIMA + WITH_ONE_MINIMUM, ids=lambda one: one.name)
def test_gradients_agree_with_finite_differences(landscape, rng):
    points, step = landscape.starts(rng, 20), 1e-6
    slopes = [
        (landscape.value(points + step * e) - landscape.value(points - step * e)) / (2 * step)
        for e in np.eye(landscape.dimension)
    ]
    np.testing.assert_allclose(landscape.gradient(points), np.stack(slopes, -1), rtol=1e-5, atol=1e-5)


def test_the_curvature_of_a_double_well_is_that_of_its_outermost_points():
    well = WITH_LOCAL_MINIMA[0]
    assert well.curvature(np.array([[0.0], [2.0]])) == pytest.approx(12 * 4 - 4, rel=1e-4)


def test_net_escapes_are_the_share_that_escapes_less_the_share_that_is_lost():
    was_at_global = np.array([True, True, False, False, False, False])
    at_global = np.array([True, False, True, False, False, False])
    assert net_escapes(at_global, was_at_global) == pytest.approx(1 / 4 - 1 / 2)
    assert net_escapes(was_at_global, was_at_global) == 0
    assert net_escapes(np.ones(3, bool), np.ones(3, bool)) == 0  # nothing to escape from


def test_without_noise_at_the_end_all_ends_are_minima_at_a_small_rate(rng):
    well = WITH_LOCAL_MINIMA[0]
    starts = well.starts(rng, 50)
    ends, _ = descend(
        well, starts, 0.5 / well.curvature(starts), 0.0, steps=2000, sigma=1.0, noisy_steps=1600,
        draw=np.random.default_rng(0),
    )  # fmt: skip
    assert np.abs(well.gradient(ends)).max() < 1e-3


def test_the_lowest_end_is_found_beside_ends_that_are_not_finite():
    well = WITH_LOCAL_MINIMA[0]
    ends = np.array([[1.0], [np.nan], [-1.0]])
    np.testing.assert_array_equal(lowest(well, ends), [-1.0])
    np.testing.assert_array_equal(is_near(ends, np.array([-0.95]), 0.1), [False, False, True])


def test_steps_to_a_target_are_those_of_a_plain_loop():
    rosenbrock, start, eta, beta = WITH_ONE_MINIMUM[0], np.array([0.5, 0.4]), 0.002, 0.5
    w, v, values = start, np.zeros(2), []
    for _ in range(3000):
        v = beta * v + (1 - beta) * rosenbrock.gradient(w)
        w = w - eta * v
        values.append(float(rosenbrock.value(w)))
    target = 0.1 * float(rosenbrock.value(start))
    above = [step for step, value in enumerate(values, start=1) if value > target]
    found = steps_to_target(rosenbrock, start[None], np.array([eta, 1e-9]), np.array([beta]), 0.1, 3000)
    assert found.tolist() == [[[above[-1] + 1], [6000]]]
