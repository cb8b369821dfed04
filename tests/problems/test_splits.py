"""Folds know nothing of the rows that they hold out."""

import numpy as np
import pandas as pd
import pytest

from study.config import Data
from study.errors import ConfigError
from study.problems import bundled, tables
from study.problems.splits import fold_count, k_folds, train_test


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


def own_table(**columns):
    draw = np.random.default_rng(0)
    table = pd.DataFrame({"x": draw.normal(size=60), "y": draw.normal(size=60), **columns})
    return table, Data(path="t.csv", target="y", n_splits=4)


def test_a_group_is_never_parted():
    who = np.random.default_rng(1).integers(0, 12, 60)
    table, config = own_table(who=who)
    problem = tables.from_table(table, ["y"], group="who")
    X, X_test, y, _ = train_test(problem, config, 0)
    assert not set(who[X.index]) & set(who[X_test.index])
    folds = k_folds(problem, X, y, config, 0)
    of_value = dict(zip(table["y"], who, strict=True))
    for fold in folds:
        train, held = ({of_value[value] for value in part[:, 0]} for part in (fold.y, fold.y_held))
        assert not train & held
    assert sum(len(fold.y_held) for fold in folds) == len(X)


def test_rows_in_order_of_time_are_held_out_after_those_to_train_on():
    time = np.random.default_rng(1).permutation(60)
    table, config = own_table(time=time)
    problem = tables.from_table(table, ["y"], time="time")
    X, _, y, y_test = train_test(problem, config, 0)
    at = dict(zip(table["y"], time, strict=True))
    assert sorted(at[value] for value in y_test["y"]) == list(range(48, 60))
    for fold in k_folds(problem, X, y, config, 0):
        train, held = ([at[value] for value in part[:, 0]] for part in (fold.y, fold.y_held))
        assert max(train) < min(held)


def test_fewer_groups_than_folds_are_a_config_error_unless_the_number_of_folds_is_left_out():
    table, config = own_table(who=np.arange(60) % 4)
    problem = tables.from_table(table, ["y"], group="who")
    X, _, y, _ = train_test(problem, config, 0)
    with pytest.raises(ConfigError, match=r"data\.n_splits = 4: the training rows are of 3 groups; lower it"):
        k_folds(problem, X, y, config, 0)
    assert fold_count(problem, X, Data(path="t.csv", target="y")) == 3
    assert fold_count(problem, X, config) == 4


def test_few_rows_get_fewer_folds_where_the_number_is_left_out():
    table, _ = own_table()
    X = tables.from_table(table.iloc[:10], ["y"]).X
    problem = tables.from_table(table, ["y"])
    assert fold_count(problem, X.iloc[:8], Data(path="t.csv", target="y")) == 4
    assert fold_count(problem, problem.X, Data(path="t.csv", target="y")) == 5
