"""What a claim's picture shows, as data: panels of lines and points. Draws nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class Series:
    """A line or a cloud of points in a claim's picture.

    Attributes
    ----------
    label : str
    x, y : ndarray of shape (n,)
    kind : {"theory", "measured", "reference"}
        Theory is drawn as a line, measurements as points, a reference as a thin line.
    group : str or None
        Points of one group share a colour and a marker.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    kind: Literal["theory", "measured", "reference"]
    group: str | None = None


@dataclass(frozen=True)
class Panel:
    """One pair of axes of a claim's picture."""

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    x_log: bool = False
    y_log: bool = False
