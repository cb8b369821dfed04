"""What `guidance.json` says of a claim: the words of a verdict, the constants that decide it, and the record.

A record holds plain values only, so the report can be written from `guidance.json` alone.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, cast

Lang = Literal["en", "zh"]
Verdict = Literal["supported", "depends", "contradicted", "inconclusive"]
Rule = Literal["effect", "share", "regret"]
Kind = Literal["speed", "test loss", "share"]
Role = Literal["remedy", "warning"]

VERDICTS: tuple[Verdict, ...] = ("supported", "depends", "contradicted", "inconclusive")

CLIP = math.log(10)
"""A unit's effect is clipped to ±CLIP, so that no single run decides a mean."""

LEVEL = 0.95
"""Confidence level of the interval over all problems."""

GROUP_LEVEL = 0.975
"""Confidence level of a group's interval. Two groups are tested, so each gets half of the error."""

AGREEMENT = 0.8
"""Share of the problems whose effect must be above 0 for "supported"."""

MIN_PROBLEMS = 10
"""With fewer problems a claim is inconclusive."""

MIN_GROUP = 6
"""With fewer problems a group is inconclusive."""

RELIABLY = 0.9
"""A cell counts as one where the thing occurs if it does so in this share of the cell's seeds. With a half,
noise of either sign would count as an occurrence in one cell of four."""


@dataclass(frozen=True)
class Text:
    """The same words in the report's two languages."""

    en: str
    zh: str

    def in_language(self, lang: Lang) -> str:
        """Return the words in one language."""
        return self.en if lang == "en" else self.zh


@dataclass(frozen=True)
class Budget:
    """How much an experiment may spend.

    Attributes
    ----------
    name : {"quick", "full"}
    seed : int
        The ledger's seed. Every random draw derives its own seed from it and from names.
    n_seeds : int
        How many seeds each problem is repeated with.
    """

    name: Literal["quick", "full"]
    seed: int
    n_seeds: int


@dataclass(frozen=True)
class Limits:
    """What would change a verdict.

    Attributes
    ----------
    supported, contradicted : float or None
        The mean beyond which this verdict begins; for a share, a number of cells. None where no number
        brings it.
    problems : float or None
        How many problems with the same mean and spread would settle the claim. None if it is settled, or if
        it would take too many.
    """

    supported: float | None = None
    contradicted: float | None = None
    problems: float | None = None


@dataclass(frozen=True)
class SeparatorRecord:
    """The quantity that divides the claim's problems, and the names of its two groups."""

    name: Text
    groups: tuple[Text, Text]


@dataclass(frozen=True)
class GroupRecord:
    """One group of problems with its interval at `GROUP_LEVEL`.

    Attributes
    ----------
    name : Text
    effect, ci_low, ci_high : float or None
        None where there is no finite number.
    n : int
        Problems.
    verdict : Verdict
        The verdict on the group alone; "inconclusive" where it has too few problems.
    limits : Limits or None
        None for a group without problems.
    """

    name: Text
    effect: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    verdict: Verdict
    limits: Limits | None


@dataclass(frozen=True)
class ProblemRecord:
    """One problem: its mean effect over its seeds, its groups, and each arm's mean raw value."""

    name: str
    effect: float | None
    seeds: int
    groups: tuple[str, ...]
    arms: Mapping[str, float | None]


@dataclass(frozen=True, kw_only=True)
class GradedClaim:
    """A claim with its verdict and the numbers from which the verdict follows.

    Attributes
    ----------
    id, quote : str
    claim, short, protocol : Text
    rule, kind, role, delta, arms, arms_shown, separator
        As the claim states them; `arms_shown` are measured and not graded.
    verdict : Verdict
    reason : str
        A fixed phrase; "the experiment failed" if nothing was measured.
    effect, ci_low, ci_high : float or None
        Mean over problems and its interval at `LEVEL`; None where there is no finite number.
    n : int
        Problems; cells for a claim that is graded by a share.
    agreeing : int
        Problems whose effect is above 0; for a share, cells where the thing occurs; for a regret, problems
        whose cost is below δ.
    ties : int
        Units whose effect is exactly 0.
    units : int
    groups : tuple of GroupRecord
    problems : tuple of ProblemRecord
    limits : Limits or None
        None if nothing was measured.
    shown : mapping
        Numbers that are reported and not graded; plain values.
    theory_gap : float or None
        Relative difference between measurement and theory, where theory gives a line.
    exact : bool
        Whether exact response surfaces replaced a search.
    error : str or None
        Why nothing was measured.
    budget : Budget
    """

    id: str
    claim: Text
    quote: str
    verdict: Verdict
    reason: str
    effect: float | None
    ci_low: float | None
    ci_high: float | None
    n: int
    agreeing: int
    ties: int
    units: int
    rule: Rule
    kind: Kind
    role: Role
    delta: float
    short: Text
    protocol: Text
    arms: tuple[Text, ...]
    arms_shown: tuple[Text, ...]
    separator: SeparatorRecord | None
    groups: tuple[GroupRecord, ...]
    problems: tuple[ProblemRecord, ...]
    limits: Limits | None
    shown: Mapping[str, Any]
    theory_gap: float | None
    exact: bool
    error: str | None
    budget: Budget


