"""Measurements with planted effects, drawn without a fit. They say nothing of the claims."""

import json
import math

import numpy as np

from study.figures.panel import Panel, Series
from study.guidance import grading
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.claims import find
from study.provenance import derive_seed
from study.verdict import ClaimRecord

BY_ID = find()

PROBLEMS = 12
HOSTILE = "<script>alert('x')</script> | & `κ` *b* [a](b)"


def measure(claim_id, budget):
    """A fake of any claim. Over all claims every verdict occurs."""
    claim = BY_ID[claim_id]
    draw = np.random.default_rng(derive_seed(budget.seed, claim_id))
    kind = derive_seed(1, claim_id) % 4
    means = {0: [0.4, 0.4], 1: [0.0, 0.0], 2: [0.5, -0.4], 3: [0.15, 0.15]}[kind]
    units = [
        Unit(f"problem {p:02}", s, *_placed(claim, p, means[p * 2 // PROBLEMS], draw), arms={})
        for p in range(PROBLEMS)
        for s in range(budget.n_seeds)
    ]
    units = [_with_arms(unit) for unit in units]
    epochs = np.arange(1, 151)
    curves = [
        Curve(f"problem {p:02}", arm, epochs, np.exp(-epochs / (20 + 10 * a)))
        for p in range(PROBLEMS)
        for a, arm in enumerate(("advice", "alternative"))
    ]
    shown = {"tuned β": {"median": 0.31, "most": 0.97}, "heavy ball": 1.25, "cells": [1, 2, 3]}
    return Measurement(units, curves, _panels(draw), shown, theory_gap=0.0213, exact=kind == 0)


def records(measure=measure):
    """Every claim's record, as it comes back from guidance.json."""
    budget = Budget("quick", 0, 3)
    graded = [grading.grade_claim(claim, budget, measure(claim.id, budget))[0] for claim in BY_ID.values()]
    saved = json.dumps([grading.make_record(claim).to_json() for claim in graded])
    return [ClaimRecord.from_json(values) for values in json.loads(saved)]


def measurement(problems, arms):
    """Problems with three seeds and the same effect, and a curve for every arm."""
    units = [Unit(f"p{p}", s, 0.1, arms=dict.fromkeys(arms, 1.0)) for p in range(problems) for s in range(3)]
    curves = [Curve(f"p{p}", arm, range(300), range(300)) for p in range(problems) for arm in arms]
    return Measurement(units, curves)


def failing(claim_id, budget):
    """One claim's experiment fails, the others are measured."""
    if claim_id == "l2-helps":
        raise ZeroDivisionError("no α was left")
    return measure(claim_id, budget)


def interrupted(claim_id, budget):
    """Ctrl-C while the second claim is measured."""
    if claim_id == "smooths-oscillation":
        raise KeyboardInterrupt
    return measure(claim_id, budget)


def killed(claim_id, budget):
    """The process that measures one claim is killed."""
    if claim_id == "l2-helps":
        import os

        os._exit(9)
    return measure(claim_id, budget)


def hostile(claim_id, budget):
    """Data whose names are markup."""
    found = measure(claim_id, budget)
    units = [
        Unit(f"{HOSTILE} {u.problem}", u.seed, u.effect, u.separator, u.group, {HOSTILE: 1.0})
        for u in found.units
    ]
    return Measurement(units, (), found.panels, {HOSTILE: HOSTILE}, found.theory_gap)


def _placed(claim, p, mean, draw):
    """A unit's effect, separator and group."""
    effect = mean + 0.05 * draw.normal()
    if claim.rule == "share":
        effect = float(effect > 0.2)
    elif claim.rule == "regret":
        effect = abs(effect)
    if claim.separator is None:
        return effect, None, None
    first = p < PROBLEMS // 2
    if claim.separator.inside is None:
        return effect, claim.separator.groups[0 if first else 1], None
    low, high = claim.separator.inside
    inside = high if low == -math.inf else (low + high) / 2
    return effect, inside if first else high + 1, "in" if first else "out"


def _with_arms(unit):
    arms = {"advice": 100.0, "alternative": 100.0 * math.exp(unit.effect)}
    return Unit(unit.problem, unit.seed, unit.effect, unit.separator, unit.group, arms)


def _panels(draw):
    kappa = np.geomspace(1, 1e6, 40)
    beta = ((np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)) ** 2
    noisy = np.clip(beta + 0.03 * draw.normal(size=40), 0, 1)
    epochs = np.arange(1, 101)
    return [
        Panel(
            "Best β by condition number",
            "κ",
            "β",
            [
                Series("β* = ((√κ − 1)/(√κ + 1))²", kappa, beta, "theory"),
                Series("best on the grid", kappa[:20], noisy[:20], "measured", "κ ≤ 38"),
                Series("best on the grid, κ > 38", kappa[20:], noisy[20:], "measured", "κ > 38"),
                Series("0.9", kappa, np.full(40, 0.9), "reference"),
            ],
            x_log=True,
        ),
        Panel(
            "Excess by epoch",
            "epoch",
            "excess / start",
            [
                Series("β = 0.9", epochs, 0.9**epochs, "measured", "β = 0.9"),
                Series("β = 0.9, formula", epochs, 0.9**epochs, "theory", "β = 0.9"),
                Series("β = 0", epochs, 0.97**epochs, "measured", "β = 0"),
                Series("β = 0, formula", epochs, 0.97**epochs, "theory", "β = 0"),
            ],
            y_log=True,
        ),
    ]
