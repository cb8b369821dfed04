"""A person's table becomes a problem; what cannot be used is one line that names the column."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from study.config import Data
from study.errors import TableError
from study.problems import tables
from study.problems.preparation import preparation

N = 40


@pytest.fixture
def houses():
    draw = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "size": draw.normal(size=N),
            "city": ["Paris", "Rome", "Oslo", "Bern"] * 10,
            "sold": pd.date_range("2020-01-01", periods=N)[::-1].strftime("%Y-%m-%d"),
            "price": draw.normal(size=N),
            "tax": draw.normal(size=N),
        }
    )


def test_a_file_becomes_a_problem_with_its_name_roles_and_hash(houses, tmp_path):
    houses.to_csv(tmp_path / "houses.csv", index=False)
    problem = tables.from_file(Data(path=str(tmp_path / "houses.csv"), target="price"))
    assert problem.name == "houses"
    assert problem.description == "price from 2 numbers, 1 category, 1 date of houses.csv"
    assert list(problem.y.columns) == ["price"]
    assert problem.roles.numbers == ("size", "tax")
    assert problem.source.name == "houses.csv"


def test_several_targets_and_columns_to_drop_are_no_features(houses):
    problem = tables.from_table(houses, ["price", "tax"], drop=["city"])
    assert problem.y.shape == (N, 2)
    assert list(problem.X.columns) == ["size", "sold"]


def test_groups_and_time_are_no_features_and_time_orders_the_rows(houses):
    assert tables.from_table(houses, ["price"], group="city").groups.nunique() == 4
    problem = tables.from_table(houses, ["price"], time="sold")
    assert problem.is_ordered
    assert "sold" not in problem.X
    assert problem.y["price"].tolist() == houses["price"].tolist()[::-1]


@pytest.mark.parametrize(
    ("change", "arguments", "said"),
    [
        ({}, {"target": ["Prize"]}, r"there is no column 'Prize' \(data.target\); did you mean 'price'\?"),
        ({}, {"drop": ["zzzzzz"]}, r"there is no column 'zzzzzz' \(data.drop\); there are size, city"),
        ({}, {"drop": ["price"]}, "column 'price' is named twice"),
        ({}, {"target": ["city"]}, "target 'city' holds 'Paris' in row 1 of the data, which is not a number"),
        ({"price": ["1", "n/a", *"3" * (N - 2)]}, {}, "target 'price' holds 'n/a' in row 2"),
        (
            {"price": [1.0, None, None, *range(N - 3)]},
            {},
            "target 'price' is missing in 2 of 40 rows, first in row 2",
        ),
        ({"price": [1.0, np.inf, *range(N - 2)]}, {}, "target 'price' holds inf in row 2"),
        ({"price": 3.0}, {}, "target 'price' is 3 in all rows"),
        (
            {"city": ["a", "b"] * 20},
            {"group": "city"},
            "column 'city' has 2 groups; a study needs at least 3",
        ),
        ({}, {"time": "city"}, "column 'city' holds neither numbers nor dates"),
        ({"t": [None, *range(N - 1)]}, {"time": "t"}, "column 't' is missing in 1 rows"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_line(houses, change, arguments, said):
    with pytest.raises(TableError, match=said):
        tables.from_table(houses.assign(**change), **{"target": ["price"], **arguments})


def test_two_rows_are_too_few_and_constant_columns_leave_nothing(houses):
    with pytest.raises(TableError, match="has 2 rows; a study needs at least 10"):
        tables.from_table(houses.iloc[:2], ["price"])
    with pytest.raises(TableError, match="no column is left"):
        tables.from_table(houses[["price"]].assign(a=1, b="x"), ["price"])


def test_arrays_and_frames_in_memory_are_problems():
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(N, 2)), draw.normal(size=N)
    problem = tables.from_arrays(X, y)
    assert (list(problem.X.columns), list(problem.y.columns)) == (["x0", "x1"], ["y"])
    np.testing.assert_array_equal(problem.X.to_numpy(), X)
    named = tables.from_arrays(
        pd.DataFrame(X, columns=["a", 1], index=range(5, 5 + N)), pd.Series(y, name="z")
    )
    assert (list(named.X.columns), list(named.y.columns)) == (["a", "1"], ["z"])
    with pytest.raises(TableError, match="X has 40 rows and y has 39"):
        tables.from_arrays(X, y[1:])
    with pytest.raises(TableError, match="2 columns are named 'y'"):
        tables.from_arrays(pd.DataFrame(X, columns=["a", "y"]), y)


def test_types_of_parquet_and_of_pandas_are_numbers_dates_booleans_and_text():
    days = pd.date_range("2020-01-01", periods=N)
    given = pd.DataFrame(
        {
            "nullable": pd.array([1, None, 3, 2] * (N // 4), dtype="Int64"),
            "decimal": [Decimal(i % 7) / 4 for i in range(N)],
            "date": days.date,
            "zone": days.tz_localize("Europe/Paris"),
            "wait": pd.to_timedelta(np.arange(N) % 7, unit="min"),
            "kind": pd.Categorical(["a", "b"] * (N // 2)),
            "flag": pd.array([True, False] * (N // 2), dtype="boolean"),
            "maybe": pd.array([True, None] * (N // 4) + [False, None] * (N // 4), dtype="boolean"),
            "y": np.arange(N) % 11,
        }
    )
    problem = tables.from_table(given, ["y"])
    assert problem.roles.numbers == ("nullable", "decimal", "wait")
    assert set(problem.roles.dates) == {"date", "zone"}
    assert (problem.roles.booleans, problem.roles.categories) == (("flag",), ("kind", "maybe"))
    assert not problem.roles.dropped
    assert problem.X["wait"].tolist()[:2] == [0, 60]
    assert problem.X["zone"].tolist()[1] == pd.Timestamp("2020-01-01 23:00")
    values = preparation(problem, Data(path="t", target="y"), N).fit_transform(problem.X)
    assert np.isfinite(values).all()


def test_a_missing_group_is_a_group_of_its_own():
    table = pd.DataFrame(
        {"x": np.arange(12.0) ** 2, "city": ["Rome", "Oslo", None] * 4, "y": np.arange(12) % 5}
    )
    assert sorted(tables.from_table(table, ["y"], group="city").groups.unique()) == ["Oslo", "Rome", "nan"]


def test_the_columns_of_an_array_of_objects_are_numbers_or_text_each():
    X = np.array([[k**2, "ab"[k % 2], k % 5 == 0] for k in range(12)], dtype=object)
    roles = tables.from_arrays(X, np.arange(12) % 7).roles
    assert (roles.numbers, roles.categories, roles.booleans) == (("x0",), ("x1",), ("x2",))


def test_columns_of_arrays_may_be_left_out_or_group_the_rows():
    X = pd.DataFrame({"a": np.arange(12.0) ** 2, "b": np.arange(12.0) ** 3, "patient": [*"abcd"] * 3})
    problem = tables.from_arrays(X, np.arange(12) % 7, drop=["b"], group="patient")
    assert problem.roles.used == ["a"]
    assert problem.groups.nunique() == 4
