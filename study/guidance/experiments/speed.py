"""Claims about epochs to a target: does momentum pay, is β = 0.9 near the best, is a larger β conservative."""

from functools import cache

import numpy as np

from study.descent import closed_form as exact
from study.descent.curves import Spectrum
from study.descent.theory import convergence_rate, optimal_beta_eta, stability_limit
from study.figures.panel import Panel, Series
from study.guidance.claim import Budget, Measurement, Unit
from study.guidance.lab.arms import (
    GRID,
    LOOSE,
    MISS,
    TARGET,
    Arm,
    Runs,
    fitted_gap,
    log_ratio,
    setting,
    tune,
)
from study.guidance.lab.quadratics import CELLS_ON, quadratics, seeds
from study.guidance.lab.summaries import (
    apart,
    by_group,
    by_problem,
    cut,
    kappa,
    points,
    real_and_ladder,
    separator,
)

PAYS = (1 + np.sqrt(0.9)) / (1 - np.sqrt(0.9))
"""κ = 38: where the best rate of plain gradient descent, (κ − 1)/(κ + 1), is √0.9, the best β = 0.9 can do."""

BETAS = 1 - np.geomspace(1, 1e-4, 25)
STEP = 1e4 ** (1 / 24)
COARSE = 4
"""β is first searched on every fourth η of the grid."""

FAR = 10_000
"""κ from which every problem is asked what β = 0.9 costs; of the many below, outside the band, some are."""

SHARP = (0.1, 1.0, 10.0)
"""ηL at which a larger β is tried."""

LINE = np.geomspace(1.5, 1e6, 120)
"""κ at which theory's lines are computed."""

EVEN = Series("no difference", LINE[[0, -1]], np.ones(2), "reference")


def converges_faster(budget: Budget) -> Measurement:
    """Epochs to the target, β = 0.9 against 0, each at its best η of one grid.

    Shown: the same for the loose target, both at the η that is best without momentum, and β tuned with η.
    """
    side = separator("converges-faster").side
    units, runs, checks = [], Runs(), []
    for repeat, seed in enumerate(seeds(budget)):
        for problem in quadratics(seed):
            spectrum = problem.spectrum
            plain, advised = (tune(spectrum, [beta], TARGET) for beta in (0.0, 0.9))
            plain_loose, advised_loose = (tune(spectrum, [beta], LOOSE) for beta in (0.0, 0.9))
            same_eta = setting(spectrum, 0.9, plain.eta)
            tuned = tune(spectrum, BETAS[::3], TARGET, GRID[::COARSE])
            arms = {
                "beta_0": plain.cost,
                "beta_0.9": advised.cost,
                "beta_0_loose": plain_loose.cost,
                "beta_0.9_loose": advised_loose.cost,
                "beta_0.9_same_eta": same_eta.cost,
                # The larger arm holds both smaller ones, so it is given what they found.
                "beta_tuned": min(tuned.cost, plain.cost, advised.cost),
            }
            effect = log_ratio(plain.cost, advised.cost)
            units.append(Unit(problem.name, repeat, effect, problem.condition, side(problem.condition), arms))
            runs.add(problem.name, spectrum, {"beta_0": plain, "beta_0.9": advised})
            if repeat == 0:
                checks += [(problem, plain), (problem, advised)]

    def gain(arm: str, of: str = "beta_0"):
        return lambda unit: log_ratio(unit.arms[of], unit.arms[arm])

    theory = np.array([_gain(k) for k in LINE])
    arrived = [unit for unit in units if max(unit.arms["beta_0"], unit.arms["beta_0.9"]) < MISS]
    axes = "condition number κ", "epochs of β = 0 over epochs of β = 0.9"
    line = Series("theory: ratio of the best rates", LINE, theory, "theory")
    bound = Series(f"cut, κ = {PAYS:.0f}", np.full(2, PAYS), np.array([0.1, 100.0]), "reference")
    panels = [
        Panel(title, *axes, [line, *real_and_ladder(units, value), EVEN, bound], x_log=True, y_log=True)
        for title, value in (
            ("How many times sooner the excess stays below 10⁻⁶ of its start", gain("beta_0.9")),
            ("The same for the loose target, 10⁻²", gain("beta_0.9_loose", "beta_0_loose")),
        )
    ]
    shown = {
        "epochs_allowed": exact.EPOCHS,
        "loose_target": by_group(units, gain("beta_0.9_loose", "beta_0_loose")),
        "same_eta": by_group(units, gain("beta_0.9_same_eta")),
        "beta_tuned": by_group(units, gain("beta_tuned")),
        "misses": {arm: sum(unit.arms[arm] >= MISS for unit in units) for arm in ("beta_0", "beta_0.9")},
        "estimator": fitted_gap(checks),
    }
    gap = apart([np.exp(u.effect) for u in arrived], _along(LINE, theory, [kappa(u) for u in arrived]))
    return Measurement(units, runs.curves(), panels, shown, gap, exact=True)


