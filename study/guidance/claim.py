"""The shape of a claim and of what its experiment hands over: units, curves, pictures."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from study.figures.panel import Panel
from study.verdict import Budget, Kind, Role, Rule, Text

__all__ = [
    "BATCH",
    "DELTAS",
    "ETA_L",
    "FEW_ROWS",
    "KAPPA",
    "KAPPA_PAYS",
    "MANY_ROWS",
    "ROWS_CUT",
    "ROWS_PER_COLUMN",
    "Budget",
    "Claim",
    "Curve",
    "Measurement",
    "Separator",
    "Text",
    "Unit",
    "cut_at",
]

DELTAS: dict[Kind, float] = {"speed": math.log(1.1), "test loss": math.log(1.02), "share": 0.1}
"""δ, the smallest effect that matters, by the kind of effect: the logarithm of a ratio of epochs, the logarithm
of a ratio of test losses, or a difference of shares."""


@dataclass(frozen=True)
class Unit:
    """One problem with one seed: the smallest thing that has an effect.

    Attributes
    ----------
    problem : str
    seed : int
        Its number among the problem's seeds, from 0.
    effect : float
        Positive where it favours the claim: a log ratio, a difference of shares, or, for a claim that is
        graded by a share, 1 where the thing occurs and 0 where it does not.
    separator : float or str or None
        The value of the claim's separator for this problem, such as its κ.
    group : str or None
        The separator's group that this value belongs to.
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
        What is tracked: one run for each pair of a problem and an arm.
    panels : sequence of Panel
        The picture, with theory and measurement together; at most three are drawn.
    shown : dict
        Numbers that are reported beside the verdict and not graded, by a short name; JSON can hold them.
    theory_gap : float or None
        Relative difference between measurement and theory, where theory gives a line.
    exact : bool
        Whether exact response surfaces replaced a search for the best setting.
    """

    units: Sequence[Unit]
    curves: Sequence[Curve] = ()
    panels: Sequence[Panel] = ()
    shown: dict[str, Any] = field(default_factory=dict)
    theory_gap: float | None = None
    exact: bool = False


@dataclass(frozen=True)
class Separator:
    """The one quantity that may divide a claim's problems into two groups.

    It is named before any run, so a claim can "depend" on nothing else.

    Attributes
    ----------
    name : Text
    groups, groups_zh : tuple of two str
        The names of the two groups. For a quantity that is a word, `groups` are the words themselves.
    inside : tuple of two float, optional
        The first group holds the numbers in `(low, high]`, the second all others.
    """

    name: Text
    groups: tuple[str, str]
    groups_zh: tuple[str, str]
    inside: tuple[float, float] | None = None

    def side(self, value: float | str) -> str:
        """Return the group that a value of the quantity belongs to.

        Raises
        ------
        ValueError
            If the value is a word that is not a group.
        """
        if self.inside is None:
            if value not in self.groups:
                raise ValueError(f"{self.name.en}: {value!r} is not one of {list(self.groups)}")
            return str(value)
        low, high = self.inside
        return self.groups[0 if low < float(value) <= high else 1]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim of the note, and how it is graded.

    Attributes
    ----------
    id : str
    place : int
        Where the sentence stands among the note's, from 1.
    quote : str
        The note's words.
    claim : Text
        What is claimed, as a sentence.
    short : Text
        The same in a few words that can follow "worth doing:" or "watch out for:".
    rule : {"effect", "share", "regret"}
        "effect": the mean effect is compared with δ. "share": the share of cells where a thing occurs is
        compared with δ. "regret": the claim is that a setting costs less than δ.
    kind : {"speed", "test loss", "share"}
        The kind of effect that δ is for.
    role : {"remedy", "warning"}
        Whether the claim recommends something or warns of it.
    arms : tuple of two Text
        The advice as given, and its alternative. For a share: where the thing is looked for, and what counts.
    shown : sequence of Text
        What is measured beside the arms and not graded.
    separator : Separator, optional
    protocol : Text
        How it is measured.
    sets_beta : bool
        Whether the verdict says if β = 0.9 is a good setting. The report's advice on what to set then
        begins with this verdict.
    """

    id: str
    place: int
    quote: str
    claim: Text
    short: Text
    rule: Rule
    kind: Kind
    role: Role
    arms: tuple[Text, Text]
    shown: Sequence[Text] = ()
    separator: Separator | None = None
    protocol: Text
    sets_beta: bool = False

    @property
    def delta(self) -> float:
        """The smallest effect that matters; for a regret, the largest cost that does not."""
        return DELTAS["share"] if self.rule == "share" else DELTAS[self.kind]


def cut_at(name: Text, symbol: str, cut: float, shown: str) -> Separator:
    """Return a separator that divides problems at one number.

    Parameters
    ----------
    name : Text
        The quantity's name.
    symbol : str
        Its symbol in the groups' names, such as "κ".
    cut : float
        The largest value of the first group.
    shown : str
        The cut as the groups' names show it.

    Examples
    --------
    >>> cut_at(Text("condition number κ", "条件数 κ"), "κ", 37.97, "38").groups
    ('κ ≤ 38', 'κ > 38')
    """
    groups = (f"{symbol} ≤ {shown}", f"{symbol} > {shown}")
    return Separator(name, groups, groups, (-math.inf, cut))


KAPPA = Text("condition number κ", "条件数 κ")
ETA_L = Text("η times the largest curvature, ηL", "η 与最大曲率之积 ηL")

KAPPA_PAYS = (1 + math.sqrt(0.9)) / (1 - math.sqrt(0.9))
"""κ = 38, above which β = 0.9 can be faster than β = 0: there the best rate of plain gradient descent,
(κ − 1)/(κ + 1), is √0.9, the best rate of β = 0.9."""

BATCH = Separator(
    Text("full batch or mini-batch", "全批量或小批量"), ("full batch", "mini-batch"), ("全批量", "小批量")
)

ROWS_CUT = 5
"""Rows per feature from which a table has many rows."""

FEW_ROWS, MANY_ROWS = f"n/d < {ROWS_CUT}", f"n/d ≥ {ROWS_CUT}"

ROWS_PER_COLUMN = Separator(
    Text("rows per feature n/d", "每个特征的样本数 n/d"),
    (FEW_ROWS, MANY_ROWS),
    (FEW_ROWS, MANY_ROWS),
    (-math.inf, math.nextafter(ROWS_CUT, 0)),
)
