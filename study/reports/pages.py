"""What the pages of all reports share: how a template is read, and how a picture stands in a page."""

import base64
import re
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from study.reports.words import GUIDANCE

_UNITS = "|".join(re.escape(words["points"].strip()) for words in GUIDANCE.values())
_BESIDE_NUMBER = re.compile(rf"(?<=\d) (?=%|{_UNITS})|(?<=[nβη]) (?== \d)|(?<=[nβη] =) (?=\d)")


def environment(*, autoescape: bool, finalize: Callable[[Any], Any] | None = None) -> Environment:
    """Return Jinja's environment for templates of `study/reports/templates`; a name that is not given is an error.

    Parameters
    ----------
    autoescape : bool
        Whether every value is escaped for HTML.
    finalize : callable, optional
        What is done to every value before it is written.
    """
    return Environment(
        loader=PackageLoader("study.reports"),
        autoescape=autoescape,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def html_environment() -> Environment:
    """Return Jinja's environment for HTML, in which every value is escaped and no line ends inside `5 %` or `β = 0.9`."""
    return environment(autoescape=True, finalize=_with_no_break_spaces)


def data_uri(png: bytes) -> str:
    """Return a PNG as the address of an image that is part of the page."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _with_no_break_spaces(value: Any) -> Any:
    """Text in which a line cannot end between a number and its unit or its symbol."""
    return _BESIDE_NUMBER.sub("\u00a0", value) if type(value) is str else value
