"""Claims about oscillation, counted on paths of the estimator's own rule, with theory's boundary beside them.

Along a direction of curvature λ the update reverses again and again where the roots of ρ² − 2pρ + β,
2p = 1 + β − η(1 − β)λ, are complex, ρ = √β e^{±iφ}: ηλ > (1 − √β)/(1 + √β). A share φ/π of the updates reverses.
Above (1 + √β)/(1 − √β) a root is negative and every one does (GUIDANCE §3; Goh 2017).
"""

import numpy as np

from study.descent import closed_form as exact
from study.descent.rules import momentum
from study.descent.theory import stability_limit
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.lab.paths import Path, follow
from study.guidance.lab.quadratics import CELLS_ON, Quadratic, quadratics, seeds
from study.guidance.lab.summaries import apart, arm, by_group, by_problem, cut, separator

CELLS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.1, 1.25, 1.4, 1.55, 1.7, 1.9)
"""ηL at which the share of reversals is compared, six on each side of 1."""

BEYOND = (2.5, 5.0, 10.0, 20.0, 35.0)
"""ηL where descent without momentum diverges: shown, for β = 0.9 alone."""

DRAWN = 1.7
"""ηL of the example in the picture."""

PLANE_BETAS = (0.0, 0.5, 0.9, 0.99, 0.999)
PLANE_SHARP = (0.01, 0.03, 0.1, 0.3, 0.9, 1.8, 3.5, 10.0, 30.0)
"""ηL of the plane's cells; those that are stable are graded."""

BOUNDARY_BETAS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)

NOTHING, LONGEST_LINE = 1e-15, 10_000
"""Error below which a single direction is no longer followed, and epochs: just above the boundary, the first reversal
is late. A direction with complex roots shrinks by √β an epoch and is there by then for every β of the boundary."""

POINTS = 100

Paths = dict[tuple[str, str], list[Path]]


def smooths_oscillation(budget: Budget) -> Measurement:
    """Share of the updates that reverse along the sharpest direction, β = 0 less β = 0.9, at the same η.

    Updates count until the direction's excess stays below 1e-6 of its start. Shown: the share of updates
    that raise the loss, and ηL > 2, where descent without momentum diverges.
    """
    side = separator("smooths-oscillation").side
    units: list[Unit] = []
    paths: Paths = {}
    beyond: dict[float, list[dict[str, float]]] = {}
    for repeat, seed in enumerate(seeds(budget)):
        real, ladder = _sampled(seed)
        for place, sharp in enumerate(CELLS):
            for problem in (real[place % len(real)], ladder[place % len(ladder)]):
                name, eta = f"{problem.name}, ηL = {sharp:g}", sharp / problem.spectrum.L
                plain, advised = follow(problem, 0.0, eta), follow(problem, 0.9, eta)
                arms = {
                    "beta_0": float(plain.reversals.mean()),
                    "beta_0.9": float(advised.reversals.mean()),
                    "beta_0_loss_rises": float(plain.rises.mean()),
                    "beta_0.9_loss_rises": float(advised.rises.mean()),
                }
                units.append(Unit(name, repeat, arms["beta_0"] - arms["beta_0.9"], sharp, side(sharp), arms))
                paths.setdefault((name, "beta_0"), []).append(plain)
                paths.setdefault((name, "beta_0.9"), []).append(advised)
        for place, sharp in enumerate(BEYOND):
            problem = (*real, *ladder)[place % (len(real) + len(ladder))]
            plain, advised = (follow(problem, beta, sharp / problem.spectrum.L) for beta in (0.0, 0.9))
            found = {
                "reversals": advised.reversals.mean(),
                "loss_rises": advised.rises.mean(),
                "diverges": advised.excess[-1] > 1,
                "beta_0_diverges": plain.excess[-1] > 1,
            }
            beyond.setdefault(sharp, []).append(found)
    above = {
        sharp: {name: float(np.mean([one[name] for one in found])) for name in found[0]}
        for sharp, found in beyond.items()
    }
    sharps = np.array(list(by_problem(units, cut).values()))
    shares = [np.array(list(by_problem(units, arm(name)).values())) for name in ("beta_0", "beta_0.9")]
    line = np.geomspace(0.03, 37, 300)
    stable = line[line < stability_limit(0.0, 1.0)]
    reversals = np.array([found["reversals"] for found in above.values()])
    panels = [
        Panel(
            "Updates that reverse along the sharpest direction",
            "η times the largest curvature, ηL",
            "share of the updates",
            [
                Series("theory, β = 0", stable, _reversing(0.0, stable), "theory", "β = 0"),
                Series("theory, β = 0.9", line, _reversing(0.9, line), "theory", "β = 0.9"),
                Series("β = 0", sharps, shares[0], "measured", "β = 0"),
                Series("β = 0.9", sharps, shares[1], "measured", "β = 0.9"),
                Series("β = 0.9, where β = 0 diverges", np.array(BEYOND), reversals, "measured", "beyond"),
                Series("cut, ηL = 1", np.ones(2), np.array([0.0, 1.0]), "reference"),
            ],
            x_log=True,
        ),
        Panel(
            f"The error along the sharpest direction at ηL = {DRAWN:g}",
            "epoch",
            "error, as a share of its start",
            [*_example(0.0, paths), *_example(0.9, paths)],
        ),
    ]
    shown = {
        "loss_rises_beta_0": by_group(units, arm("beta_0_loss_rises")),
        "loss_rises_beta_0.9": by_group(units, arm("beta_0.9_loss_rises")),
        "beta_0.9_beyond": {f"ηL = {sharp:g}": found for sharp, found in above.items()},
    }
    gap = apart(shares[1], _reversing(0.9, sharps))
    return Measurement(units, _curves(paths), panels, shown, gap)


