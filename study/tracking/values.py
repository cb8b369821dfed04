"""Plain values as the text and JSON that a tracking store holds, without MLflow."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

LONGEST_TEXT = 5000
"""MLflow refuses longer params (6000) and cuts longer tags (8000) with a warning on the terminal."""


def as_text(value: Any) -> str:
    """Return the text of a param or tag, cut at `LONGEST_TEXT`."""
    # float() first: the repr of a NumPy float names its type.
    text = repr(float(value)) if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return params or tags as text, without those that are None."""
    return {key: as_text(value) for key, value in values.items() if value is not None}


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested tables as one, with dotted keys."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def to_json(content: Any) -> bytes:
    """Return strict JSON: NumPy values become plain ones, numbers that are not finite become null."""
    return json.dumps(_plain(content), ensure_ascii=False, allow_nan=False, indent=1).encode()


def folder_name(name: str) -> str:
    """Return a study's name as the name of a folder."""
    return re.sub(r"[^\w.-]+", "_", name).strip("._") or "study"


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float) else str(value)
