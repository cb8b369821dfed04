"""What the pages of all reports share."""

import base64

import pytest
from jinja2 import UndefinedError

from study.reports.pages import data_uri, html_environment


def rendered(template, **values):
    return html_environment().from_string(template).render(**values)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("10 % more", "10\u00a0% more"),
        ("β = 0.9, η = 0.1", "β\u00a0=\u00a00.9, η\u00a0=\u00a00.1"),
        ("n = 12 problems", "n\u00a0=\u00a012 problems"),
        ("−5 points", "−5\u00a0points"),
        ("−5 个百分点", "−5\u00a0个百分点"),
        ("5 problems", "5 problems"),
    ],
)
def test_a_line_cannot_end_between_a_number_and_its_unit_or_symbol(text, shown):
    assert rendered("{{ text }}", text=text) == shown


def test_values_are_escaped_and_a_value_that_is_not_given_is_an_error():
    assert rendered("{{ text }}", text="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError, match="text"):
        rendered("{{ text }}")


def test_a_picture_is_part_of_its_page():
    kind, _, content = data_uri(b"png").partition(",")
    assert kind == "data:image/png;base64"
    assert base64.b64decode(content) == b"png"