def can_oscillate(budget: Budget) -> Measurement:
    """Cells of the stable (β, ηL) plane, and whether any update reverses along the sharpest direction.

    Each cell has a problem of its own, on which the seeds vary. Shown: cells in which the loss rises, and
    in which an update as a whole points against the one before it.
    """
    cells = [(b, s) for b in PLANE_BETAS for s in PLANE_SHARP if s < stability_limit(b, 1.0)]
    units: list[Unit] = []
    paths: Paths = {}
    for repeat, seed in enumerate(seeds(budget)):
        real, ladder = _sampled(seed)
        problems = (*real, *ladder)
        for place, (beta, sharp) in enumerate(cells):
            problem = problems[place % len(problems)]
            name = f"β = {beta:g}, ηL = {sharp:g} on {problem.name}"
            path = follow(problem, beta, sharp / problem.spectrum.L)
            arms = {
                "beta": beta,
                "eta_L": sharp,
                "share_reversed": float(path.reversals.mean()),
                "share_turned": float(path.turns.mean()),
                "share_rising": float(path.rises.mean()),
                "theory": float(sharp > oscillation_boundary(beta)),
            }
            units.append(Unit(name, repeat, float(path.reversals.any()), arms=arms))
            paths.setdefault((name, "path"), []).append(path)
    slowness = np.geomspace(1 - PLANE_BETAS[-1], 1, 200)
    lines = [
        Series("theory: updates reverse above", slowness, oscillation_boundary(1 - slowness), "theory"),
        Series("theory: diverges above", slowness, stability_limit(1 - slowness, 1.0), "theory"),
    ]
    found = np.array([_measured_boundary(beta) for beta in BOUNDARY_BETAS])
    bisected = Series("where reversals begin, by bisection", 1 - np.array(BOUNDARY_BETAS), found, "measured")
    panels = [
        Panel(title, "1 − β", "η times the largest curvature, ηL", series, x_log=True, y_log=True)
        for title, series in (
            (
                "Cells whose updates reverse along the sharpest direction",
                [*lines, *_cells(units, "share_reversed", "reverses", "does not"), bisected],
            ),
            (
                "Cells in which the loss rises",
                [*lines, *_cells(units, "share_rising", "loss rises", "loss never rises")],
            ),
        )
    ]

    def occurs(name: str) -> float:
        return float(np.mean([share > 0 for share in by_problem(units, arm(name)).values()]))

    shown = {
        "cells": len(cells),
        "share_where_loss_rises": occurs("share_rising"),
        "share_where_update_turns": occurs("share_turned"),
        "share_by_theory": float(np.mean([sharp > oscillation_boundary(beta) for beta, sharp in cells])),
        "cells_against_theory": sum(unit.effect != unit.arms["theory"] for unit in units if unit.seed == 0),
        "share_by_beta": {
            f"{beta:g}": float(np.mean([unit.effect for unit in units if unit.arms["beta"] == beta]))
            for beta in PLANE_BETAS
        },
        "share_by_eta_L": {
            f"{sharp:g}": float(np.mean([unit.effect for unit in units if unit.arms["eta_L"] == sharp]))
            for sharp in PLANE_SHARP
        },
    }
    gap = apart(found, [oscillation_boundary(beta) for beta in BOUNDARY_BETAS])
    return Measurement(units, _curves(paths), panels, shown, gap)


