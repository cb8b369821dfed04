"""From a claim's measurement to its record: units are put into groups, graded and explained."""

import dataclasses
import json
import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from study.guidance import verdicts
from study.guidance.claim import Budget, Claim, Measurement, Separator, Unit
from study.reports import sentences
from study.tracking import values
from study.verdict import (
    ClaimRecord,
    GradedClaim,
    GroupRecord,
    Limits,
    ProblemRecord,
    SeparatorRecord,
    Text,
)

UNMEASURED: dict[str, Any] = {
    "verdict": "inconclusive",
    "reason": "the experiment failed",
    "effect": None,
    "ci_low": None,
    "ci_high": None,
    "n": 0,
    "agreeing": 0,
    "ties": 0,
    "units": 0,
    "groups": (),
    "problems": (),
    "limits": None,
}
"""What a graded claim says where nothing was measured."""


def grade_claim(
    claim: Claim, budget: Budget, found: Measurement | None, error: str | None = None
) -> tuple[GradedClaim, list[Unit]]:
    """Grade one claim.

    Parameters
    ----------
    claim : Claim
    budget : Budget
    found : Measurement or None
        None if the experiment failed.
    error : str, optional
        Why it failed.

    Returns
    -------
    graded : GradedClaim
        Its `error` says why if the measurement is missing or cannot be graded.
    units : list of Unit
        The units with their groups; empty where nothing was graded.
    """
    units: list[Unit] = []
    result = UNMEASURED
    if found is not None:
        try:
            units = with_groups(claim, found.units)
            result = _result(claim, units)
        except ValueError as refused:
            units, error = [], str(refused)
    separator = claim.separator
    graded = GradedClaim(
        id=claim.id,
        claim=claim.claim,
        quote=claim.quote,
        rule=claim.rule,
        kind=claim.kind,
        role=claim.role,
        delta=claim.delta,
        short=claim.short,
        protocol=claim.protocol,
        arms=claim.arms,
        arms_shown=tuple(claim.shown),
        separator=SeparatorRecord(separator.name, _group_names(separator)) if separator else None,
        shown=plain(found.shown) if found else {},
        theory_gap=plain(found.theory_gap) if found else None,
        exact=bool(found and found.exact),
        error=error,
        budget=budget,
        **result,
    )
    return graded, units


def make_record(
    graded: GradedClaim, run_ids: Sequence[str] = (), recorded: Sequence[str] = ()
) -> ClaimRecord:
    """Return the record of a graded claim: with the runs of its arms, and explained in both languages."""
    return ClaimRecord.of(
        graded,
        run_ids=tuple(run_ids),
        recorded=tuple(recorded),
        why=Text(sentences.why(graded, "en"), sentences.why(graded, "zh")),
        change=Text(sentences.change(graded, "en"), sentences.change(graded, "zh")),
    )


def with_groups(claim: Claim, units: Sequence[Unit]) -> list[Unit]:
    """Return the units with the groups that the claim names.

    The separator's value decides the group. If an experiment gave its units groups of its own, these must
    divide the units in the same way.

    Raises
    ------
    ValueError
        If a unit lacks the separator's value, or if the experiment's groups divide the units differently.
    """
    if claim.separator is None:
        return [dataclasses.replace(unit, group=None) for unit in units]
    sides: dict[str, str] = {}
    placed = []
    for unit in units:
        if unit.separator is None:
            raise ValueError(f"{unit.problem}, seed {unit.seed}: it lacks its {claim.separator.name.en}")
        side = claim.separator.side(unit.separator)
        if unit.group is not None and sides.setdefault(unit.group, side) != side:
            raise ValueError(
                f"{unit.problem}, seed {unit.seed}: {claim.separator.name.en} = {unit.separator} is in "
                f"{side!r}, but {unit.group!r} holds units of {sides[unit.group]!r}"
            )
        placed.append(dataclasses.replace(unit, group=side))
    return placed


def plain(value: Any) -> Any:
    """Return what JSON would give back: plain values, None for a number that is not finite."""
    return json.loads(values.to_json(value))


def _result(claim: Claim, units: Sequence[Unit]) -> dict[str, Any]:
    """The verdict on the units and its numbers, as the record holds them."""
    separator = claim.separator
    grade = verdicts.grade(units, claim.rule, claim.delta, separator.groups if separator else ())
    arms = _arm_means(units)
    return {
        "verdict": grade.verdict,
        "reason": grade.reason,
        "effect": _finite(grade.effect),
        "ci_low": _finite(grade.ci_low),
        "ci_high": _finite(grade.ci_high),
        "n": grade.n,
        "agreeing": grade.agreeing,
        "ties": grade.ties,
        "units": grade.units,
        "groups": tuple(
            GroupRecord(
                name=name,
                effect=_finite(group.effect),
                ci_low=_finite(group.ci_low),
                ci_high=_finite(group.ci_high),
                n=group.n,
                verdict=group.verdict,
                limits=group.limits and _finite_limits(group.limits),
            )
            for name, group in zip(_group_names(separator) if separator else (), grade.groups, strict=True)
        ),
        "problems": tuple(
            ProblemRecord(
                problem.name, _finite(problem.effect), problem.seeds, problem.groups, arms[problem.name]
            )
            for problem in grade.problems
        ),
        "limits": _finite_limits(grade.limits),
    }


def _group_names(separator: Separator) -> tuple[Text, Text]:
    (first, second), (first_zh, second_zh) = separator.groups, separator.groups_zh
    return Text(first, first_zh), Text(second, second_zh)


def _finite(value: float | None) -> float | None:
    """A number that JSON can hold."""
    return None if value is None or not math.isfinite(value) else float(value)


def _finite_limits(limits: Limits) -> Limits:
    return Limits(_finite(limits.supported), _finite(limits.contradicted), _finite(limits.problems))


def _arm_means(units: Sequence[Unit]) -> dict[str, dict[str, float | None]]:
    """Each problem's arms, the mean of their raw values over its units."""
    raw: dict[str, dict[str, list[float]]] = {unit.problem: defaultdict(list) for unit in units}
    for unit in units:
        for arm, value in unit.arms.items():
            raw[unit.problem][arm].append(value)
    return {
        problem: {arm: _finite(float(np.mean(found))) for arm, found in arms.items()}
        for problem, arms in raw.items()
    }