@dataclass(frozen=True, kw_only=True)
class ClaimRecord(GradedClaim):
    """All that `guidance.json` says of a claim.

    Attributes
    ----------
    run_ids : tuple of str
        The ledger's own run, which holds every unit, then the runs of the claim's arms.
    recorded : tuple of str
        The problems whose arms have runs of their own.
    why, change : Text
        Why the verdict was given, and what would change it.
    """

    run_ids: tuple[str, ...]
    recorded: tuple[str, ...]
    why: Text
    change: Text

    @classmethod
    def of(
        cls,
        graded: GradedClaim,
        *,
        run_ids: tuple[str, ...] = (),
        recorded: tuple[str, ...] = (),
        why: Text,
        change: Text,
    ) -> "ClaimRecord":
        """Return the record of a graded claim."""
        known = {field.name: getattr(graded, field.name) for field in fields(GradedClaim)}
        return cls(**known, run_ids=run_ids, recorded=recorded, why=why, change=change)

    def to_json(self) -> dict[str, Any]:
        """Return the plain values that `guidance.json` holds; English under a name, Chinese under name_zh."""
        return {
            "id": self.id,
            **_both("claim", self.claim),
            "quote": self.quote,
            "verdict": self.verdict,
            "reason": self.reason,
            "effect": self.effect,
            "ci_low": self.ci_low,
            "ci_high": self.ci_high,
            "n": self.n,
            "agreeing": self.agreeing,
            "ties": self.ties,
            "units": self.units,
            "rule": self.rule,
            "kind": self.kind,
            "role": self.role,
            "delta": self.delta,
            **_both("short", self.short),
            **_both("protocol", self.protocol),
            "arms": [asdict(arm) for arm in self.arms],
            "arms_shown": [asdict(arm) for arm in self.arms_shown],
            "separator": self.separator
            and {
                **asdict(self.separator.name),
                "groups": [group.en for group in self.separator.groups],
                "groups_zh": [group.zh for group in self.separator.groups],
            },
            "groups": [_group_to_json(group, self.rule) for group in self.groups],
            "problems": [
                {**asdict(problem), "groups": list(problem.groups), "arms": dict(problem.arms)}
                for problem in self.problems
            ],
            "limits": _limits_to_json(self.limits, self.rule),
            "shown": dict(self.shown),
            "theory_gap": self.theory_gap,
            "exact": self.exact,
            "error": self.error,
            "budget": asdict(self.budget),
            "run_ids": list(self.run_ids),
            "recorded": list(self.recorded),
            "why": self.why.en,
            "change": self.change.en,
            "why_zh": self.why.zh,
            "change_zh": self.change.zh,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ClaimRecord":
        """Return the record from the values that `to_json` gave."""
        texts = {
            name: Text(values[name], values[f"{name}_zh"])
            for name in ("claim", "short", "protocol", "why", "change")
        }
        separator = values["separator"]
        nested: dict[str, Any] = {
            **texts,
            "arms": tuple(Text(**arm) for arm in values["arms"]),
            "arms_shown": tuple(Text(**arm) for arm in values["arms_shown"]),
            "separator": separator
            and SeparatorRecord(
                Text(separator["en"], separator["zh"]),
                cast(
                    tuple[Text, Text],
                    tuple(map(Text, separator["groups"], separator["groups_zh"])),
                ),
            ),
            "groups": tuple(map(_group_from_json, values["groups"])),
            "problems": tuple(
                ProblemRecord(**{**problem, "groups": tuple(problem["groups"])})
                for problem in values["problems"]
            ),
            "limits": _limits_from_json(values["limits"]),
            "budget": Budget(**values["budget"]),
            "run_ids": tuple(values["run_ids"]),
            "recorded": tuple(values["recorded"]),
        }
        return cls(
            **{field.name: values[field.name] for field in fields(cls) if field.name not in nested}, **nested
        )


def _both(name: str, text: Text) -> dict[str, str]:
    return {name: text.en, f"{name}_zh": text.zh}


def _limits_to_json(limits: Limits | None, rule: Rule) -> dict[str, float | None]:
    """The upper limit comes first: a regret is contradicted above it, an effect or a share supported."""
    if limits is None:
        return {}
    found = asdict(limits)
    first, second = ("contradicted", "supported") if rule == "regret" else ("supported", "contradicted")
    return {key: found[key] for key in (first, second, "problems")}


def _limits_from_json(values: Mapping[str, Any]) -> Limits | None:
    return Limits(**values) if values else None


def _group_to_json(group: GroupRecord, rule: Rule) -> dict[str, Any]:
    return {
        "name": group.name.en,
        "effect": group.effect,
        "ci_low": group.ci_low,
        "ci_high": group.ci_high,
        "n": group.n,
        "verdict": group.verdict,
        "limits": _limits_to_json(group.limits, rule),
        "name_zh": group.name.zh,
    }


def _group_from_json(values: Mapping[str, Any]) -> GroupRecord:
    rest = {key: value for key, value in values.items() if key not in ("name", "name_zh", "limits")}
    return GroupRecord(
        name=Text(values["name"], values["name_zh"]), limits=_limits_from_json(values["limits"]), **rest
    )