def oscillation_boundary(beta):
    """ηλ above which a direction oscillates, (1 − √β)/(1 + √β)."""
    return (1 - np.sqrt(beta)) / (1 + np.sqrt(beta))


def _sampled(seed: int) -> tuple[list[Quadratic], list[Quadratic]]:
    """The bundled tables and the ladder's steps that cells are measured on."""
    chosen = [problem for problem in quadratics(seed) if problem.name.startswith(CELLS_ON)]
    ladder = [problem for problem in chosen if problem.name.startswith("κ")]
    return [problem for problem in chosen if problem not in ladder], ladder


def _reversing(beta: float, sharp: np.ndarray) -> np.ndarray:
    """Share φ/π of the updates that reverse, in the long run."""
    larger = exact.roots(np.full(len(sharp), beta), sharp, np.ones(1))[0][:, 0]
    return np.abs(np.angle(larger)) / np.pi


def _error(beta: float, sharp: float, epochs: np.ndarray) -> np.ndarray:
    """The error along a direction, as a share of its start."""
    larger, smaller = exact.roots(np.full(len(epochs), beta), np.full(len(epochs), sharp), np.ones(1))
    return exact.errors(larger, smaller, epochs)[:, 0]


def _measured_boundary(beta: float) -> float:
    """The least ηλ at which the rule, in one direction, reverses before its excess is 1e-30, by bisection."""
    low, high = 1e-4, 1.5
    while high / low > 1.001:
        middle = np.sqrt(low * high)
        low, high = (low, middle) if _reverses(beta, middle) else (middle, high)
    return float(np.sqrt(low * high))


def _reverses(beta: float, sharp: float) -> bool:
    w, v = 1.0, 0.0
    last = None
    for _ in range(LONGEST_LINE):
        w, v, _ = momentum(w, v, None, w, 1, sharp, beta, None, None)
        if last is not None and v * last < 0:
            return True
        if max(abs(w), abs(sharp * v)) < NOTHING:
            return False
        last = v
    return False


def _curves(paths: Paths) -> list[Curve]:
    """Mean excess over the seeds, to the end of the shortest path."""
    curves = []
    for key, found in paths.items():
        last = min(len(path.excess) for path in found) - 1
        x = np.unique(np.linspace(0, last, POINTS).round().astype(int))
        curves.append(Curve(*key, x, np.maximum(np.mean([path.excess[x] for path in found], axis=0), 1e-12)))
    return curves


def _example(beta: float, paths: Paths) -> list[Series]:
    """Theory's and a path's error at the ηL that is drawn."""
    path = next(
        found[0]
        for (problem, run), found in paths.items()
        if problem.endswith(f"ηL = {DRAWN:g}") and run == f"beta_{beta:g}"
    )
    label, epochs = f"β = {beta:g}", np.arange(61)
    error = path.error[: len(epochs)]
    return [
        Series(f"theory, {label}", epochs, _error(beta, DRAWN, epochs), "theory", label),
        Series(label, np.arange(len(error)), error, "measured", label),
    ]


def _cells(units: list[Unit], name: str, yes: str, no: str) -> list[Series]:
    """The plane's cells in two groups: where an arm is above 0 and where it is not."""
    means = by_problem(units, arm(name))
    places = {unit.problem: (1 - unit.arms["beta"], unit.arms["eta_L"]) for unit in units}
    series = []
    for label, occurs in ((yes, True), (no, False)):
        chosen = [places[cell] for cell, mean in means.items() if (mean > 0) == occurs]
        if chosen:
            x, y = np.array(chosen).T
            series.append(Series(label, x, y, "measured", label))
    return series
