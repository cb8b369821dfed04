"""What the pages of all reports share: how a template is read, and how a picture stands in a page."""

import base64
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


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


def data_uri(png: bytes) -> str:
    """Return a PNG as the address of an image that is part of the page."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
