"""Every column gets the role that a person would give it, or a reason why it is dropped."""

import numpy as np
import pandas as pd
import pytest

from study.errors import TableError
from study.problems.roles import described, find_roles

N = 60


def roles(**columns):
    draw = np.random.default_rng(0)
    y = pd.DataFrame({"y": draw.normal(size=N)})
    return find_roles(pd.DataFrame({"x": draw.normal(size=N), **columns}), y)


def repeated(*values):
    return pd.Series([*values] * N).iloc[:N].reset_index(drop=True)


def test_numbers_with_and_without_gaps_are_numbers():
    found = roles(whole=repeated(3, 5, 9), gaps=repeated(1.5, None, 2.0))
    assert found.numbers == ("x", "whole", "gaps")
    assert not found.dropped


@pytest.mark.parametrize("values", [(True, False), ("yes", "no"), ("TRUE", "FALSE"), ("是", "否")])
def test_two_values_that_mean_yes_and_no_are_booleans(values):
    assert roles(flag=repeated(*values)).booleans == ("flag",)


@pytest.mark.parametrize(
    "values", [("a", "b", "c"), ("red", None), ("yes", "no", None), (True, False, None), ("m", "f")]
)
def test_few_words_are_categories_unless_all_are_one(values):
    found = roles(kind=repeated(*values))
    if len({v for v in values if v is not None}) == 1:
        assert found.dropped == {"kind": "is constant, 'red' or missing"}
    else:
        assert found.categories == ("kind",)


@pytest.mark.parametrize(
    "format",
    [
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%d.%m.%Y",
        "%Y/%m/%d",
        "%b %d, %Y",
        "%d.%m.%Y %H:%M",
        "%Y-%m-%dT%H:%M:%S",
        "%Y年%m月%d日",
    ],
)
def test_text_that_is_dates_is_dates(format):
    day = pd.Series(pd.date_range("2019-12-15", periods=N)).dt.strftime(format)
    found = roles(day=day)
    assert list(found.dates) == ["day"]
    assert found.dates["day"][1] == ("year", "month", "day", "day_of_week")


def test_timestamps_are_dates_and_only_parts_that_vary_are_used():
    found = roles(day=pd.Series(pd.date_range("2019-12-02", periods=N, freq="h")))
    assert found.dates["day"][1] == ("day", "day_of_week", "hour")


@pytest.mark.parametrize(
    ("name", "column", "reason"),
    [
        ("one", [7.0] * N, "is constant, 7.0"),
        ("none", [None] * N, "is empty"),
        ("row", range(N), "counts the rows from 0 to 59"),
        ("row", range(N, 0, -1), "counts the rows from 1 to 60"),
        ("house_id", [3 * i + 100 for i in range(N)], "is an id: whole numbers that all differ"),
        ("name", [f"person {i}" for i in range(N)], "names the rows: 60 different values in 60 rows"),
        ("size", [*[f"{i}.5" for i in range(N - 2)], "?", "?"], "would be numbers but for '?' in 2 rows; leave those empty"),
        ("mixed", [1, "a"] * (N // 2), "mixes values of types int and str"),
        ("list", [[i] for i in range(N)], "holds values of type list"),
    ],
)  # fmt: skip
def test_a_column_that_says_nothing_is_dropped_with_the_reason(name, column, reason):
    found = roles(**{name: pd.Series(column)})
    assert name not in found.used
    assert found.dropped[name].startswith(reason)


def test_years_and_whole_numbers_that_are_no_ids_stay():
    found = roles(year=pd.Series(range(1947, 1947 + N)), area=pd.Series([11 * i + 7 for i in range(N)]))
    assert found.numbers == ("x", "year", "area")


def test_the_target_in_other_units_is_dropped():
    draw = np.random.default_rng(0)
    y = pd.DataFrame({"y": draw.normal(size=N)})
    X = pd.DataFrame(
        {"x": draw.normal(size=N), "leak": -1000 * y["y"] + 5, "near": y["y"] + 1e-3 * draw.normal(size=N)}
    )
    X.loc[3, "leak"] = np.nan
    found = find_roles(X, y)
    assert found.dropped == {"leak": "is the target 'y' in other units: their correlation is -1"}
    assert found.numbers == ("x", "near")


@pytest.mark.parametrize("value", [np.inf, -np.inf, 1e200])
def test_an_infinite_number_is_an_error(value):
    with pytest.raises(TableError, match=r"column 'a' holds .* in row 3 of the data"):
        roles(a=pd.Series([1.0, 2.0, value, *range(N - 3)]))


def test_no_column_that_can_be_used_is_an_error_with_the_reasons():
    y = pd.DataFrame({"y": np.arange(20.0)})
    with pytest.raises(
        TableError, match="no column is left to predict from: 'a' is constant, 1; 'b' is empty"
    ):
        find_roles(pd.DataFrame({"a": [1] * 20, "b": [None] * 20}), y)
    with pytest.raises(TableError, match="there is none beside the target"):
        find_roles(pd.DataFrame(index=range(20)), y)


def test_the_roles_are_counted_in_words():
    found = roles(kind=repeated("a", "b", "c"), other=repeated("d", "e"), flag=repeated(True, False))
    assert described(found) == "1 number, 1 boolean, 2 categories"
