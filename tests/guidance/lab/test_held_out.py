"""Held-out losses of a whole search space: what a diverged descent is counted as."""

import numpy as np

from study.guidance.lab.held_out import with_worst_where_diverged


def test_a_descent_that_ends_above_its_start_has_the_worst_loss():
    train = np.array([[2.0, 2.0, 2.0], [1.0, 5.0, np.inf]])
    held_out = np.array([[2.0, 2.0, 2.0], [1.5, 0.1, np.inf]])
    found = with_worst_where_diverged(train, held_out, 3.0, 2.5)
    np.testing.assert_array_equal(found, [[2.0, 2.0, 2.0], [1.5, 2.5, 2.5]])
