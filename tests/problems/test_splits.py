"""Folds know nothing of the rows that they hold out."""

import numpy as np
import pytest

from study.config import Data
from study.errors import ConfigError
from study.problems import bundled
from study.problems.splits import k_folds, train_test


def test_folds_are_scaled_by_their_own_training_rows():
    config = Data(problem="diabetes")
    problem = bundled.diabetes()
    X, X_test, y, _ = train_test(problem, config, 0)
    assert len(X_test) == 89
    folds = k_folds(problem, X, y, config, 0)
    assert sum(len(fold.y_held) for fold in folds) == len(X)
    for fold in folds:
        np.testing.assert_allclose(fold.X.mean(axis=0), 0, atol=1e-12)
        np.testing.assert_allclose(fold.X.std(axis=0), 1)
        assert np.abs(fold.X_held.mean(axis=0)).max() > 1e-3


def test_folds_keep_the_columns_units_where_the_config_does_not_scale():
    config = Data(problem="iris", scale=False)
    problem = bundled.iris()
    X, _, y, _ = train_test(problem, config, 0)
    held_out = np.concatenate([fold.X_held for fold in k_folds(problem, X, y, config, 0)])
    np.testing.assert_array_equal(np.sort(held_out, axis=0), np.sort(X.to_numpy(), axis=0))


def test_a_test_part_that_leaves_no_rows_is_a_config_error():
    with pytest.raises(ConfigError, match=r"data\.test_size = 0\.999 leaves no rows of 20"):
        train_test(bundled.linnerud(), Data(problem="linnerud", test_size=0.999), 0)