def beta_near(budget: Budget) -> Measurement:
    """Regret of β = 0.9 at its best η, against the best pair of the exact surface.

    The effect is the regret, ln(epochs of β = 0.9 / epochs of the best pair): 0 favours the claim.
    """
    side, inside = separator("beta-near-0.9").side, separator("beta-near-0.9").groups[0]
    units, runs, checks = [], Runs(), []
    for repeat, seed in enumerate(seeds(budget)):
        for problem in quadratics(seed):
            group = side(problem.condition)
            if group != inside and problem.condition < FAR and not problem.name.startswith(CELLS_ON):
                continue
            spectrum = problem.spectrum
            advised = tune(spectrum, [0.9], TARGET)
            best = min(advised, _best_pair(spectrum), key=lambda arm: arm.epochs)
            star_beta, star_eta = optimal_beta_eta(spectrum.eigenvalues[0], spectrum.L)
            arms = {
                "beta_0.9": advised.cost,
                "beta_best": best.cost,
                "best_beta": best.beta,
                "best_eta_L": best.eta * spectrum.L,
                "beta_star": star_beta,
                "eta_star_L": star_eta * spectrum.L,
            }
            effect = log_ratio(advised.cost, best.cost)
            units.append(Unit(problem.name, repeat, effect, problem.condition, group, arms))
            runs.add(problem.name, spectrum, {"beta_0.9": advised, "beta_best": best})
            if repeat == 0:
                checks.append((problem, best))

    def slowness(unit: Unit) -> float:
        return float(np.log(1 - unit.arms["best_beta"]))

    star = np.array([optimal_beta_eta(1.0, k)[0] for k in LINE])
    regret = [np.log(s) / 2 / np.log(_best_rate(0.9, k)) for s, k in zip(star, LINE, strict=True)]
    panels = [
        Panel(
            "What β = 0.9 costs at its best η",
            "condition number κ",
            "epochs of β = 0.9 over epochs of the best pair",
            [
                Series("theory: ratio of the rates", LINE, np.array(regret), "theory"),
                *real_and_ladder(units, lambda unit: unit.effect),
                Series("10 % more epochs", LINE[[0, -1]], np.full(2, 1.1), "reference"),
            ],
            x_log=True,
            y_log=True,
        ),
        Panel(
            "Where the best β lies",
            "condition number κ",
            "1 − β of the fastest pair",
            [
                Series("theory: 1 − β*", LINE, 1 - star, "theory"),
                *real_and_ladder(units, slowness),
                Series("β = 0.9", LINE[[0, -1]], np.full(2, 0.1), "reference"),
            ],
            x_log=True,
            y_log=True,
        ),
    ]
    shown = {
        "regret": by_group(units, lambda unit: unit.effect),
        "best_beta": by_problem(units, lambda unit: unit.arms["best_beta"]),
        "median relative gap of the best η to η*": apart(
            *zip(*((u.arms["best_eta_L"], u.arms["eta_star_L"]) for u in units), strict=True)
        ),
        "estimator": fitted_gap(checks),
    }
    gap = apart(*zip(*((1 - u.arms["best_beta"], 1 - u.arms["beta_star"]) for u in units), strict=True))
    return Measurement(units, runs.curves(), panels, shown, gap, exact=True)


