"""What an experiment hands to the grader, the record and the pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class Budget:
    """How much an experiment may spend.

    Attributes
    ----------
    name : {"quick", "full"}
    seed : int
        The ledger's; every random draw derives from it by name.
    n_seeds : int
        How many seeds each problem is repeated with.
    """

    name: Literal["quick", "full"]
    seed: int
    n_seeds: int


@dataclass(frozen=True)
class Unit:
    """One problem with one seed: the smallest thing that has an effect.

    Attributes
    ----------
    problem : str
    seed : int
        Its place among the problem's seeds, from 0.
    effect : float
        Positive where it favours the claim: a log ratio, a difference of shares, or, for a claim that is
        graded on a share, 1 where the thing occurs and 0 where it does not.
    separator : float or str or None
        The named separator's value for this problem, such as its κ.
    group : str or None
        The side of the separator's cut on which that lies.
    arms : dict of str to float
        Every arm's raw measurement, graded or only shown, from which `effect` can be computed again.
    """

    problem: str
    seed: int
    effect: float
    separator: float | str | None = None
    group: str | None = None
    arms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """An arm's mean curve on a problem, at most 100 points."""

    problem: str
    arm: str
    x: np.ndarray
    y: np.ndarray


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


@dataclass(frozen=True)
class Measurement:
    """What an experiment found.

    Attributes
    ----------
    units : sequence of Unit
        What is graded.
    curves : sequence of Curve
        What is tracked, one run a (problem, arm).
    panels : sequence of Panel
        The picture, theory and measurement together; at most three.
    shown : dict
        Numbers that are reported beside the verdict and not graded, by a short name; JSON-able.
    theory_gap : float or None
        How far measurement and theory are apart where theory gives a line, as a relative difference.
    exact : bool
        Whether exact surfaces replaced search.
    """

    units: Sequence[Unit]
    curves: Sequence[Curve] = ()
    panels: Sequence[Panel] = ()
    shown: dict[str, Any] = field(default_factory=dict)
    theory_gap: float | None = None
    exact: bool = False
