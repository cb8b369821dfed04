"""What an experiment hands to the grader, the record and the pictures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from study.figures.panel import Panel

Rule = Literal["effect", "share", "regret"]

DELTAS = {"speed": math.log(1.1), "test loss": math.log(1.02), "share": 0.1}
"""The smallest effect that matters, by the kind of effect."""


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


@dataclass(frozen=True)
class Text:
    """The same words in the report's two languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Separator:
    """The one quantity that may divide a claim's problems.

    Attributes
    ----------
    name : Text
    groups, groups_zh : tuple of two str
        What the two sides of the cut are called; for a quantity that is a word, the words themselves.
    inside : tuple of two float, optional
        The first group holds the numbers in `(low, high]`, the second all others.
    """

    name: Text
    groups: tuple[str, str]
    groups_zh: tuple[str, str]
    inside: tuple[float, float] | None = None

    def side(self, value: float | str) -> str:
        """Return the group that a value of the quantity falls in."""
        if self.inside is None:
            if value not in self.groups:
                raise ValueError(f"{self.name.en}: {value!r} is not one of {list(self.groups)}")
            return str(value)
        low, high = self.inside
        return self.groups[0 if low < float(value) <= high else 1]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One row of the ledger.

    Attributes
    ----------
    id : str
    place : int
        Where the sentence stands among the note's, from 1.
    quote : str
        The note's words.
    claim, short : Text
        What is held to be so; in `short` as a few words that follow "worth doing:" or "watch out for:".
    rule : {"effect", "share", "regret"}
    kind : {"speed", "test loss", "share"}
        What δ is for.
    role : {"remedy", "warning"}
        Whether the claim recommends something or warns of it.
    arms : tuple of two Text
        The advice as given, and its alternative; for a share, where it is looked for, and what counts.
    shown : sequence of Text
        What is measured beside them and not graded.
    """

    id: str
    place: int
    quote: str
    claim: Text
    short: Text
    rule: Rule
    kind: Literal["speed", "test loss", "share"]
    role: Literal["remedy", "warning"]
    arms: tuple[Text, Text]
    shown: Sequence[Text] = ()
    separator: Separator | None = None
    protocol: Text

    @property
    def delta(self) -> float:
        """The smallest effect that matters."""
        return DELTAS["share"] if self.rule == "share" else DELTAS[self.kind]


def cut_at(name: Text, symbol: str, cut: float, shown: str) -> Separator:
    groups = (f"{symbol} ≤ {shown}", f"{symbol} > {shown}")
    return Separator(name, groups, groups, (-math.inf, cut))


KAPPA = Text("condition number κ", "条件数 κ")
ETA_L = Text("η times the largest curvature, ηL", "η 与最大曲率之积 ηL")
BATCH = Separator(
    Text("full batch or mini-batch", "全批量或小批量"), ("full batch", "mini-batch"), ("全批量", "小批量")
)
ROWS_PER_COLUMN = Separator(
    Text("rows per feature n/d", "每个特征的样本数 n/d"),
    ("n/d < 5", "n/d ≥ 5"),
    ("n/d < 5", "n/d ≥ 5"),
    (-math.inf, math.nextafter(5, 0)),
)
