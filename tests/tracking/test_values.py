"""Plain values as text and JSON."""

import json
import math

import numpy as np
import pytest

from study.tracking.values import LONGEST_TEXT, as_text, flatten, folder_name, texts, to_json


def test_numpy_values_are_written_as_plain_ones():
    assert as_text(np.float64(0.1)) == "0.1"
    assert as_text(3) == "3"
    assert as_text([0.0001, 1.0]) == "[0.0001, 1.0]"


def test_long_text_is_cut_and_says_so():
    text = as_text("x" * 9000)
    assert len(text) == LONGEST_TEXT < 6000
    assert text.endswith("x…")


def test_values_that_are_none_are_left_out():
    assert texts({"a": 1, "b": None, "c": False}) == {"a": "1", "c": "False"}


def test_nested_tables_become_dotted_keys():
    assert flatten({"a": 1, "b": {"c": 2, "d": {"e": [3]}}}) == {"a": 1, "b.c": 2, "b.d.e": [3]}


def test_json_is_strict_and_holds_plain_values():
    content = {
        "a": np.float64(0.5),
        1: np.int64(3),
        "c": (math.nan, -math.inf),
        "d": np.array([[1.0, np.nan]]),
    }
    held = json.loads(to_json(content), parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert held == {"a": 0.5, "1": 3, "c": [None, None], "d": [[1.0, None]]}


def test_json_keeps_letters_beyond_ascii():
    assert "β".encode() in to_json({"name": "β"})


@pytest.mark.parametrize(
    ("name", "folder"), [("diabetes", "diabetes"), ("a b/c", "a_b_c"), ("..", "study"), ("", "study")]
)
def test_any_studys_name_gives_the_name_of_a_folder(name, folder):
    assert folder_name(name) == folder
