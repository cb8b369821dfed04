"""Parts of dates against Python's own."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from study.problems.dates import FORMATS, PARTS, date_parts, parse

DAYS = [datetime(2021, 2, 28, 13, 5, 9), datetime(1999, 12, 31, 0, 0, 0), datetime(2024, 2, 29, 23, 59, 0)]


@pytest.mark.parametrize("format", FORMATS)
def test_a_format_reads_what_python_writes_in_it(format):
    written = "%Y-%m-%d" if format == "ISO8601" else format
    text = pd.Series([day.strftime(written) for day in DAYS])
    expected = [datetime.strptime(each, written) for each in text]
    assert parse(text, format).tolist() == expected


def test_the_parts_are_pythons_and_those_of_a_missing_date_are_missing():
    X = pd.DataFrame({"day": pd.Series([*DAYS, None])})
    values = date_parts(X, {"day": ("ISO8601", PARTS)})
    expected = [[d.year, d.month, d.day, d.weekday(), d.hour] for d in DAYS]
    np.testing.assert_array_equal(values[:3], expected)
    assert np.isnan(values[3]).all()


def test_what_is_no_date_is_missing_and_time_zones_are_read():
    text = pd.Series(["2021-01-01T12:00:00+02:00", "yesterday"])
    assert parse(text, "ISO8601").tolist()[0] == datetime(2021, 1, 1, 10)
    assert parse(text, "ISO8601").isna().tolist() == [False, True]