def large_beta_conservative(budget: Budget) -> Measurement:
    """Epochs of β = 0.999 over those of β = 0.9 at the same η; shown, heavy ball at the same α."""
    side = separator("large-beta-conservative").side
    units, runs, checks = [], Runs(), []
    for repeat, seed in enumerate(seeds(budget)):
        for problem in quadratics(seed):
            if not problem.name.startswith(CELLS_ON):
                continue
            spectrum = problem.spectrum
            for sharp in SHARP:
                name, eta = f"{problem.name}, ηL = {sharp:g}", sharp / spectrum.L
                small, large = setting(spectrum, 0.9, eta), setting(spectrum, 0.999, eta)
                # Heavy ball's α is η(1 − β) of the note's form.
                heavy = [setting(spectrum, beta, eta / (1 - beta)).cost for beta in (0.9, 0.999)]
                arms = {
                    "beta_0.9": small.cost,
                    "beta_0.999": large.cost,
                    "heavy_ball_0.9": heavy[0],
                    "heavy_ball_0.999": heavy[1],
                    "kappa": problem.condition,
                }
                effect = log_ratio(large.cost, small.cost)
                units.append(Unit(name, repeat, effect, sharp, side(sharp), arms))
                runs.add(name, spectrum, {"beta_0.9": small, "beta_0.999": large})
                if repeat == 0:
                    checks.append((problem, small))

    def heavy_ball(unit: Unit) -> float:
        return log_ratio(unit.arms["heavy_ball_0.999"], unit.arms["heavy_ball_0.9"])

    lines = {sharp: np.array([_fixed_eta(k, sharp, sharp) for k in LINE]) for sharp in SHARP}
    heavy_lines = {
        sharp: np.array([_fixed_eta(k, sharp / (1 - 0.9), sharp / (1 - 0.999)) for k in LINE])
        for sharp in SHARP
        if sharp < stability_limit(0.9, 1.0, "heavy_ball")
    }
    cells = {sharp: [unit for unit in units if unit.separator == sharp] for sharp in SHARP}
    axes = "condition number κ", "epochs of β = 0.999 over epochs of β = 0.9"
    theory, heavy_theory = (
        [Series(f"theory, {name} = {s:g}", LINE, y, "theory", f"ηL = {s:g}") for s, y in drawn.items()]
        for name, drawn in (("ηL", lines), ("αL", heavy_lines))
    )
    ema = [points(f"ηL = {sharp:g}", cell, lambda unit: unit.effect) for sharp, cell in cells.items()]
    balls = [points(f"αL = {s:g}", cell, heavy_ball, group=f"ηL = {s:g}") for s, cell in cells.items()]
    panels = [
        Panel("The note's form, at the same η", *axes, [*theory, *ema, EVEN], x_log=True, y_log=True),
        Panel("Heavy ball, at the same α", *axes, [*heavy_theory, *balls, EVEN], x_log=True, y_log=True),
    ]
    arrived = [unit for unit in units if max(unit.arms["beta_0.9"], unit.arms["beta_0.999"]) < MISS]
    gap = apart(
        [np.exp(unit.effect) for unit in arrived],
        [_along(LINE, lines[cut(unit)], kappa(unit)) for unit in arrived],
    )
    shown = {"heavy_ball": by_group(units, heavy_ball), "estimator": fitted_gap(checks)}
    return Measurement(units, runs.curves(), panels, shown, gap, exact=True)


def _best_pair(spectrum: Spectrum) -> Arm:
    """The pair that arrives first: every β on a part of the grid, then all of it for the β near the best."""
    coarse = tune(spectrum, BETAS, TARGET, GRID[::COARSE])
    near = 1 - np.clip((1 - coarse.beta) * STEP ** np.linspace(-1, 1, 9), 1 - BETAS[-1], 1)
    return min(coarse, tune(spectrum, near, TARGET, budget=coarse.epochs), key=lambda arm: arm.epochs)


@cache
def _best_rate(beta: float, condition: float) -> float:
    """The least that an epoch can leave of the worst error, over η, where curvatures are 1 and κ."""
    etas = np.geomspace(0.01, 2 * (1 + beta) / (1 - beta), 2000) / condition
    return float(convergence_rate(np.full(len(etas), beta), etas, [1.0, condition]).min())


def _gain(condition: float) -> float:
    """In the long run, the epochs of β = 0 over those of β = 0.9."""
    return np.log(_best_rate(0.9, condition)) / np.log(_best_rate(0.0, condition))


def _fixed_eta(condition: float, sharp: float, sharp_large: float) -> float:
    """In the long run, the epochs of β = 0.999 at its ηL over those of β = 0.9 at its own."""
    etas = np.array([sharp, sharp_large]) / condition
    small, large = np.log(convergence_rate([0.9, 0.999], etas, [1.0, condition]))
    return float(small / large)


def _along(line, values, condition):
    """Read a theory's line at some κ."""
    return np.interp(np.log(condition), np.log(line), values)
