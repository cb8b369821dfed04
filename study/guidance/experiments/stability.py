"""Where divergence starts: fits of the estimator, bisected, against 2(1 + β)/((1 − β)L) (GUIDANCE §3)."""

import numpy as np

from study import DivergenceError, MomentumRegressor
from study.config import Search
from study.descent import closed_form as exact
from study.descent.theory import stability_limit
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Curve, Measurement, Unit
from study.guidance.lab.quadratics import Quadratic, quadratics, seeds
from study.guidance.lab.summaries import apart, by_problem, real_and_ladder

EPOCHS = 200
"""Epochs of a fit that is asked whether it diverges."""

PRECISION = 1.005
"""Bisection ends when a rate that diverges is so many times one that does not."""

NOTE_ETA = 0.1
"""The note's η, with its β = 0.9."""

NEAR = (0.97, 1.03)
"""The curves: so far from the limit, on either side."""


def large_eta_unstable(budget: Budget) -> Measurement:
    """Whether the η that people search, up to the top of a study's default range, reaches divergence.

    A cell is a problem at β = 0.9; it occurs there if fits of the estimator begin to diverge at an η within
    the range. Shown: how many times larger an η momentum allows ("更加稳定"), in the note's form and as
    heavy ball, and whether the note's own η diverges.
    """
    top = Search().eta.high
    units: list[Unit] = []
    runs: dict[tuple[str, str], list[tuple[Quadratic, float]]] = {}
    for repeat, seed in enumerate(seeds(budget)):
        # Every third problem, tables and ladder alike: each costs some twenty fits.
        for problem in quadratics(seed)[::3]:
            found = {beta: first_divergence(problem, beta) for beta in (0.0, 0.9)}
            limit = {beta: stability_limit(beta, problem.spectrum.L) for beta in found}
            arms = {
                "kappa": problem.condition,
                "limit_beta_0.9": found[0.9],
                "limit_beta_0": found[0.0],
                "theory_beta_0.9": limit[0.9],
                "theory_beta_0": limit[0.0],
            }
            units.append(Unit(problem.name, repeat, float(found[0.9] <= top), arms=arms))
            for share in NEAR:
                runs.setdefault((problem.name, f"eta_{share:g}_of_limit"), []).append(
                    (problem, share * limit[0.9])
                )

    def mean(arm: str) -> np.ndarray:
        return np.exp(list(by_problem(units, lambda unit: float(np.log(unit.arms[arm]))).values()))

    def gain(unit: Unit) -> float:
        return float(np.log(unit.arms["limit_beta_0.9"] / unit.arms["limit_beta_0"]))

    measured = {beta: mean(f"limit_beta_{beta:g}") for beta in (0.0, 0.9)}
    theory = {beta: mean(f"theory_beta_{beta:g}") for beta in (0.0, 0.9)}
    ends = np.array([min(theory[0.0]) / 2, max(theory[0.9]) * 2])
    kappas = np.array([min(u.arms["kappa"] for u in units), max(u.arms["kappa"] for u in units)])
    # At the same α = η(1 − β) heavy ball makes the same iterates, so its limit is α's.
    times = stability_limit(0.9, 1.0) / stability_limit(0.0, 1.0)
    panels = [
        Panel(
            "Where fits begin to diverge",
            "theory: 2(1 + β)/((1 − β)L)",
            "least η at which a fit diverges",
            [
                Series("theory", ends, ends, "theory"),
                *(
                    Series(f"β = {beta:g}", theory[beta], measured[beta], "measured", f"β = {beta:g}")
                    for beta in (0.0, 0.9)
                ),
                Series("top of a study's range of η", ends, np.full(2, top), "reference"),
                Series("the note's η", ends, np.full(2, NOTE_ETA), "reference"),
            ],
            x_log=True,
            y_log=True,
        ),
        Panel(
            "How many times larger an η is stable with β = 0.9 than without",
            "condition number κ",
            "largest stable η of β = 0.9 over that of β = 0",
            [
                Series("theory, the note's form", kappas, np.full(2, times), "theory"),
                *real_and_ladder(units, gain),
                Series("heavy ball, at the same α", kappas, np.full(2, 0.1 * times), "reference"),
            ],
            x_log=True,
            y_log=True,
        ),
    ]
    ratio = float(np.exp(np.mean([gain(unit) for unit in units])))
    shown = {
        "eta_searched_up_to": top,
        "more_stable_times": ratio,
        "more_stable_times_heavy_ball": ratio * (1 - 0.9),
        "least_limit_beta_0.9": min(unit.arms["limit_beta_0.9"] for unit in units),
        "least_limit_beta_0": min(unit.arms["limit_beta_0"] for unit in units),
        "share_where_note_diverges": float(
            np.mean([unit.arms["limit_beta_0.9"] <= NOTE_ETA for unit in units])
        ),
        "gap_by_beta": {f"{beta:g}": apart(measured[beta], theory[beta]) for beta in measured},
    }
    gap = apart(np.concatenate(list(measured.values())), np.concatenate(list(theory.values())))
    return Measurement(units, [_curve(*key, near) for key, near in runs.items()], panels, shown, gap)


def first_divergence(problem: Quadratic, beta: float) -> float:
    """The least η, to half a percent, at which a fit raises DivergenceError, by bisection."""
    low, high = 0.2 / problem.spectrum.L, 200 / problem.spectrum.L
    while high / low > PRECISION:
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if diverges(problem, beta, middle) else (middle, high)
    return float(np.sqrt(low * high))


def diverges(problem: Quadratic, beta: float, eta: float) -> bool:
    """Whether a fit from the problem's start ends above it, or not at all."""
    model = MomentumRegressor(eta, beta, max_iter=EPOCHS, tol=None)
    try:
        model.fit_moments(problem.loss, coef_init=problem.start[:-1], intercept_init=problem.start[-1])
    except DivergenceError:
        return True
    return False


def _curve(problem: str, arm: str, found: list[tuple[Quadratic, float]]) -> Curve:
    x = np.unique(np.linspace(0, EPOCHS, 100).round().astype(int))
    left = np.mean([exact.excess(quadratic.spectrum, 0.9, eta, x) for quadratic, eta in found], axis=0)
    return Curve(problem, arm, x, np.clip(left, 1e-12, 1e12))
