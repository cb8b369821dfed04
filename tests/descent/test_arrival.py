"""Arrivals against a plain loop over the epochs."""

import numpy as np
import pytest

from study.descent.arrival import Arrivals, first_arrival


def looked_for(curve, target):
    """The first index from which no value is above the target."""
    for index in range(len(curve) + 1):
        if all(value <= target for value in curve[index:]):
            return index
    raise AssertionError


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([0.1, 0.1], 0),
        ([1.0, 0.5, 0.2], 1),  # equal to the target has arrived
        ([1.0, 0.4, 0.6, 0.3], 3),
        ([1.0, 0.4, 0.6], 3),
        ([0.1, np.nan, 0.1], 2),
        ([0.1, np.inf], 2),
        ([], 0),
    ],
)
def test_a_curve_arrives_at_the_first_entry_from_which_none_is_above_the_target(curve, expected):
    if curve:
        assert first_arrival(curve, 0.5) == expected
    assert looked_for(curve, 0.5) == expected


def test_trailing_axes_are_curves_of_their_own_and_may_have_targets_of_their_own(rng):
    curves = rng.uniform(size=(20, 3, 4))
    targets = rng.uniform(0.7, 1, size=(3, 4))
    found = first_arrival(curves, targets)
    assert found.shape == (3, 4)
    for place in np.ndindex(3, 4):
        assert found[place] == looked_for(curves[(slice(None), *place)], targets[place])


@pytest.mark.parametrize("size", [1, 3, 20, 100])
def test_curves_that_come_in_blocks_arrive_where_the_whole_ones_do(size, rng):
    curves = rng.uniform(size=(60, 5)) * np.geomspace(2, 0.3, 60)[:, None]
    curves[:, 0] = 0.0
    curves[7, 1] = np.nan
    curves[-1, 2] = 2.0
    found = Arrivals(0.5, (5,))
    for first in range(0, 60, size):
        found.add(curves[first : first + size])
    assert found.seen == 60
    assert found.epochs.tolist() == [looked_for(curve, 0.5) for curve in curves.T]
