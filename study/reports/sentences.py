"""Sentences made from a claim's numbers, in English and Chinese.

No result is written here: a claim's verdict chooses a sentence of the catalogues, and its numbers are filled in.
"""

import math
from collections.abc import Sequence
from typing import Any

from study.notation import EffectNotation, effect_notation, percent
from study.reports.words import CLAIMS, GUIDANCE, SHARED
from study.verdict import (
    AGREEMENT,
    GROUP_LEVEL,
    MIN_PROBLEMS,
    VERDICTS,
    GradedClaim,
    GroupRecord,
    Lang,
    Limits,
    ProblemRecord,
    Verdict,
)

MANY_TIES = 0.2
"""Ties are mentioned if they are more than this share of a claim's units."""


def effect(claim: GradedClaim, value: float | None, lang: Lang, *, unit: bool = True) -> str:
    """Write an effect of a claim, such as its mean, the end of an interval, or δ.

    Parameters
    ----------
    claim : GradedClaim
    value : float or None
        None where nothing was measured.
    lang : {"en", "zh"}
    unit : bool
        Whether the unit's word follows; the ends of an interval leave it out.
    """
    if value is None or math.isnan(value):
        return GUIDANCE[lang]["not measured"]
    notation = effect_notation(claim.rule, claim.kind)
    return _with_unit(notation, value, lang) if unit else notation.text(value)


def effect_with_interval(claim: GradedClaim, of: GradedClaim | GroupRecord, lang: Lang) -> str:
    """Write the effect of a claim, or of one of its groups, with its interval where it has one."""
    written = effect(claim, of.effect, lang)
    if of.effect is None or of.ci_low is None or of.ci_high is None:
        return written
    low, high = (effect(claim, end, lang, unit=False) for end in (of.ci_low, of.ci_high))
    return GUIDANCE[lang]["interval"].format(effect=written, low=low, high=high)


def problem_effect(claim: GradedClaim, problem: ProblemRecord, lang: Lang) -> str:
    """Write one problem's effect; where the claim is graded by a share, the share of seeds in points."""
    if claim.rule != "share" or problem.effect is None:
        return effect(claim, problem.effect, lang)
    return _with_unit(effect_notation("effect", "share"), problem.effect, lang)


def tally(claims: Sequence[GradedClaim], lang: Lang) -> str:
    """Return how many claims have each verdict, in words."""
    counts = [(sum(claim.verdict == verdict for claim in claims), verdict) for verdict in VERDICTS]
    parts = [f"{count} {GUIDANCE[lang][verdict]}" for count, verdict in counts if count]
    return SHARED[lang]["join counts"].join(parts)


def groups(claim: GradedClaim, lang: Lang) -> str:
    """Return the effects of a claim's groups, in one line."""
    said = CLAIMS[lang]
    return SHARED[lang]["join groups"].join(
        said["group"].format(**_group_numbers(claim, group, lang)) for group in claim.groups
    )


def where(claim: GradedClaim, lang: Lang) -> str:
    """Return for which of its groups a claim holds and for which not; all groups if they do not disagree."""
    sides = {group.verdict: _group_numbers(claim, group, lang) for group in claim.groups}
    if sides.keys() != {"supported", "contradicted"}:
        return groups(claim, lang)
    return CLAIMS[lang]["where"].format(yes=sides["supported"], no=sides["contradicted"])


def why(claim: GradedClaim, lang: Lang) -> str:
    """Return in one sentence why a claim has its verdict."""
    said = CLAIMS[lang]
    if claim.error:
        return said["error"].format(error=claim.error)
    if claim.reason == "too few problems":
        return said["few"].format(n=claim.n, least=MIN_PROBLEMS)
    if claim.verdict == "depends":
        return said["depends"].format(groups=groups(claim, lang), group_level=percent(GROUP_LEVEL))
    if claim.reason == "too few problems agree":
        sentence = "agree"
    else:
        sentence = claim.verdict if claim.rule == "effect" else f"{claim.rule} {claim.verdict}"
    text = said[sentence].format(
        reason=GUIDANCE[lang].get(claim.reason, ""),
        agreement=percent(AGREEMENT),
        **_numbers(claim, claim, lang),
    )
    if claim.rule == "effect" and claim.ties > MANY_TIES * claim.units:
        text += SHARED[lang]["join sentences"] + said["ties"].format(ties=claim.ties, units=claim.units)
    return text


def change(claim: GradedClaim, lang: Lang) -> str:
    """Return what would change a claim's verdict."""
    said = CLAIMS[lang]
    if claim.error:
        return said["measure"]
    if claim.reason == "too few problems":
        return said["more"].format(least=MIN_PROBLEMS)
    if claim.rule == "share":
        return _change_of_share(claim, lang)
    if claim.verdict == "depends":
        return SHARED[lang]["join sentences"].join(
            said["group lines"].format(**_limits(claim, group, lang), **_group_numbers(claim, group, lang))
            for group in claim.groups
        )
    parts = [said["lines"].format(**_limits(claim, claim, lang), **_numbers(claim, claim, lang))]
    too_few_agree = claim.reason == "too few problems agree"
    if claim.verdict == "inconclusive" and not too_few_agree:
        needed = (claim.limits or Limits()).problems
        parts.append(said["unsettled"] if needed is None else said["problems"].format(problems=int(needed)))
    if claim.rule == "effect" and (claim.verdict == "supported" or too_few_agree):
        least = math.ceil(AGREEMENT * claim.n)
        parts.append(said["agreement"].format(least=least, **_numbers(claim, claim, lang)))
    return SHARED[lang]["join sentences"].join(parts)


def _with_unit(notation: EffectNotation, value: float, lang: Lang) -> str:
    """An effect as text, with its unit's word where it has one and the effect is finite."""
    word = GUIDANCE[lang][notation.unit] if notation.unit and math.isfinite(value) else ""
    return notation.text(value) + word


def _change_of_share(claim: GradedClaim, lang: Lang) -> str:
    said = CLAIMS[lang]
    limits = claim.limits or Limits()
    fewest, most = limits.supported, limits.contradicted
    return said["cells"].format(
        first="–" if fewest is None else int(fewest),
        second="" if most is None else said["cells below"].format(second=int(most)),
        **_numbers(claim, claim, lang),
    )


def _numbers(claim: GradedClaim, of: GradedClaim | GroupRecord, lang: Lang) -> dict[str, Any]:
    """The numbers of a claim or of one of its groups, as text."""
    return {
        "effect": effect(claim, of.effect, lang),
        "low": effect(claim, of.ci_low, lang, unit=False),
        "high": effect(claim, of.ci_high, lang, unit=False),
        "n": of.n,
        "delta": effect(claim, claim.delta, lang),
        "agreeing": claim.agreeing,
    }


def _group_numbers(claim: GradedClaim, group: GroupRecord, lang: Lang) -> dict[str, Any]:
    return _numbers(claim, group, lang) | {"name": group.name.in_language(lang)}


def _limits(claim: GradedClaim, of: GradedClaim | GroupRecord, lang: Lang) -> dict[str, str]:
    """The limits of a mean as text, and the verdicts that begin above the first and below the second."""
    above: Verdict = "contradicted" if claim.rule == "regret" else "supported"
    below: Verdict = "supported" if claim.rule == "regret" else "contradicted"
    limits = of.limits or Limits()
    return {
        "one": GUIDANCE[lang][above],
        "first": effect(claim, getattr(limits, above), lang),
        "two": GUIDANCE[lang][below],
        "second": effect(claim, getattr(limits, below), lang),
    }
